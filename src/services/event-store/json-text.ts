import { SluiceError } from '../../contract/index.ts';

/** Deeper is taken for a cycle. */
const depthMax = 200;

/** Integers from here on are written as bigint, those before as number: so what is read back is what was given. */
const firstBigint = BigInt(Number.MAX_SAFE_INTEGER) + 1n;

/** Bigints that something can hold, both inclusive. */
export type IntegerRange = { readonly least: bigint; readonly most: bigint };

/** What a number may be, were it not for the digits: no reader of JSON has to take more, and PostgreSQL takes far more. */
const usualIntegers: IntegerRange = { least: -(2n ** 1024n) + 1n, most: 2n ** 1024n - 1n };

/** Looks through one value. */
class JsonCheck {
  readonly #integers: IntegerRange;
  /** There is something that `JSON.stringify` alone would write otherwise. */
  special = false;

  constructor(integers: IntegerRange) {
    this.#integers = integers;
  }

  /** Where the value is no JSON, such as `data.items[2].at is a Date`; null where it is. A field that is undefined counts as not there. */
  fault(value: unknown, path: string, depth: number): string | null {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return null;
      case 'number':
        if (Number.isInteger(value) && !Number.isSafeInteger(value)) this.special = true;
        return Number.isFinite(value) ? null : `${path} is ${value}`;
      case 'bigint':
        this.special = true;
        return this.#bigintFault(value, path);
      case 'object':
        return value === null ? null : this.#objectFault(value, path, depth);
      default:
        return `${path} is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
    }
  }

  #bigintFault(value: bigint, path: string): string | null {
    if (value < firstBigint && value > -firstBigint)
      return `${path} is a bigint that a number can hold, and would come back as one: give a number`;
    const { least, most } = this.#integers;
    return value < least || value > most ? `${path} is a bigint beyond what can be stored` : null;
  }

  #objectFault(value: object, path: string, depth: number): string | null {
    if (depth > depthMax) return `${path} lies deeper than ${depthMax} levels, or holds itself`;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const fault = this.fault(value[index], `${path}[${index}]`, depth + 1);
        if (fault !== null) return fault;
      }
      return null;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return `${path} is a ${value.constructor?.name ?? 'class instance'}`;
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue;
      const fault = this.fault(field, `${path}.${name}`, depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  }
}

/** A bigint as its digits; a number that is beyond 2^53 with a fraction of none, so that nobody takes it for an integer whose digits all count. */
function numberText(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return JSON.rawJSON(String(value));
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return JSON.rawJSON(`${BigInt(value)}.0`);
  return value;
}

/**
 * A value's JSON, which `parseExactIntegers` reads back as the same value: what JSON has no word for (dates, maps, NaN) is refused and not put into other
 * words, and a bigint within ±2^53, which would come back as a number. `of` is said first in the error: `event 2 of order:1`. Throws SluiceError
 * EVENT_INVALID with the place, never with the value.
 */
export function jsonText(value: unknown, of: string, name: string, integers: IntegerRange = usualIntegers): string {
  const check = new JsonCheck(integers);
  const fault = check.fault(value, name, 0);
  if (fault !== null) throw new SluiceError('EVENT_INVALID', `${of} is no JSON: ${fault}.`);
  return check.special ? JSON.stringify(value, numberText) : JSON.stringify(value);
}
