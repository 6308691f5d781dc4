/** What JSON offers beyond TypeScript's own description of it. */
declare global {
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

const longInteger = /\d{16}/;

/** Whether a JSON text may have an integer that a number cannot hold. Yes also where a text of it has the digits, which costs only time. */
export function mayHoldLongIntegers(text: string): boolean {
  return longInteger.test(text);
}

/** For `JSON.parse`: an integer that a number cannot hold keeps its digits, as bigint. */
export function exactIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const text = context?.source ?? '';
  return /^-?\d+$/.test(text) ? BigInt(text) : value;
}

/** `JSON.parse` with `exactIntegers`, at the price of the plain one where there are none. Throws SyntaxError. */
export function parseExactIntegers(text: string): unknown {
  return mayHoldLongIntegers(text) ? JSON.parse(text, exactIntegers) : JSON.parse(text);
}

/** `JSON.stringify`, where a bigint is written as its digits. Throws TypeError for what holds itself. */
export function writeExactIntegers(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch {
    // Nearly nothing holds one, and a replacer makes all the rest ten times as dear.
    return JSON.stringify(value, digitsOf, indent);
  }
}

function digitsOf(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value;
}
