import type { LogRecord } from '../../../../src/contract/index.ts';
import { protocolErrors } from '../../../../src/log/kafka/client.ts';
import type { FetchLimits, PartitionAnswer, Served } from '../../../../src/log/kafka/fetch.ts';
import type { FetchSource } from '../../../../src/log/kafka/fetch-source.ts';
import type { Reading } from '../../../../src/log/kafka/read-partitions.ts';

const valueBytes = 1000;
/** As the buffer counts a record. */
export const recordBytes = valueBytes + 100;
const batchRecords = 10;

/** A request that is under way. */
export type Asked = { readonly node: number; readonly readings: readonly Reading[]; readonly limits: FetchLimits; answer(): void };

/** Partitions of records numbered by their offsets, behind brokers that answer when the test says so. */
export class ScriptedPartitions implements FetchSource {
  readonly asked: Asked[] = [];
  /** By partition: the node that leads it, and its end. */
  readonly leaders = new Map<number, number>();
  readonly ends = new Map<number, number>();
  readonly errors = new Map<number, string>();
  /** How much larger records are in memory than in an answer. */
  compression = 1;
  forgotten = 0;
  disposed = false;

  add(partition: number, end: number, node = 1): this {
    this.leaders.set(partition, node);
    this.ends.set(partition, end);
    return this;
  }

  async byLeader<Read extends Reading>(readings: readonly Read[]): Promise<ReadonlyMap<number, readonly Read[]>> {
    return Map.groupBy(readings, ({ partition }) => this.leaders.get(partition)!);
  }

  fetch(node: number, readings: readonly Reading[], limits: FetchLimits): Promise<readonly Served[]> {
    const from = readings.map(({ position }) => Number(position));
    return new Promise(resolve => {
      const asked: Asked = {
        node,
        readings,
        limits,
        answer: () => {
          this.asked.splice(this.asked.indexOf(asked), 1);
          resolve(this.#answer(readings, from, limits));
        },
      };
      this.asked.push(asked);
    });
  }

  forgetLeaders(): void {
    this.forgotten++;
  }

  async pause(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }

  /** As a broker: whole batches, at least one of the first partition that has any. */
  #answer(readings: readonly Reading[], from: readonly number[], limits: FetchLimits): readonly Served[] {
    let left = limits.bytesMax;
    return readings.map((reading, index) => {
      const error = this.errors.get(reading.partition);
      const end = this.ends.get(reading.partition)!;
      let at = from[index]!;
      const batches: PartitionAnswer['records'] = [];
      let bytes = 0;
      while (error === undefined && at < end) {
        const count = Math.min(batchRecords, end - at);
        const size = (count * recordBytes) / this.compression;
        if (left < limits.bytesMax && (size > left || bytes + size > limits.partitionBytesMax)) break;
        batches.push(batchOf(at, count));
        at += count;
        left -= size;
        bytes += size;
      }
      return { reading, partition: partitionAnswer(reading.partition, end, batches, error) };
    });
  }
}

function partitionAnswer(partition: number, end: number, records: PartitionAnswer['records'], error: string | undefined): PartitionAnswer {
  return {
    partitionIndex: partition,
    errorCode: error === undefined ? 0 : protocolErrors[error]!.code,
    highWatermark: BigInt(end),
    lastStableOffset: BigInt(end),
    logStartOffset: 0n,
    abortedTransactions: [],
    preferredReadReplica: -1,
    ...(records !== undefined && { records }),
  };
}

function batchOf(firstOffset: number, count: number): NonNullable<PartitionAnswer['records']>[number] {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: count - 1,
    firstTimestamp: 0n,
    maxTimestamp: 0n,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
    records: Array.from({ length: count }, (_, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: 0n,
      offsetDelta,
      key: null,
      value: Buffer.alloc(valueBytes),
      headers: [],
    })),
  };
}

/** `partition:offset` of each. */
export const placesOf = (records: readonly LogRecord[]): readonly string[] =>
  records.map(({ partition, offset }) => `${partition}:${offset}`);
