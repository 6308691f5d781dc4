import { binaryOfDouble, binaryOfFloat, type Digits, legacyDigits } from './java-floating-decimal.ts';

/**
 * Numbers as `toString` of Java 17 writes them, which Kafka Connect's reference runs on. Keys are compared by their bytes, so `1.0E10` and
 * `10000000000` would be two keys.
 */

/** Java's layout of a finite number: plain between 10^-3 and 10^7, else `d.dddE±x`. */
function layOut(sign: string, { digits, exponent }: Digits): string {
  if (exponent >= 7 || exponent < -3) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

function notFinite(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** Double.toString. */
export function javaDouble(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const text = String(value);
    return Number.isInteger(value) ? text + '.0' : text;
  }
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(value)) return notFinite(value);
  return layOut(value < 0 ? '-' : '', legacyDigits(binaryOfDouble(value)));
}

/** Float.toString of a number that a 32-bit float can hold. */
export function javaFloat(value: number): string {
  const single = Math.fround(value);
  if (single === 0) return Object.is(single, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(single)) return notFinite(single);
  const magnitude = Math.abs(single);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    // Here at most one decimal of seven digits reads back as the number; where there is one, it is what Java writes.
    const short = Number(single.toPrecision(7));
    if (Math.fround(short) === single) return Number.isInteger(short) ? `${short}.0` : String(short);
  }
  return layOut(single < 0 ? '-' : '', legacyDigits(binaryOfFloat(single)));
}

/** The integer that a big-endian two's complement holds, as Connect's Decimal does. Empty bytes are 0. */
export function unscaledValue(bytes: Uint8Array): bigint {
  if (bytes.length <= 6) {
    let small = bytes.length > 0 && bytes[0]! > 0x7f ? -1 : 0;
    for (let at = 0; at < bytes.length; at++) small = small * 256 + bytes[at]!;
    return BigInt(small);
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

/** The shortest big-endian two's complement of an integer (BigInteger.toByteArray). */
export function unscaledBytes(value: bigint): Uint8Array {
  let bits = 8;
  while (BigInt.asIntN(bits, value) !== value) bits += 8;
  return Buffer.from(
    BigInt.asUintN(bits, value)
      .toString(16)
      .padStart(bits / 4, '0'),
    'hex',
  );
}

/** BigDecimal.toString: with an exponent where the scale is negative or more than six zeros would follow the point. */
export function javaBigDecimal(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  if (scale === 0) return sign + digits;
  const exponent = digits.length - 1 - scale;
  if (scale > 0 && exponent >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return exponent === 0 ? sign + mantissa : `${sign}${mantissa}E${exponent > 0 ? '+' : ''}${exponent}`;
}

/** BigDecimal's constructor: `12.50`, `-1E+3`. null where the text is no decimal number. */
export function parseBigDecimal(text: string): { readonly unscaled: bigint; readonly scale: number } | null {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/.exec(text);
  if (!parts) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  if (whole === '' && fraction === '') return null;
  const unscaled = BigInt(whole + fraction);
  return { unscaled: sign === '-' ? -unscaled : unscaled, scale: fraction.length - Number(exponent) };
}

/** The same number at another scale; null where digits would be lost, or where a number of absurd size would come out. */
export function rescale(unscaled: bigint, from: number, to: number): bigint | null {
  if (unscaled === 0n || from === to) return unscaled;
  if (Math.abs(to - from) > 10_000) return null;
  if (to > from) return unscaled * 10n ** BigInt(to - from);
  const divisor = 10n ** BigInt(from - to);
  return unscaled % divisor === 0n ? unscaled / divisor : null;
}
