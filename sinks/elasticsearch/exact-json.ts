/** What JSON offers beyond TypeScript's own description of it. */
type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
declare global {
  interface JSON {
    parse(text: string, reviver: SourceReviver): unknown;
    rawJSON(text: string): unknown;
  }
}

/** Reads JSON so that writing it again gives the same numbers, those too that a double cannot hold: decimals, and integers beyond 2^53. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value,
  );
}
