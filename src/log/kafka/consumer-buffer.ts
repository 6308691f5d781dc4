import type { LogRecord } from '../../contract/index.ts';
import type { CommittedRecords } from './committed.ts';

/** A partition between two seeks; `given`: before which offset everything has been given out. */
export type BufferOwner = { given: bigint };

/** Records of one partition's answer that have not all been given out. */
type Chunk = { readonly owner: BufferOwner; readonly records: Pick<CommittedRecords, 'bytes' | 'first' | 'next'> };

/**
 * What has been read ahead, in the order in which it came, and as it came over the wire: records are decoded when they are given out, so that what waits is one
 * piece of memory a partition and not some objects a record.
 */
export class ConsumerBuffer {
  #chunks: Chunk[] = [];
  #bytes = 0;

  /** Of the answers of which something is left. */
  get bytes(): number {
    return this.#bytes;
  }

  add(owner: BufferOwner, records: Chunk['records']): void {
    if (records.first() === null) return;
    this.#chunks.push({ owner, records });
    this.#bytes += records.bytes;
  }

  /** At most so many; none where there are none. Throws LOG_REFUSED where one cannot be decoded. */
  take(recordsMax: number): readonly LogRecord[] {
    const taken: LogRecord[] = [];
    for (let chunk = this.#chunks[0]; chunk !== undefined && taken.length < recordsMax; chunk = this.#chunks[0]) {
      const { owner, records } = chunk;
      const before = taken.length;
      for (let record = records.next(); record !== null; record = taken.length < recordsMax ? records.next() : null) taken.push(record);
      if (taken.length > before) owner.given = taken.at(-1)!.offset + 1n;
      if (records.first() !== null) break;
      this.#chunks.shift();
      this.#bytes -= records.bytes;
    }
    return taken;
  }

  /** The offset of an owner's first record that is still here; null where there is none. */
  firstOf(owner: BufferOwner): bigint | null {
    return this.#chunks.find(candidate => candidate.owner === owner)?.records.first() ?? null;
  }

  forget(owner: BufferOwner): void {
    for (const { owner: other, records } of this.#chunks) if (other === owner) this.#bytes -= records.bytes;
    this.#chunks = this.#chunks.filter(chunk => chunk.owner !== owner);
  }
}
