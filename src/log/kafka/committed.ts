import type { LogRecord } from '../../contract/index.ts';
import type { PartitionAnswer } from './fetch-answer.ts';
import type { Reading } from './read-partitions.ts';
import { controlFlag, RecordCursor, type StoredBatch, storedBatches, transactionalFlag } from './stored-batches.ts';

const abortMarker = 0;

/**
 * The committed records of one partition's answer, from the reader's position to its end, each decoded when it is taken. An aborted transaction's records are
 * dropped by its producer from the offset where it began to its abort marker, as Kafka's own consumer does.
 */
export class CommittedRecords {
  /** What it holds in memory until the last of them is taken. */
  readonly bytes: number;
  readonly #topic: string;
  readonly #partition: number;
  readonly #from: bigint;
  readonly #end: bigint | null;
  readonly #batches: StoredBatch[];
  #batch = 0;
  #cursor: RecordCursor | null = null;
  /** The cursor is at a record that is to be given out. */
  #found = false;

  /** Moves the reader's position behind what the answer brings. */
  constructor(reading: Reading, answer: Pick<PartitionAnswer, 'aborted' | 'records'>) {
    const { topic, partition, position, end } = reading;
    [this.#topic, this.#partition, this.#from, this.#end] = [topic, partition, position, end];
    this.bytes = answer.records?.length ?? 0;
    const batches = answer.records === null ? [] : storedBatches(answer.records);
    this.#batches = committedBatches(batches, answer.aborted, reading);
    for (const { lastOffset } of batches) {
      // Never beyond the end: what was appended behind it after it was asked for is left to the next reading, which begins there.
      const next = end !== null && lastOffset >= end ? end : lastOffset + 1n;
      if (next > reading.position) reading.position = next;
    }
  }

  /**
   * The offset of the next one; null where none is left. Of a batch that has not been begun it is what its header says, and compaction may have taken that record: so
   * what waits is not decompressed to be counted.
   */
  first(): bigint | null {
    if (this.#cursor !== null) return this.#find() ? this.#cursor.offset : null;
    const batch = this.#batches[this.#batch];
    if (batch === undefined) return null;
    return batch.firstOffset < this.#from ? this.#from : batch.firstOffset;
  }

  /** Null where none is left. */
  next(): LogRecord | null {
    if (!this.#find()) return null;
    this.#found = false;
    return this.#cursor!.record();
  }

  #find(): boolean {
    if (this.#found) return true;
    for (;;) {
      if (this.#cursor === null) {
        const batch = this.#batches[this.#batch++];
        if (batch === undefined) return false;
        this.#cursor = new RecordCursor(batch, this.#topic, this.#partition);
      }
      while (this.#cursor.advance()) {
        const { offset } = this.#cursor;
        if (offset < this.#from || (this.#end !== null && offset >= this.#end)) continue;
        this.#found = true;
        return true;
      }
      this.#cursor = null;
    }
  }
}

/** All of them at once: see `CommittedRecords`. */
export function committedRecords(reading: Reading, answer: Pick<PartitionAnswer, 'aborted' | 'records'>): readonly LogRecord[] {
  const records = new CommittedRecords(reading, answer);
  const found: LogRecord[] = [];
  for (let record = records.next(); record !== null; record = records.next()) found.push(record);
  return found;
}

/** Those whose records somebody is to see, but for what compaction has emptied and what lies outside of what is read. */
function committedBatches(
  batches: readonly StoredBatch[],
  abortedTransactions: PartitionAnswer['aborted'],
  { topic, partition, position, end }: Reading,
): StoredBatch[] {
  const aborted = abortedTransactions.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<bigint>();
  const committed: StoredBatch[] = [];
  for (const batch of batches) {
    while (aborted.length > 0 && aborted[0]!.firstOffset <= batch.lastOffset) aborting.add(aborted.shift()!.producerId);
    if (batch.attributes & controlFlag) {
      if (isAbort(new RecordCursor(batch, topic, partition))) aborting.delete(batch.producerId);
      continue;
    }
    if (batch.attributes & transactionalFlag && aborting.has(batch.producerId)) continue;
    const isRead = batch.lastOffset >= position && (end === null || batch.firstOffset < end);
    if (isRead && batch.recordsCount > 0) committed.push(batch);
  }
  return committed;
}

/** A control record's key is its version and its type. */
function isAbort(records: RecordCursor): boolean {
  const key = records.advance() ? records.record().key : null;
  return key !== null && Buffer.from(key.buffer, key.byteOffset, key.length).readInt16BE(2) === abortMarker;
}
