import { parseExactIntegers, type Value } from '../../src/contract/index.ts';

/**
 * A JSON text as a value without schema: objects are maps, integers beyond 2^53 bigints, so that no digit is lost. Throws an Error that shows
 * nothing of the text.
 */
export function valueOfJson(text: string): Value {
  try {
    return mapped(parseExactIntegers(text));
  } catch {
    throw new Error('it is not JSON');
  }
}

function mapped(parsed: unknown): Value {
  if (typeof parsed !== 'object' || parsed === null) return parsed as Value;
  if (Array.isArray(parsed)) return parsed.map(mapped);
  const map = new Map<Value, Value>();
  for (const [name, value] of Object.entries(parsed)) map.set(name, mapped(value));
  return map;
}
