import { malformed } from './malformed.ts';

/**
 * Reads a message's fixed parts from front to back and never past its end: every method throws MALFORMED_MESSAGE where the bytes
 * do not suffice. One cursor is reused for all messages.
 */
export class MessageCursor {
  offset = 0;
  #message: Buffer = Buffer.alloc(0);

  start(message: Buffer): void {
    this.#message = message;
    this.offset = 0;
  }

  /** Where the next `size` bytes begin; the cursor moves behind them. */
  skip(size: number): number {
    const at = this.offset;
    if (size < 0 || at + size > this.#message.length)
      throw malformed(`${size} more bytes expected at byte ${at} of ${this.#message.length}`);
    this.offset = at + size;
    return at;
  }

  uint8(): number {
    return this.#message[this.skip(1)]!;
  }

  uint16(): number {
    return this.#message.readUInt16BE(this.skip(2));
  }

  int32(): number {
    return this.#message.readInt32BE(this.skip(4));
  }

  uint32(): number {
    return this.#message.readUInt32BE(this.skip(4));
  }

  uint64(): bigint {
    return this.#message.readBigUInt64BE(this.skip(8));
  }

  int64(): bigint {
    return this.#message.readBigInt64BE(this.skip(8));
  }

  /** A text that ends with a zero byte. */
  string(): string {
    const start = this.offset;
    const end = this.#message.indexOf(0, start);
    if (end < 0) throw malformed(`a text that begins at byte ${start} does not end`);
    this.offset = end + 1;
    return this.#message.toString('utf8', start, end);
  }

  bytes(size: number): Buffer {
    const start = this.skip(size);
    return this.#message.subarray(start, start + size);
  }

  /** The message must be used up: bytes left over mean that it was misread. */
  finish(): void {
    const left = this.#message.length - this.offset;
    if (left !== 0) throw malformed(`${left} bytes left over after its last part`);
  }
}
