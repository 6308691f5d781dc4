import type { LogRecord } from '../../contract/index.ts';
import type { Cluster } from './cluster.ts';
import { committedRecords } from './committed.ts';
import { BrokerError, isRepeatable, kafkaError } from './errors.ts';
import { answerName, type FetchLimits, fetchOnce, type Served } from './fetch.ts';

/** A partition being read: what comes next and where to stop (null: never). */
export type Reading = {
  readonly topic: string;
  readonly partition: number;
  position: bigint;
  readonly end: bigint | null;
  /** Set, it is the topic of this id that is read, and no later one of its name. */
  readonly topicId?: string;
};

/** The partition's log begins later than the reader stands: what it wanted is deleted. Gives the position to go on from. */
export type OnTruncated = (reading: Reading) => Promise<bigint>;

const fetchLimits: FetchLimits = { waitMs: 500, bytesMin: 1, bytesMax: 8 << 20, partitionBytesMax: 2 << 20 };
/** How long a read goes without an answer (a bounded one: without progress, as behind somebody's open transaction) before it fails. */
const standstillMsMax = 120_000;

type Outcome = { readonly node: number; readonly served: readonly Served[]; readonly fault: unknown };

/**
 * Reads partitions without a group: committed records in the order of each partition, until every `end` is reached or `abort`. Beyond an
 * open transaction nothing is read, as with any read_committed reader. One request a broker is under way, so at most one answer a broker
 * is held in memory. Rejects TOPIC_UNKNOWN, LOG_REFUSED, or LOG_UNAVAILABLE after two minutes of standstill.
 */
export async function* readPartitions(
  cluster: Cluster,
  readings: readonly Reading[],
  onTruncated: OnTruncated,
  abort: AbortSignal,
): AsyncGenerator<readonly LogRecord[]> {
  const pool = cluster.newPool(1);
  const arrivals = new Arrivals(abort);
  const underWay = new Set<number>();
  let waiting = readings.filter(isUnfinished);
  let lastGoodMs = performance.now();
  try {
    while (waiting.length > 0 && !abort.aborted) {
      const doing = `read ${waiting[0]!.topic}`;
      for (const [node, parts] of await cluster.call(doing, () => byLeader(cluster, waiting), {
        abort,
        final: ['UNKNOWN_TOPIC_OR_PARTITION'],
      })) {
        if (underWay.has(node)) continue;
        underWay.add(node);
        arrivals.expect(
          node,
          fetchOnce(cluster, () => cluster.connectionTo(pool, node), parts, fetchLimits),
        );
      }
      const outcome = await arrivals.next();
      if (outcome === null) return;
      underWay.delete(outcome.node);
      let fault = outcome.fault;
      const moved = new Set<Reading>();
      for (const { reading, partition } of outcome.served) {
        const answer = answerName(partition.errorCode);
        if (answer === 'OFFSET_OUT_OF_RANGE') reading.position = await onTruncated(reading);
        else if (answer !== null) fault = new BrokerError(answer);
        if (answer !== null) continue;
        const before = reading.position;
        const records = committedRecords(reading, partition);
        if (reading.position > before) moved.add(reading);
        if (records.length > 0) yield records;
        if (abort.aborted) return;
      }
      const now = performance.now();
      if (moved.size > 0 || (fault === null && waiting.every(({ end }) => end === null))) lastGoodMs = now;
      if (fault !== null) {
        if (isRepeatable(fault) === false || now - lastGoodMs > standstillMsMax) throw kafkaError(doing, fault);
        cluster.admin.clearMetadata();
        await cluster.pause(abort);
      } else if (now - lastGoodMs > standstillMsMax) {
        const { topic, partition, position } = waiting.find(({ end }) => end !== null)!;
        const reason = new Error(`a transaction that is still open holds back partition ${partition} at offset ${position}.`);
        throw kafkaError(`read ${topic} to its end`, reason, 'LOG_UNAVAILABLE');
      }
      // Those just served go to the end, so that a full partition does not starve the others.
      waiting = [...waiting.filter(reading => !moved.has(reading)), ...moved].filter(isUnfinished);
    }
  } finally {
    arrivals[Symbol.dispose]();
    // What is under way ends with its connection.
    await cluster.closePool(pool);
  }
}

function isUnfinished({ position, end }: Reading): boolean {
  return end === null || position < end;
}

/** Partitions by the node that leads them. */
export async function byLeader<Read extends Reading>(cluster: Cluster, readings: readonly Read[]): Promise<Map<number, Read[]>> {
  const nodes = new Map<number, Read[]>();
  for (const reading of readings) {
    const leader = (await cluster.topic(reading.topic)).partitions[reading.partition]?.leader;
    if (leader === undefined)
      throw new BrokerError('UNKNOWN_TOPIC_OR_PARTITION', `${reading.topic} has no partition ${reading.partition}.`);
    const list = nodes.get(leader);
    if (list === undefined) nodes.set(leader, [reading]);
    else list.push(reading);
  }
  return nodes;
}

/** Answers as they come, one waiter; null once aborted. (Promise.race would keep a reaction a round on the abort for as long as it lasts.) */
class Arrivals implements Disposable {
  readonly #arrived: Outcome[] = [];
  readonly #abort: AbortSignal;
  readonly #onAbort = () => this.#wake();
  #wake: () => void = () => {};

  constructor(abort: AbortSignal) {
    this.#abort = abort;
    abort.addEventListener('abort', this.#onAbort);
  }

  [Symbol.dispose](): void {
    this.#abort.removeEventListener('abort', this.#onAbort);
  }

  expect(node: number, served: Promise<readonly Served[]>): void {
    const arrive = (outcome: Outcome) => {
      this.#arrived.push(outcome);
      this.#wake();
    };
    served.then(
      answer => arrive({ node, served: answer, fault: null }),
      (fault: unknown) => arrive({ node, served: [], fault }),
    );
  }

  async next(): Promise<Outcome | null> {
    while (this.#arrived.length === 0 && !this.#abort.aborted)
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    return this.#abort.aborted ? null : this.#arrived.shift()!;
  }
}
