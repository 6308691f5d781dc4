const mask = 0xffff_ffff_ffff_ffffn;
const seed = 9001n;

function rotated(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & mask;
}

function finalized(value: bigint): bigint {
  let mixed = value ^ (value >> 33n);
  mixed = (mixed * 0xff51afd7ed558ccdn) & mask;
  mixed ^= mixed >> 33n;
  mixed = (mixed * 0xc4ceb9fe1a85ec53n) & mask;
  return mixed ^ (mixed >> 33n);
}

/** The hash's state: its multipliers change with every block, as in the first drafts of MurmurHash3. */
class Murmur {
  #h1 = 0x9368e53c2f6af274n ^ seed;
  #h2 = 0x586dcd208f7cd3fdn ^ seed;
  #c1 = 0x87c37b91114253d5n;
  #c2 = 0x4cf5ad432745937fn;

  mix(block1: bigint, block2: bigint): void {
    const k1 = (rotated((block1 * this.#c1) & mask, 23n) * this.#c2) & mask;
    this.#h1 = ((this.#h1 ^ k1) + this.#h2) & mask;
    this.#h2 = rotated(this.#h2, 41n);
    const k2 = (rotated((block2 * this.#c2) & mask, 23n) * this.#c1) & mask;
    this.#h2 = ((this.#h2 ^ k2) + this.#h1) & mask;
    this.#h1 = (this.#h1 * 3n + 0x52dce729n) & mask;
    this.#h2 = (this.#h2 * 3n + 0x38495ab5n) & mask;
    this.#c1 = (this.#c1 * 5n + 0x7b7d159cn) & mask;
    this.#c2 = (this.#c2 * 5n + 0x6bce6396n) & mask;
  }

  /** The upper half of the first 64 bits, signed. */
  finish(length: number): number {
    const h2 = this.#h2 ^ BigInt(length);
    const h1 = (this.#h1 + h2) & mask;
    const first = finalized(h1);
    const second = finalized((h2 + h1) & mask);
    return Number(BigInt.asIntN(32, ((first + second) & mask) >> 32n));
  }
}

/** Little-endian, from bytes that Java has as signed: a byte above 127 sets all the bits above it, and the next one flips them. */
function tailBlock(bytes: Uint8Array, from: number, to: number): bigint {
  let block = 0n;
  for (let at = from; at < to; at++) block ^= BigInt.asUintN(64, BigInt.asIntN(8, BigInt(bytes[at] ?? 0)) << BigInt((at - from) * 8));
  return block;
}

/** The hash of bytes as io.debezium.util.MurmurHash3 computes it (seed 9001), a signed 32-bit number. */
export function murmurHash3(bytes: Uint8Array): number {
  const state = new Murmur();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail = bytes.length - (bytes.length % 16);
  for (let at = 0; at < tail; at += 16) state.mix(view.getBigUint64(at, true), view.getBigUint64(at + 8, true));
  if (tail < bytes.length) {
    const middle = Math.min(tail + 8, bytes.length);
    state.mix(tailBlock(bytes, tail, middle), tailBlock(bytes, middle, bytes.length));
  }
  return state.finish(bytes.length);
}

/** The hash of a text by its UTF-8 bytes, with a question mark for half a surrogate pair. */
export function murmurHash3OfText(text: string): number {
  const whole = text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '?');
  return murmurHash3(Buffer.from(whole, 'utf8'));
}

/** The hash of a 32-bit number by its bytes, lowest first. */
export function murmurHash3OfInt(value: number): number {
  return murmurHash3(Uint8Array.of(value, value >> 8, value >> 16, value >> 24));
}
