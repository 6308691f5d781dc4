import type { LogRecord } from '../../../../src/contract/index.ts';
import { protocolErrors } from '../../../../src/log/kafka/client.ts';
import type { FetchLimits, Served } from '../../../../src/log/kafka/fetch.ts';
import type { PartitionAnswer } from '../../../../src/log/kafka/fetch-answer.ts';
import type { FetchSource } from '../../../../src/log/kafka/fetch-source.ts';
import type { Reading } from '../../../../src/log/kafka/read-partitions.ts';
import { storedBatch } from './stored-batch.ts';

const valueBytes = 1000;
const batchRecords = 10;
/** What a record takes of an answer. */
export const recordBytes = batchOf(0, batchRecords).length / batchRecords;

/** A request that is under way. */
export type Asked = { readonly node: number; readonly readings: readonly Reading[]; readonly limits: FetchLimits; answer(): void };

/** Partitions of records numbered by their offsets, behind brokers that answer when the test says so. */
export class ScriptedPartitions implements FetchSource {
  readonly asked: Asked[] = [];
  /** By partition: the node that leads it, and its end. */
  readonly leaders = new Map<number, number>();
  readonly ends = new Map<number, number>();
  readonly errors = new Map<number, string>();
  /** Of the batches from now on. */
  attributes = 0;
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
      const batches: Buffer[] = [];
      let bytes = 0;
      while (error === undefined && at < end) {
        const count = Math.min(batchRecords, end - at);
        const batch = batchOf(at, count, this.attributes);
        const size = batch.length;
        if (left < limits.bytesMax && (size > left || bytes + size > limits.partitionBytesMax)) break;
        batches.push(batch);
        at += count;
        left -= size;
        bytes += size;
      }
      return { reading, partition: partitionAnswer(reading.partition, end, batches, error) };
    });
  }
}

function partitionAnswer(partition: number, end: number, batches: readonly Buffer[], error: string | undefined): PartitionAnswer {
  return {
    partition,
    errorCode: error === undefined ? 0 : protocolErrors[error]!.code,
    lastStableOffset: BigInt(end),
    aborted: [],
    records: batches.length === 0 ? null : Buffer.concat(batches),
  };
}

function batchOf(firstOffset: number, count: number, attributes = 0): Buffer {
  return storedBatch({ firstOffset, attributes, records: Array.from({ length: count }, () => ({ value: Buffer.alloc(valueBytes) })) });
}

/** `partition:offset` of each. */
export const placesOf = (records: readonly LogRecord[]): readonly string[] =>
  records.map(({ partition, offset }) => `${partition}:${offset}`);
