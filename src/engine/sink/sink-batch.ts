import type { LogRecord, PartitionOffset, SinkRecord, SluiceError } from '../../contract/index.ts';
import type { FailedRecord } from './dead-letter.ts';
import type { OwnedPartition } from './sink-partitions.ts';
import type { BatchLimits } from './sink-task-plan.ts';

/** A record on its way to the sink, with what it was made of. */
export type Gathered = { readonly record: SinkRecord; readonly origin: LogRecord };

/** A key's own place: records of one key lie in one partition of one topic, and have the same bytes. */
export function keyOf({ topic, partition, key }: LogRecord): string | null {
  return key === null ? null : `${topic}/${partition}/${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`;
}

/** Records in hand, and what the group's offsets are behind them. */
export class GatheredBatch {
  readonly gathered: Gathered[] = [];
  /** Records that did not come as far as the sink. */
  readonly failed: FailedRecord[] = [];
  readonly #reached = new Map<OwnedPartition, bigint>();
  readonly #keys: Set<string> | null;
  bytes = 0;
  count = 0;
  filtered = 0;
  /** What stops the task once this batch is durable: a record behind it failed, and failures are not tolerated. */
  fault: SluiceError | null = null;

  /** `keysOnce`: of a key it takes one record only, so that a refused one can keep back those that follow. */
  constructor(keysOnce: boolean) {
    this.#keys = keysOnce ? new Set() : null;
  }

  get empty(): boolean {
    return this.count === 0 && this.fault === null;
  }

  isFull({ recordsMax, bytesMax }: BatchLimits): boolean {
    return this.fault !== null || this.count >= recordsMax || this.bytes >= bytesMax;
  }

  /** Whether a record has to wait for the next batch since one of its key is in this one. */
  keepsBack(record: LogRecord): boolean {
    if (this.#keys === null) return false;
    const key = keyOf(record);
    return key !== null && this.#keys.has(key);
  }

  /** A record is in this batch, whatever becomes of it. */
  reach(owned: OwnedPartition, record: LogRecord): void {
    this.count++;
    this.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    this.#reached.set(owned, record.offset + 1n);
    if (this.#keys === null) return;
    const key = keyOf(record);
    if (key !== null) this.#keys.add(key);
  }

  /** The group's offsets behind the batch. */
  next(): readonly PartitionOffset[] {
    return [...this.#reached].map(([{ topic, partition }, offset]) => ({ topic, partition, offset }));
  }

  /** All of it is durable or accounted for. */
  applied(): void {
    for (const [owned, offset] of this.#reached) if (owned.applied < offset) owned.applied = offset;
  }
}
