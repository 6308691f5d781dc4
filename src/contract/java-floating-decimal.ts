/**
 * The digits that Java up to 18 writes for a float or double (jdk.internal.math.FloatingDecimal): nearly the shortest that read back as the
 * same number, but not always, and what it writes instead must be met: a reader that takes a float32 for a double sees the difference
 * (`1.17549435E-38`, not `1.1754944E-38`).
 */

/** Decimal digits without dot; `exponent` is that of the first digit. */
export type Digits = { readonly digits: string; readonly exponent: number };

const hiddenBit = 1n << 52n;
const significandBits = 52;
/** Bits of 5^n, for the small n for which Java looks them up; 0 for 5^0. */
const bitsOfPowerOf5 = Array.from({ length: 27 }, (_, power) => (power === 0 ? 0 : (5n ** BigInt(power)).toString(2).length));
const bitsOf = (power: number) => bitsOfPowerOf5[power] ?? power * 3;

/** A finite number other than 0 taken apart: `fraction` has its highest bit at 2^52. */
type Binary = { readonly fraction: bigint; readonly exponent: number; readonly significantBits: number };

const cell = new DataView(new ArrayBuffer(8));

/** Of a double's absolute value. */
export function binaryOfDouble(value: number): Binary {
  cell.setFloat64(0, Math.abs(value));
  const bits = cell.getBigUint64(0);
  return normalized(bits & (hiddenBit - 1n), Number(bits >> 52n), 1023, significandBits);
}

/** Of the absolute value of a number that a float32 holds. */
export function binaryOfFloat(value: number): Binary {
  cell.setFloat32(0, Math.abs(value));
  const bits = cell.getUint32(0);
  return normalized(BigInt(bits & 0x7fffff), bits >>> 23, 127, 23);
}

function normalized(fraction: bigint, biased: number, bias: number, bits: number): Binary {
  const shift = BigInt(significandBits - bits);
  if (biased !== 0) return { fraction: (fraction << shift) | hiddenBit, exponent: biased - bias, significantBits: bits + 1 };
  const significantBits = fraction.toString(2).length;
  const missing = bits + 1 - significantBits;
  return { fraction: fraction << (shift + BigInt(missing)), exponent: 1 - missing - bias, significantBits };
}

function estimateExponent(fraction: bigint, exponent: number): number {
  const mantissa = Number(fraction) / 2 ** significandBits;
  return Math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981);
}

/** An integer below 2^63: all its digits, less those that the number's bits do not carry. */
function integerDigits(value: bigint, insignificant: number): Digits {
  const power = 10n ** BigInt(insignificant);
  const text = String((value + (insignificant > 0 ? power >> 1n : 0n)) / power);
  return { digits: text.replace(/0+$/, ''), exponent: text.length - 1 + insignificant };
}

function roundedUp(digits: readonly number[], exponent: number): Digits {
  const rounded = [...digits];
  let at = rounded.length - 1;
  while (rounded[at] === 9 && at > 0) rounded[at--] = 0;
  if (rounded[at] === 9) return { digits: `1${rounded.slice(1).join('')}`, exponent: exponent + 1 };
  rounded[at]!++;
  return { digits: rounded.join(''), exponent };
}

/** The digits of a number by Steele and White's and Dragon4's method, in the way and with the quirks of FloatingDecimal.dtoa. */
export function legacyDigits({ fraction, exponent, significantBits }: Binary): Digits {
  const trailingZeros = fraction.toString(2).length - fraction.toString(2).replace(/0+$/, '').length;
  const fractionBits = significandBits + 1 - trailingZeros;
  const tinyBits = Math.max(0, fractionBits - exponent - 1);
  if (exponent <= 62 && exponent >= -21 && tinyBits === 0) {
    const spare = exponent - significantBits - 1;
    const insignificant = exponent > significantBits && spare > 1 ? Math.floor(spare * Math.log10(2)) : 0;
    const value =
      exponent >= significandBits ? fraction << BigInt(exponent - significandBits) : fraction >> BigInt(significandBits - exponent);
    return integerDigits(value, insignificant);
  }
  let decimal = estimateExponent(fraction, exponent);
  const fives = Math.max(0, -decimal);
  const scaleFives = Math.max(0, decimal);
  let twos = fives + tinyBits + exponent;
  let scaleTwos = scaleFives + tinyBits;
  let marginTwos = twos - significantBits;
  twos -= fractionBits - 1;
  const common = Math.min(twos, scaleTwos);
  twos -= common;
  scaleTwos -= common;
  marginTwos -= common;
  // Below a power of two the neighbours are half as far away.
  if (fractionBits === 1) marginTwos--;
  if (marginTwos < 0) {
    twos -= marginTwos;
    scaleTwos -= marginTwos;
    marginTwos = 0;
  }
  const numeratorBits = fractionBits + twos + bitsOf(fives);
  const scaleBits = scaleTwos + 1 + bitsOf(scaleFives + 1);
  const bits = Math.max(numeratorBits, scaleBits);
  // Java takes ints or longs where they seem to do. They overflow in places, and the upper margin is left out; big integers let it in.
  const width = bits < 32 ? 32 : bits < 64 ? 64 : 0;
  const wrapped = (value: bigint) => (width === 0 ? value : BigInt.asIntN(width, value));

  const scale = (5n ** BigInt(scaleFives)) << BigInt(scaleTwos);
  const tens = scale * 10n;
  let rest = ((fraction >> BigInt(trailingZeros)) * 5n ** BigInt(fives)) << BigInt(twos);
  let margin = (5n ** BigInt(fives)) << BigInt(marginTwos);
  const digits: number[] = [];
  let low = false;
  let high = false;
  const next = (): number => {
    const digit = Number(rest / scale);
    rest = 10n * (rest % scale);
    margin = wrapped(margin * 10n);
    low = margin <= 0n || rest < margin;
    high = margin <= 0n || (width === 0 ? rest + margin >= tens : wrapped(rest + margin) > tens);
    return digit;
  };
  const first = next();
  if (first === 0 && !high) decimal--;
  else digits.push(first);
  // With an exponent at least one digit follows the point.
  if (decimal < -3 || decimal >= 8) low = high = false;
  while (!low && !high) digits.push(next());
  const difference = wrapped(wrapped(2n * rest) - tens);
  const up = high && (!low || difference > 0n || (difference === 0n && digits.at(-1)! % 2 === 1));
  return up ? roundedUp(digits, decimal) : { digits: digits.join(''), exponent: decimal };
}
