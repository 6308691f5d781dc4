import { SluiceError } from '../../contract/index.ts';

/** Deeper is taken for a cycle. */
const depthMax = 200;

/** Where a value is no JSON, such as `data.items[2].price is a bigint`; null where it is. A field that is undefined counts as not there. */
function jsonFault(value: unknown, path: string, depth: number): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : `${path} is ${value}`;
    case 'object':
      break;
    default:
      return `${path} is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  }
  if (value === null) return null;
  if (depth > depthMax) return `${path} lies deeper than ${depthMax} levels, or holds itself`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const fault = jsonFault(value[index], `${path}[${index}]`, depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `${path} is a ${value.constructor?.name ?? 'class instance'}`;
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const fault = jsonFault(field, `${path}.${name}`, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * A value's JSON, which reads back as the same value: what JSON has no word for (dates, maps, bigints, NaN) is refused and not put into other
 * words. `of` is said first in the error: `event 2 of order:1`. Throws SluiceError EVENT_INVALID with the place, never with the value.
 */
export function jsonText(value: unknown, of: string, name: string): string {
  const fault = jsonFault(value, name, 0);
  if (fault !== null) throw new SluiceError('EVENT_INVALID', `${of} is no JSON: ${fault}.`);
  return JSON.stringify(value);
}
