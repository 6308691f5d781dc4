/** The exponent's bias: its field holds no negative numbers. */
const bias = 6176;
/** The bits of a plain number's coefficient that lie in the upper half. */
const upperCoefficient = (1n << 49n) - 1n;

/**
 * A decimal of 128 bits (IEEE 754-2008, binary integer decimal, little-endian) as the Java driver writes it (Decimal128.toString): as it
 * stands, without regard to what is canonical.
 */
export function decimal128Text(bytes: Buffer, at: number): string {
  const top = bytes.readUInt32LE(at + 12);
  const sign = top >>> 31 === 1 ? '-' : '';
  const combination = (top >>> 26) & 0x1f;
  if (combination === 0x1f) return 'NaN';
  if (combination === 0x1e) return `${sign}Infinity`;
  // A coefficient with these bits set is above what 34 digits hold: it counts as zero.
  const tooLarge = combination >= 0x18;
  const exponent = ((top >>> (tooLarge ? 15 : 17)) & 0x3fff) - bias;
  const digits = tooLarge ? '0' : coefficient(bytes, at);
  return sign + scientific(digits, exponent);
}

function coefficient(bytes: Buffer, at: number): string {
  const upper = bytes.readBigUInt64LE(at + 8) & upperCoefficient;
  const lower = bytes.readBigUInt64LE(at);
  return String(upper === 0n ? lower : (upper << 64n) | lower);
}

/** Plain where that shows the exponent, as BigDecimal does. */
function scientific(digits: string, exponent: number): string {
  const adjusted = exponent + digits.length - 1;
  if (exponent > 0 || adjusted < -6) {
    const significand = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
    return `${significand}E${adjusted > 0 ? '+' : ''}${adjusted}`;
  }
  if (exponent === 0) return digits;
  const places = -exponent;
  if (digits.length <= places) return `0.${digits.padStart(places, '0')}`;
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
