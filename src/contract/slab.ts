import { slabMemory } from './slab-memory.ts';
import type { SlabPiece } from './slab-piece.ts';

const initialBytes = 64 * 1024;
/** So few bytes are copied one by one: a call costs more. */
const shortBytes = 24;

/**
 * A growing piece of memory that serializers write into one record after another, so that no record needs a buffer of its own. Its memory
 * is never a part of a larger one: `take` hands it out whole, fit to be transferred to another thread. Who gets it gives it back to
 * `slabMemory`.
 */
export class SlabWriter {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;

  constructor(bytes: number = initialBytes) {
    this.#buffer = slabMemory.take(bytes);
    this.#view = viewOf(this.#buffer);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
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
