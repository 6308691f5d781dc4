import { slabMemory } from './slab-memory.ts';
import type { SlabPiece } from './slab-piece.ts';

const initialBytes = 64 * 1024;
/** So few bytes are copied one by one: a call costs more. */
const shortBytes = 24;
/** Up to here a repetition is copied word by word; a longer one costs less in one call. */
const repeatedBytesShort = 128;
/** No two slabs have the same mark, and none the same one again. */
let marks = 0;

/**
 * A growing piece of memory that serializers write into one record after another, so that no record needs a buffer of its own. Its memory
 * is never a part of a larger one: `take` hands it out whole, fit to be transferred to another thread. Who gets it gives it back to
 * `slabMemory`.
 */
export class SlabWriter {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;
  #mark = ++marks;

  constructor(bytes: number = initialBytes) {
    this.#buffer = slabMemory.take(bytes);
    this.#view = viewOf(this.#buffer);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** As long as it stays the same, bytes lie where they were written, and `repeat` may be told of them. No two slabs have the same. */
  get mark(): number {
    return this.#mark;
  }

  /**
   * Makes room for so many more bytes behind those written and gives the memory, to be written from `length` on; `extend` then tells how many
   * they were. Valid until the next call of anything but `length`.
   */
  reserve(bytes: number): Buffer {
    if (this.#length + bytes > this.#buffer.length) this.#grow(bytes);
    return this.#buffer;
  }

  /** So many bytes were written into what `reserve` gave. */
  extend(bytes: number): void {
    this.#length += bytes;
  }

  /** Appends a piece. */
  piece({ words, length }: SlabPiece): void {
    this.reserve(words.length * 4);
    const start = this.#length;
    for (let index = 0; index < words.length; index++) this.#view.setInt32(start + index * 4, words[index]!, true);
    this.#length = start + length;
  }

  /** Appends bytes[start, end) once more. They were written since `mark` became what it is. */
  repeat(start: number, end: number): void {
    const size = end - start;
    const buffer = this.reserve(size + 3);
    const at = this.#length;
    if (size > repeatedBytesShort) buffer.copyWithin(at, start, end);
    else {
      const view = this.#view;
      for (let offset = 0; offset < size; offset += 4) view.setInt32(at + offset, view.getInt32(start + offset, true), true);
    }
    this.#length = at + size;
  }

  /** Whether bytes[start, end) are all plain ASCII but for controls, quotes and backslashes: what JSON writes as it is. */
  isPlain(start: number, end: number): boolean {
    const view = this.#view;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      // Four bytes at once; the top bit of one is set where it is not plain. A borrow from a lower byte only ever says so once too often.
      const word = view.getInt32(at, true);
      const quotes = word ^ 0x22222222;
      const backslashes = word ^ 0x5c5c5c5c;
      if (((word | (word - 0x20202020) | (quotes - 0x01010101) | (backslashes - 0x01010101)) & 0x80808080) !== 0) return false;
    }
    for (; at < end; at++) {
      const byte = this.#buffer[at]!;
      if (byte < 0x20 || byte === 0x22 || byte === 0x5c || byte > 0x7f) return false;
    }
    return true;
  }

  /** Appends a text of nothing but ASCII. */
  ascii(text: string): void {
    const buffer = this.reserve(text.length);
    const start = this.#length;
    if (text.length > shortBytes) buffer.write(text, start, 'latin1');
    else for (let index = 0; index < text.length; index++) buffer[start + index] = text.charCodeAt(index);
    this.#length = start + text.length;
  }

  /** Appends a text as UTF-8. Lone surrogates become U+FFFD; who needs them escaped does so before. */
  text(text: string): void {
    // Three bytes are the most that one UTF-16 unit takes.
    this.#length += this.reserve(text.length * 3).write(text, this.#length);
  }

  /** Appends bytes. */
  bytes(bytes: Uint8Array): void {
    const buffer = this.reserve(bytes.length);
    const start = this.#length;
    if (bytes.length > shortBytes) buffer.set(bytes, start);
    else for (let index = 0; index < bytes.length; index++) buffer[start + index] = bytes[index]!;
    this.#length = start + bytes.length;
  }

  /** Forgets everything behind the first `length` bytes. */
  truncate(length: number): void {
    this.#length = length;
    this.#mark = ++marks;
  }

  /** The bytes from `start` on, as they lie: valid until the next write. */
  view(start = 0): Uint8Array {
    return this.#buffer.subarray(start, this.#length);
  }

  /**
   * Hands the memory out (its first `length` bytes are written, the rest is slack) and goes on with new memory of about the same size.
   */
  take(): Uint8Array {
    const taken = this.#buffer;
    // Slack for the next batch to be somewhat larger; shrinks again after an unusually large one.
    this.#buffer = slabMemory.take(Math.max(initialBytes, this.#length + (this.#length >>> 2)));
    this.#view = viewOf(this.#buffer);
    this.#length = 0;
    this.#mark = ++marks;
    return taken;
  }

  #grow(bytes: number): void {
    const needed = this.#length + bytes;
    const larger = slabMemory.take(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    slabMemory.giveBack(this.#buffer);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
