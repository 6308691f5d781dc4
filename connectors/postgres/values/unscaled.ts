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

/** As `unscaledOfNumber`, for what a number does not hold. */
export function unscaledOfBigInt(value: bigint): Uint8Array {
  // The bits of the magnitude (of -2^n: n), and one for the sign.
  const magnitude = value < 0n ? -value - 1n : value;
  const hexDigits = magnitude.toString(16);
  const topBits = 32 - Math.clz32(Number.parseInt(hexDigits[0]!, 16));
  const bits = (hexDigits.length - 1) * 4 + topBits + 1;
  const size = Math.ceil(bits / 8);
  const hex = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, '0');
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
