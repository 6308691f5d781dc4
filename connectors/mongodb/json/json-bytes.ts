import { quotedBsonText } from '../../../src/contract/index.ts';
import { textBetween } from '../bson/elements.ts';

const firstBytes = 64 * 1024;
/** A text much longer than this is not worth keeping room for. */
const keptBytesMax = 4 * 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const hexDigits = Buffer.from('0123456789abcdef');

/**
 * JSON as it is written, in bytes that are used again for the next text: put together from pieces of strings, a document would be a tree of
 * them, which costs more than all else that is done with it.
 */
export class JsonBytes {
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #length = 0;
  /** All of it is ASCII so far: then its bytes are its characters. */
  #plain = true;

  /** Forgets what was written. */
  clear(): void {
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.#length = 0;
    this.#plain = true;
  }

  /** What was written. */
  get text(): string {
    return this.#bytes.toString(this.#plain ? 'latin1' : 'utf8', 0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** One character of ASCII. */
  byte(code: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = code;
  }

  /** Text of ASCII, as it stands. */
  ascii(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const bytes = this.#bytes;
    let to = this.#length;
    for (let index = 0; index < length; index++) bytes[to++] = text.charCodeAt(index);
    this.#length = to;
  }

  /** A string's UTF-8 bytes between quotes. Most need nothing but copying; where one does, all of it goes the slower way. */
  quoted(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start + 2);
    const bytes = this.#bytes;
    let to = this.#length;
    bytes[to++] = quote;
    for (let at = start; at < end; at++) {
      const byte = source[at]!;
      if (byte < 0x20 || byte > 0x7e || byte === quote || byte === backslash) {
        this.#unusual(quotedBsonText(textBetween(source, start, end)));
        return;
      }
      bytes[to++] = byte;
    }
    bytes[to++] = quote;
    this.#length = to;
  }

  #unusual(text: string): void {
    this.#reserve(text.length * 3);
    const written = this.#bytes.write(text, this.#length);
    if (written !== text.length) this.#plain = false;
    this.#length += written;
  }

  /** Bytes as hexadecimal digits. */
  hex(source: Buffer, start: number, end: number): void {
    this.#reserve((end - start) * 2);
    for (let at = start; at < end; at++) {
      this.#bytes[this.#length++] = hexDigits[source[at]! >> 4]!;
      this.#bytes[this.#length++] = hexDigits[source[at]! & 15]!;
    }
  }
}
