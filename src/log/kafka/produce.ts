import type { BorrowedSocket } from './borrowed-socket.ts';
import {
  type ConnectionPool,
  produceV3,
  produceV4,
  produceV5,
  produceV6,
  produceV7,
  produceV8,
  produceV9,
  produceV10,
  produceV11,
  protocolErrors,
  ResponseError,
  Writer,
} from './client.ts';
import type { Cluster, TopicMetadata } from './cluster.ts';
import { BrokerError, brokerAnswer, isRepeatable, kafkaError } from './errors.ts';
import type { ProducerSettings } from './producer-config.ts';
import type { BatchProducer, RecordBatch } from './record-batch.ts';

/** Batches by topic and partition, each partition's in their order. */
export type BatchesByTopic = ReadonlyMap<string, ReadonlyMap<number, readonly RecordBatch[]>>;

/** What sending needs of a cluster and of a connection. */
export type ProduceConnection = Pick<BorrowedSocket, 'send'>;
export type ProduceCluster = Pick<Cluster, 'version' | 'call'> & {
  readonly connection: { readonly requestTimeoutMs: number };
  topic(name: string): Promise<Pick<TopicMetadata, 'partitions'>>;
  socketTo(pool: ConnectionPool, node: number): Promise<ProduceConnection>;
};

const produceKey = 0;
const firstFlexibleVersion = 9;
const responses = {
  3: produceV3.parseResponse,
  4: produceV4.parseResponse,
  5: produceV5.parseResponse,
  6: produceV6.parseResponse,
  7: produceV7.parseResponse,
  8: produceV8.parseResponse,
  9: produceV9.parseResponse,
  10: produceV10.parseResponse,
  11: produceV11.parseResponse,
};
const knownVersions = Object.keys(responses).map(Number) as (keyof typeof responses)[];
/** Bytes of produce requests to one broker that wait for its answer; a larger request goes alone. */
const bytesUnderWayMax = 2 * 1024 * 1024;
const sequenceLimit = 2 ** 31;
const errorNames = new Map(Object.values(protocolErrors).map(error => [error.code, error.id]));

/** A batch on its way: it keeps its sequence however often it is sent, so that the broker knows a repetition. */
type Sent = { readonly topic: string; readonly partition: number; readonly batch: RecordBatch; readonly sequence: number };
type Refused = { readonly sent: Sent; readonly error: unknown };
/** Older versions give no message. */
type PartitionAnswer = { readonly index: number; readonly errorCode: number; readonly errorMessage?: string | null | undefined };
type Answered = { readonly responses: readonly { name: string; partitionResponses: readonly PartitionAnswer[] }[] };

/** Produce requests of one producer: sequences, one batch a partition and request, several requests under way, repetitions in order. */
export class PartitionSends {
  readonly #cluster: ProduceCluster;
  readonly #pool: ConnectionPool;
  readonly #settings: ProducerSettings;
  readonly #transactionalId: string | null;
  readonly #sequences = new Map<string, number>();
  /** Partitions in which the broker knows this producer: only there does it notice that a batch is missing. */
  readonly #acknowledged = new Set<string>();

  constructor(cluster: ProduceCluster, pool: ConnectionPool, settings: ProducerSettings, transactionalId: string | null) {
    this.#cluster = cluster;
    this.#pool = pool;
    this.#settings = settings;
    this.#transactionalId = transactionalId;
  }

  /** Resolves when every batch is acknowledged. */
  async send(batches: BatchesByTopic, producer: BatchProducer | null): Promise<void> {
    const topics = [...batches.keys()].join(', ');
    let left = this.#withSequences(batches);
    const rounds = async () => {
      while (left.length > 0) {
        const [now, later] = this.#nextRound(left, producer);
        const refused = await this.#round(now, producer);
        for (const { topic, partition } of now) this.#acknowledged.add(`${topic}:${partition}`);
        for (const { sent } of refused) this.#acknowledged.delete(`${sent.topic}:${sent.partition}`);
        left = [...refused.map(({ sent }) => sent), ...later];
        const worst = refused.find(({ error }) => isRepeatable(error) === false);
        if (worst !== undefined) throw kafkaError(`write to topic ${worst.sent.topic}`, worst.error);
        // Of several, the broker's reason: it answers OPERATION_NOT_ATTEMPTED for the partitions that nothing is wrong with.
        const reason = refused.find(({ error }) => brokerAnswer(error)?.answer !== 'OPERATION_NOT_ATTEMPTED') ?? refused[0];
        if (reason !== undefined) throw reason.error;
      }
    };
    await this.#cluster.call(`write to ${topics}`, rounds, { deadlineMs: this.#settings.deliveryTimeoutMs });
  }

  /**
   * A partition's first batch goes alone: a broker that does not know the producer yet would take the second one although it had just
   * refused the first. The same after a refusal.
   */
  #nextRound(left: readonly Sent[], producer: BatchProducer | null): [Sent[], Sent[]] {
    const now: Sent[] = [];
    const later: Sent[] = [];
    const begun = new Set<string>();
    for (const sent of left) {
      const key = `${sent.topic}:${sent.partition}`;
      const alone = producer !== null && !this.#acknowledged.has(key);
      if (alone && begun.has(key)) later.push(sent);
      else now.push(sent);
      begun.add(key);
    }
    return [now, later];
  }

  #withSequences(batches: BatchesByTopic): Sent[] {
    const all: Sent[] = [];
    for (const [topic, partitions] of batches) {
      for (const [partition, list] of partitions) {
        const key = `${topic}:${partition}`;
        let sequence = this.#sequences.get(key) ?? 0;
        for (const batch of list) {
          all.push({ topic, partition, batch, sequence });
          sequence = (sequence + batch.count) % sequenceLimit;
        }
        this.#sequences.set(key, sequence);
      }
    }
    return all;
  }

  /** Sends everything once; answers what was refused, in order. */
  async #round(all: readonly Sent[], producer: BatchProducer | null): Promise<Refused[]> {
    const version = (await this.#cluster.version('Produce', knownVersions)) as keyof typeof responses;
    const metadata = new Map<string, Pick<TopicMetadata, 'partitions'>>();
    for (const { topic } of all) if (!metadata.has(topic)) metadata.set(topic, await this.#cluster.topic(topic));
    const byLeader = Map.groupBy(all, ({ topic, partition }) => metadata.get(topic)?.partitions[partition]?.leader ?? -1);
    const unknown = byLeader.get(-1);
    if (unknown !== undefined)
      throw new BrokerError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `${unknown[0]!.topic} has no partition ${unknown[0]!.partition}.`,
        unknown[0]!.topic,
      );
    const rounds = [...byLeader].map(async ([leader, sends]) => {
      let connection: ProduceConnection;
      try {
        connection = await this.#cluster.socketTo(this.#pool, leader);
      } catch (error) {
        // A refusal of these batches only: what went to other brokers must not be sent again.
        return sends.map((sent): Refused => ({ sent, error }));
      }
      return this.#inOrder(connection, version, requests(sends, this.#settings.requestBytesMax), producer);
    });
    return withoutConsequences((await Promise.all(rounds)).flat(), all);
  }

  /** Hands requests over in their order, a few under way at a time: what is not sent yet waits here and not in the socket's queue. */
  async #inOrder(
    connection: ProduceConnection,
    version: keyof typeof responses,
    parts: readonly (readonly Sent[])[],
    producer: BatchProducer | null,
  ): Promise<Refused[]> {
    const refused: Refused[][] = [];
    // Without sequences a repeated request may overtake a later one: then one at a time.
    const underWayMax = this.#settings.idempotent ? this.#settings.requestsInFlightMax : 1;
    const underWay: { readonly bytes: number; readonly done: Promise<unknown> }[] = [];
    let bytesUnderWay = 0;
    for (const [index, part] of parts.entries()) {
      const bytes = part.reduce((sum, { batch }) => sum + batch.length, 0);
      while (underWay.length >= underWayMax || (underWay.length > 0 && bytesUnderWay + bytes > bytesUnderWayMax)) {
        const first = underWay.shift()!;
        await first.done;
        bytesUnderWay -= first.bytes;
      }
      bytesUnderWay += bytes;
      const done = this.#request(connection, version, part, producer).then(answer => {
        refused[index] = answer;
      });
      underWay.push({ bytes, done });
    }
    await Promise.all(underWay.map(({ done }) => done));
    return refused.flat();
  }

  async #request(
    connection: ProduceConnection,
    version: keyof typeof responses,
    part: readonly Sent[],
    producer: BatchProducer | null,
  ): Promise<Refused[]> {
    const flexible = version >= firstFlexibleVersion;
    const payload = () =>
      produceRequest(flexible, this.#transactionalId, this.#settings.acks, this.#cluster.connection.requestTimeoutMs, part, sent =>
        sent.batch.finish(producer, sent.sequence, this.#settings.compression),
      );
    try {
      const answered = await new Promise<Answered | undefined>((resolve, reject) => {
        connection.send<Answered>(produceKey, version, payload, responses[version], flexible, flexible, (error, answer) =>
          error === null ? resolve(answer) : reject(error),
        );
      });
      return answered === undefined ? [] : refusedIn(answered, part);
    } catch (error) {
      const answered = error instanceof ResponseError ? (error['response'] as Answered | undefined) : undefined;
      if (answered !== undefined) return refusedIn(answered, part);
      return part.map(sent => ({ sent, error }));
    }
  }
}

/** One batch a partition and request, since a request may carry no more; as many partitions as its size allows. */
function requests(sends: readonly Sent[], bytesMax: number): Sent[][] {
  const made: { parts: Sent[]; bytes: number; partitions: Set<string> }[] = [];
  const next = new Map<string, number>();
  for (const sent of sends) {
    const key = `${sent.topic}:${sent.partition}`;
    // Never before the request that carries the partition's previous batch.
    let index = next.get(key) ?? 0;
    while (index < made.length && made[index]!.bytes + sent.batch.length > bytesMax) index++;
    made[index] ??= { parts: [], bytes: 0, partitions: new Set() };
    made[index]!.parts.push(sent);
    made[index]!.bytes += sent.batch.length;
    next.set(key, index + 1);
  }
  return made.map(({ parts }) => parts);
}

function produceRequest(
  flexible: boolean,
  transactionalId: string | null,
  acks: number,
  timeoutMs: number,
  part: readonly Sent[],
  finish: (sent: Sent) => Buffer,
): Writer {
  const topics = [...Map.groupBy(part, ({ topic }) => topic)];
  const writer = Writer.create().appendString(transactionalId, flexible).appendInt16(acks).appendInt32(timeoutMs);
  writer.appendArray(
    topics,
    (ofTopic, [name, sends]) => {
      ofTopic.appendString(name, flexible).appendArray(
        sends,
        (ofPartition, sent) => {
          const batch = finish(sent);
          ofPartition.appendInt32(sent.partition);
          if (flexible) ofPartition.appendUnsignedVarInt(batch.length + 1);
          else ofPartition.appendInt32(batch.length);
          ofPartition.append(batch);
        },
        flexible,
        flexible,
      );
    },
    flexible,
    flexible,
  );
  return flexible ? writer.appendTaggedFields() : writer;
}

function refusedIn(answered: Answered, part: readonly Sent[]): Refused[] {
  const refused: Refused[] = [];
  for (const { name, partitionResponses } of answered.responses) {
    for (const { index, errorCode, errorMessage } of partitionResponses) {
      const answer = errorNames.get(errorCode) ?? 'UNKNOWN_SERVER_ERROR';
      // A repetition of what the broker has already: that is what the sequence is for.
      if (errorCode === 0 || answer === 'DUPLICATE_SEQUENCE_NUMBER') continue;
      const sent = part.find(candidate => candidate.topic === name && candidate.partition === index);
      if (sent !== undefined) refused.push({ sent, error: new BrokerError(answer, errorMessage, name) });
    }
  }
  return refused;
}

/** A batch refused as out of sequence only because the one before it was refused is repeated with that one. */
function withoutConsequences(refused: readonly Refused[], all: readonly Sent[]): Refused[] {
  const bySent = new Map(refused.map(({ sent, error }) => [sent, error]));
  const cause = new Map<string, unknown>();
  const kept: Refused[] = [];
  for (const sent of all) {
    const error = bySent.get(sent);
    if (error === undefined) continue;
    const key = `${sent.topic}:${sent.partition}`;
    const earlier = cause.get(key);
    const consequence = earlier !== undefined && error instanceof BrokerError && error.answer === 'OUT_OF_ORDER_SEQUENCE_NUMBER';
    kept.push({ sent, error: consequence ? earlier : error });
    if (earlier === undefined) cause.set(key, error);
  }
  return kept;
}
