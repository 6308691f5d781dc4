/**
 * Two's complement, big-endian, in as few bytes as hold the sign (Java's BigInteger.toByteArray): the form of Connect's Decimal.
 */
export function unscaledOfNumber(value: number): Uint8Array {
  if (value >= -128 && value < 128) {
    const bytes = new Uint8Array(1);
    bytes[0] = value;
    return bytes;
  }
  let high = Math.floor(value / 0x1_0000_0000);
  let low = value >>> 0;
  let size = 2;
  for (let limit = 0x8000; value >= limit || value < -limit; limit *= 256) size++;
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = low & 0xff;
    low = (low >>> 8) | ((high & 0xff) << 24);
    high >>= 8;
  }
  return bytes;
}

const scratch = new Uint8Array(16);
const scratchView = new DataView(scratch.buffer);

/** Whether the first byte only repeats the sign of the second. */
function isRedundant(first: number, second: number): boolean {
  return first === (second >= 0x80 ? 0xff : 0);
}

/** As `unscaledOfNumber`, for what a number does not hold. */
export function unscaledOfBigInt(value: bigint): Uint8Array {
  if (BigInt.asIntN(128, value) !== value) return unscaledOfHuge(value);
  scratchView.setBigInt64(0, value >> 64n);
  scratchView.setBigUint64(8, BigInt.asUintN(64, value));
  let first = 0;
  while (first < 15 && isRedundant(scratch[first]!, scratch[first + 1]!)) first++;
  return scratch.slice(first);
}

/** More than 38 digits. */
function unscaledOfHuge(value: bigint): Uint8Array {
  // As many bytes as the magnitude's hexadecimals need, and one more for the sign in case it is needed.
  const size = Math.ceil((value < 0n ? -value : value).toString(16).length / 2) + 1;
  const hex = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, '0');
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  return isRedundant(bytes[0]!, bytes[1]!) ? bytes.subarray(1) : bytes;
}
