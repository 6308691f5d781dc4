import { javaDouble } from '../../../../src/contract/index.ts';

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
};
const needsEscapes = /["\\\u0000-\u001f]/;
const escaped = /["\\\u0000-\u001f]/g;

/** A JSON string: only what must be is escaped, with capital hexadecimals. */
export function quoted(text: string): string {
  if (!needsEscapes.test(text)) return `"${text}"`;
  const inner = text.replace(
    escaped,
    character => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
  return `"${inner}"`;
}

/** A finite double's exact decimal expansion, without exponent: BigDecimal(double).toPlainString. */
function exactText(value: number): string {
  const cell = new DataView(new ArrayBuffer(8));
  cell.setFloat64(0, Math.abs(value));
  const bits = cell.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  let mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  let exponent = (biased === 0 ? 1 : biased) - 1075;
  while (exponent < 0 && (mantissa & 1n) === 0n && mantissa !== 0n) {
    mantissa >>= 1n;
    exponent++;
  }
  const sign = value < 0 ? '-' : '';
  if (exponent >= 0) return `${sign}${mantissa << BigInt(exponent)}`;
  // m / 2^k = m * 5^k / 10^k
  const scale = -exponent;
  const digits = String(mantissa * 5n ** BigInt(scale)).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A double as the reference writes it: as Java does where that has no exponent, else every digit there is. */
export function doubleText(value: number): string {
  const text = javaDouble(value);
  return text.includes('E') ? exactText(value) : text;
}
