import { malformed } from './malformed.ts';

const noBytes = Buffer.alloc(0);

/**
 * Reads an event from front to back, little-endian as binlogs are, and never past its end: every method throws MALFORMED_MESSAGE where
 * the bytes do not suffice. `bytes` and `at` are open to the readers of a row's columns, which check with `take`.
 */
export class EventCursor {
  bytes: Buffer = noBytes;
  at = 0;
  end = 0;

  start(bytes: Buffer, at: number, end: number): this {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Where the next `size` bytes begin; the cursor moves behind them. */
  take(size: number): number {
    const { at } = this;
    const next = at + size;
    if (!(size >= 0) || next > this.end) throw malformed(`${size} more bytes expected, ${this.end - at} are left`);
    this.at = next;
    return at;
  }

  uint8(): number {
    return this.bytes[this.take(1)]!;
  }

  uint16(): number {
    const at = this.take(2);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  uint24(): number {
    const at = this.take(3);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8) | (this.bytes[at + 2]! << 16);
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  /** Of up to six bytes: table ids. */
  uint48(): number {
    return this.bytes.readUIntLE(this.take(6), 6);
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  int64(): bigint {
    return this.bytes.readBigInt64LE(this.take(8));
  }

  /** An unsigned number of `size` bytes, 1 to 6. */
  uint(size: number): number {
    const at = this.take(size);
    return size === 1 ? this.bytes[at]! : this.bytes.readUIntLE(at, size);
  }

  /** A length-encoded integer of the client protocol ("Protocol::LengthEncodedInteger"). */
  packedInt(): number {
    const first = this.uint8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.uint16();
    if (first === 0xfd) return this.uint24();
    if (first === 0xfe) {
      const value = this.uint64();
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('a length beyond what memory holds');
      return Number(value);
    }
    throw malformed(`a length that begins with 0x${first.toString(16)}`);
  }

  /** A view, not a copy. */
  view(size: number): Buffer {
    const at = this.take(size);
    return this.bytes.subarray(at, at + size);
  }

  /** UTF-8: names, statements. */
  text(size: number): string {
    const at = this.take(size);
    return this.bytes.toString('utf8', at, at + size);
  }

  /** What is left, as UTF-8. */
  rest(): string {
    return this.text(this.end - this.at);
  }
}
