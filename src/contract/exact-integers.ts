/** For `JSON.parse`: an integer that a number cannot hold keeps its digits, as bigint. */
export function exactIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const text = context?.source ?? '';
  return /^-?\d+$/.test(text) ? BigInt(text) : value;
}
