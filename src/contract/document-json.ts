import { SluiceError } from './errors.ts';
import type { Value } from './value.ts';

/** An object as JSON has it, its fields read already. */
type JsonFields = Readonly<Record<string, Value | undefined>>;

/**
 * Reads a document of MongoDB from the text that its records hold (extended JSON, of versions 1 and 2, canonical or not) as values without
 * schema: ObjectIds as their 24 digits, dates and timestamps as ISO 8601 in UTC, decimals as text with all their digits, binaries as bytes;
 * longs are numbers, bigints beyond 2^53. Throws SluiceError RECORD_REFUSED, which quotes nothing of the text.
 */
export function readDocumentJson(text: string): Value {
  try {
    return parse(text);
  } catch {
    try {
      return parse(text.replace(bareNumbers, found => (found.startsWith('"') ? found : `{"$numberDouble":"${found}"}`)));
    } catch {
      throw new SluiceError('RECORD_REFUSED', 'A record’s document cannot be read: its text is no extended JSON.');
    }
  }
}

/** What a relaxed writer leaves bare and JSON does not know, and texts, in which it means nothing. */
const bareNumbers = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gs;

function parse(text: string): Value {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }): Value | undefined => {
    if (typeof value === 'number') return numberOf(value, context?.source ?? '');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value as Value;
    const fields = value as JsonFields;
    const [first = '', , third] = Object.keys(fields);
    // Documents that stand for a value have two fields at most.
    const special = first.startsWith('$') && third === undefined ? specials[first] : undefined;
    const found = special?.(fields, first);
    if (found !== undefined) return found === nothing ? undefined : (found as Value);
    return new Map(Object.entries(fields) as [string, Value][]);
  }) as Value;
}

function numberOf(value: number, source: string): number | bigint {
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(source) ? value : BigInt(source);
}

/** The field is not there. */
const nothing = Symbol('nothing');
/** Undefined: it is no such value after all, but a document. */
type Special = (fields: JsonFields, name: string) => Value | typeof nothing | undefined;

const dateMsMax = 8.64e15;

/** Beyond what a date can be, its number. */
function isoOf(ms: Value | undefined): Value | undefined {
  if (typeof ms === 'string') return ms;
  if (typeof ms !== 'number' && typeof ms !== 'bigint') return undefined;
  return Math.abs(Number(ms)) <= dateMsMax ? new Date(Number(ms)).toISOString() : ms;
}

const text: Special = (fields, name) => (typeof fields[name] === 'string' ? fields[name] : undefined);
const number: Special = (fields, name) => (typeof fields[name] === 'string' ? Number(fields[name]) : undefined);

function part(value: Value | undefined, name: string): Value | undefined {
  return value instanceof Map ? (value as ReadonlyMap<string, Value>).get(name) : undefined;
}

function bytesOf(base64: Value | undefined): Value | undefined {
  return typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : undefined;
}

function regexOf(pattern: Value | undefined, options: Value | undefined): Value | undefined {
  if (typeof pattern !== 'string' || typeof options !== 'string') return undefined;
  return new Map<Value, Value>([
    ['regex', pattern],
    ['options', options],
  ]);
}

/** Documents that stand for a value, by the name of their first field. */
const specials: Readonly<Partial<Record<string, Special>>> = {
  $oid: text,
  $symbol: text,
  $numberDecimal: text,
  $uuid: text,
  $numberInt: number,
  $numberDouble: number,
  $numberLong: ({ $numberLong: digits }) => {
    if (typeof digits !== 'string' || !/^-?\d+$/.test(digits)) return undefined;
    return numberOf(Number(digits), digits);
  },
  $date: ({ $date: date }) => isoOf(date),
  $timestamp: ({ $timestamp: timestamp }) => {
    const seconds = part(timestamp, 't');
    return typeof seconds === 'number' ? isoOf(seconds * 1000) : undefined;
  },
  $binary: ({ $binary: binary }) => bytesOf(part(binary, 'base64') ?? binary),
  $regex: ({ $regex: pattern, $options: options }) => regexOf(pattern, options),
  $regularExpression: ({ $regularExpression: parts }) => regexOf(part(parts, 'pattern'), part(parts, 'options')),
  $code: ({ $code: code, $scope: scope }) => {
    if (typeof code !== 'string') return undefined;
    if (scope === undefined) return code;
    return new Map<Value, Value>([
      ['code', code],
      ['scope', scope],
    ]);
  },
  $undefined: () => nothing,
  $minKey: () => null,
  $maxKey: () => null,
};
