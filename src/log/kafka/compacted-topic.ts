import type { LogRecord } from '../../contract/index.ts';
import type { Cluster } from './cluster.ts';
import { describeRanges } from './positions.ts';
import { type Reading, readPartitions } from './read-partitions.ts';

/** What a compacted topic's records are told to. */
export type CompactedView = {
  /** The next record of its partition. */
  apply(record: LogRecord): void;
  /** Forget everything: the topic is read again from its start. */
  reset(): void;
};

/**
 * A compacted topic read to its end whenever somebody asks (Connect's KafkaBasedLog.readToEnd): from its start the first time, then from
 * where the last reading ended. So a view is as new as its last reading and nothing runs in between.
 */
export class CompactedTopic {
  readonly topic: string;
  readonly #cluster: Cluster;
  readonly #view: CompactedView;
  readonly #positions = new Map<number, bigint>();
  #reading: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, topic: string, view: CompactedView) {
    this.#cluster = cluster;
    this.topic = topic;
    this.#view = view;
  }

  /** Resolves when the view has everything that was in the topic at the time of the call. */
  readToEnd(abort: AbortSignal): Promise<void> {
    const next = this.#reading.catch(() => {}).then(() => this.#read(abort));
    this.#reading = next;
    return next;
  }

  async #read(abort: AbortSignal): Promise<void> {
    const [description] = await describeRanges(this.#cluster, [this.topic], abort);
    const partitions = description?.partitions ?? [];
    // A topic that was deleted and made anew ends before the place where the last reading stood.
    const renewed = partitions.some(({ partition, start, end }) => {
      const position = this.#positions.get(partition);
      return position !== undefined && (position > end || position < start);
    });
    if (renewed) this.#restart();
    const wanted = partitions.map(({ partition, start, end }): Reading => {
      return { topic: this.topic, partition, position: this.#positions.get(partition) ?? start, end };
    });
    let truncated = false;
    const startAgain = async (reading: Reading): Promise<bigint> => {
      truncated = true;
      return reading.end ?? reading.position;
    };
    for await (const records of readPartitions(this.#cluster, wanted, startAgain, abort))
      for (const record of records) this.#view.apply(record);
    abort.throwIfAborted();
    if (truncated) {
      this.#restart();
      return this.#read(abort);
    }
    for (const { partition, position } of wanted) this.#positions.set(partition, position);
  }

  #restart(): void {
    this.#positions.clear();
    this.#view.reset();
  }
}
