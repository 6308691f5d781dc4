import { slabMemory } from './slab-memory.ts';

const initialBytes = 64 * 1024;

/**
 * A growing piece of memory that serializers write into one record after another, so that no record needs a buffer of its own. Its memory
 * is never a part of a larger one: `take` hands it out whole, fit to be transferred to another thread. Who gets it gives it back to
 * `slabMemory`.
 */
export class SlabWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(bytes: number = initialBytes) {
    this.#buffer = slabMemory.take(bytes);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Appends a text as UTF-8. Lone surrogates become U+FFFD; who needs them escaped does so before. */
  text(text: string): void {
    // Three bytes are the most that one UTF-16 unit takes.
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** Appends bytes. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
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
    this.#length = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = slabMemory.take(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    slabMemory.giveBack(this.#buffer);
    this.#buffer = larger;
  }
}
