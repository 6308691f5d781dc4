import type { LogRecord } from '../../contract/index.ts';

/** What a record takes beside its bytes, roughly. */
const recordOverheadBytes = 100;

/** A partition between two seeks; `given`: before which offset everything has been given out. */
export type BufferOwner = { given: bigint };

/** Records of one partition's answer that have not all been given out. */
type Chunk = { readonly owner: BufferOwner; readonly records: readonly LogRecord[]; readonly bytes: number; given: number };

/** What has been read ahead, in the order in which it came. */
export class ConsumerBuffer {
  #chunks: Chunk[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(owner: BufferOwner, records: readonly LogRecord[]): void {
    if (records.length === 0) return;
    let bytes = 0;
    for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0) + recordOverheadBytes;
    this.#chunks.push({ owner, records, bytes, given: 0 });
    this.#bytes += bytes;
  }

  /** At most so many; none where there are none. */
  take(recordsMax: number): readonly LogRecord[] {
    const first = this.#chunks[0];
    if (first === undefined) return [];
    if (first.given === 0 && first.records.length <= recordsMax && this.#chunks.length === 1) {
      this.#give(first, first.records.length);
      return first.records;
    }
    const taken: LogRecord[] = [];
    while (taken.length < recordsMax) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const end = Math.min(chunk.records.length, chunk.given + recordsMax - taken.length);
      for (let index = chunk.given; index < end; index++) taken.push(chunk.records[index]!);
      this.#give(chunk, end);
    }
    return taken;
  }

  /** The offset of an owner's first record that is still here; null where there is none. */
  firstOf(owner: BufferOwner): bigint | null {
    const chunk = this.#chunks.find(candidate => candidate.owner === owner);
    return chunk === undefined ? null : chunk.records[chunk.given]!.offset;
  }

  forget(owner: BufferOwner): void {
    for (const chunk of this.#chunks) if (chunk.owner === owner) this.#bytes -= chunk.bytes;
    this.#chunks = this.#chunks.filter(chunk => chunk.owner !== owner);
  }

  /** The first chunk has been given out up to `end`. */
  #give(chunk: Chunk, end: number): void {
    chunk.given = end;
    chunk.owner.given = chunk.records[end - 1]!.offset + 1n;
    if (end < chunk.records.length) return;
    this.#chunks.shift();
    this.#bytes -= chunk.bytes;
  }
}
