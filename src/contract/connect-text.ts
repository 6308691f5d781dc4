import type { SchemaAndValue } from './converter.ts';
import { parseBigDecimal, unscaledBytes } from './java-numbers.ts';
import * as schemas from './schema.ts';
import { arraySchema, mapSchema, Schema, type SchemaType, schemaOf } from './schema.ts';
import type { Value } from './value.ts';

/** Not a structured text after all: the text stays a string. */
class NotStructured extends Error {}

const dateSchema = schemaOf('int32', { name: schemas.connectDate, version: 1 });
const timeSchema = schemaOf('int32', { name: schemas.connectTime, version: 1 });
const timestampSchema = schemaOf('int64', { name: schemas.connectTimestamp, version: 1 });

const dayMs = 86_400_000;
const depthMax = 100;
/** What stands before the next delimiter; a backslash takes a delimiter its meaning. */
const literal = /(?:\\.|[^,:{}[\]"\\])+/sy;
const temporal = /(?:\d{4}-\d\d-\d\d(?:T\d\d\\?:\d\d\\?:\d\d\.\d{3}Z)?|\d\d\\?:\d\d\\?:\d\d\.\d{3}Z)(?=\s*(?:[,:{}[\]"]|$))/y;

/** The text from `at` to the next delimiter, with the colons of a time; empty where a delimiter stands. */
function literalAt(text: string, at: number): string {
  temporal.lastIndex = literal.lastIndex = at;
  return (temporal.exec(text) ?? literal.exec(text))?.[0] ?? '';
}

function parseTemporal(text: string): SchemaAndValue | null {
  const plain = text.replaceAll('\\:', ':');
  const isTime = /^\d\d:\d\d:\d\d\.\d{3}Z$/.test(plain);
  if (!isTime && !/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\.\d{3}Z)?$/.test(plain)) return null;
  const milliseconds = Date.parse(isTime ? `1970-01-01T${plain}` : plain);
  if (Number.isNaN(milliseconds)) return null;
  if (isTime) return { schema: timeSchema, value: milliseconds };
  if (plain.length === 10) return { schema: dateSchema, value: milliseconds / dayMs };
  return { schema: timestampSchema, value: BigInt(milliseconds) };
}

function parseInteger(value: bigint): SchemaAndValue | null {
  if (BigInt.asIntN(8, value) === value) return { schema: schemas.int8, value: Number(value) };
  if (BigInt.asIntN(16, value) === value) return { schema: schemas.int16, value: Number(value) };
  if (BigInt.asIntN(32, value) === value) return { schema: schemas.int32, value: Number(value) };
  return BigInt.asIntN(64, value) === value ? { schema: schemas.int64, value } : null;
}

/** The narrowest integer; for anything else float32, though it may lose digits, double, and Decimal for what is beyond both. */
function parseNumber(text: string): SchemaAndValue | null {
  const decimal = /^(?:\d|[+-]\.?\d)/.test(text) ? parseBigDecimal(text) : null;
  if (!decimal || Math.abs(decimal.scale) > 10_000) return null;
  const { unscaled, scale } = decimal;
  const factor = 10n ** BigInt(Math.abs(scale));
  if (scale <= 0 || unscaled % factor === 0n) {
    const integer = parseInteger(scale <= 0 ? unscaled * factor : unscaled / factor);
    if (integer) return integer;
  }
  const double = Number(text);
  const float = Math.fround(double);
  if (scale !== 0 && Number.isFinite(float)) return { schema: schemas.float32, value: float };
  if (scale !== 0 && Number.isFinite(double)) return { schema: schemas.float64, value: double };
  const schema = schemaOf('bytes', { name: schemas.connectDecimal, version: 1, parameters: { scale: String(scale) } });
  return { schema, value: unscaledBytes(unscaled) };
}

const ranks: Readonly<Partial<Record<SchemaType, number>>> = { int8: 0, int16: 1, int32: 2, int64: 3, float32: 4, float64: 5 };

/** The schema that holds values of both, null where there is none. Of one type the later counts, whatever it is an array or map of. */
function merged(a: Schema, b: Schema): Schema | null {
  if (a.type === b.type) return b;
  const [rankOfA, rankOfB] = [ranks[a.type], ranks[b.type]];
  if (rankOfA === undefined || rankOfB === undefined || a.name !== null || b.name !== null) return null;
  return rankOfA > rankOfB ? a : b;
}

/** The common schema of some values; null where they have none, or are all null. */
function commonSchema(parts: readonly SchemaAndValue[]): Schema | null {
  let common: Schema | null = null;
  for (const { schema } of parts) {
    if (schema === null) continue;
    common = common === null ? schema : merged(common, schema);
    if (common === null) return null;
  }
  return common;
}

/** A number of a narrower type as the common schema has it. Throws where it is null: no inferred schema is optional. */
function aligned({ value }: SchemaAndValue, schema: Schema | null): Value {
  if (schema !== null && value === null) throw new NotStructured('null beside other values');
  if (schema?.type === 'int64' && typeof value === 'number') return BigInt(value);
  if ((schema?.type === 'float32' || schema?.type === 'float64') && typeof value === 'bigint') return Number(value);
  return value;
}

/** Reads one structured text, and not what follows it; throws where it is none. */
class StructuredText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): SchemaAndValue {
    return this.#value(0);
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #take(delimiter: string): boolean {
    this.#blanks();
    if (this.#text[this.#at] !== delimiter) return false;
    this.#at++;
    return true;
  }

  #value(depth: number): SchemaAndValue {
    if (depth > depthMax) throw new NotStructured('nested too deeply');
    if (this.#take('[')) return this.#array(depth + 1);
    if (this.#take('{')) return this.#map(depth + 1);
    if (this.#take('"')) return this.#quoted();
    const token = literalAt(this.#text, this.#at);
    const parsed = parseLiteral(token.trim());
    if (!parsed) throw new NotStructured('a value that cannot be read');
    this.#at += token.length;
    return parsed;
  }

  /** Backslashes before quotes stay. */
  #quoted(): SchemaAndValue {
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text[this.#at];
      if (unit === '\\') this.#at++;
      else if (unit === '"') {
        const content = this.#text.slice(start, this.#at++);
        return parseTemporal(content) ?? { schema: schemas.string, value: content };
      }
    }
    throw new NotStructured('a text without its closing quote');
  }

  /** A comma may stand behind the last item. */
  #array(depth: number): SchemaAndValue {
    const items: SchemaAndValue[] = [];
    while (!this.#take(']')) {
      items.push(this.#value(depth));
      if (this.#take(',')) continue;
      if (!this.#take(']')) throw new NotStructured('a delimiter is missing');
      break;
    }
    const schema = commonSchema(items);
    return { schema: schema ? arraySchema(schema) : new Schema('array'), value: items.map(item => aligned(item, schema)) };
  }

  /** Commas between entries may be left out. */
  #map(depth: number): SchemaAndValue {
    const keys: SchemaAndValue[] = [];
    const values: SchemaAndValue[] = [];
    while (!this.#take('}')) {
      keys.push(this.#value(depth));
      if (!this.#take(':') || keys.at(-1)!.value === null) throw new NotStructured('a map entry without key or value');
      values.push(this.#value(depth));
      this.#take(',');
    }
    const [keySchema, valueSchema] = [commonSchema(keys), commonSchema(values)];
    const schema = keySchema && valueSchema ? mapSchema(keySchema, valueSchema) : new Schema('map', { keySchema });
    return { schema, value: new Map(keys.map((key, index) => [aligned(key, keySchema), aligned(values[index]!, valueSchema)])) };
  }
}

function parseLiteral(text: string): SchemaAndValue | null {
  if (text === 'null') return { schema: null, value: null };
  if (text === 'true' || text === 'false') return { schema: schemas.boolean, value: text === 'true' };
  return parseTemporal(text) ?? parseNumber(text);
}

/**
 * What a header's text stands for, as Connect's Values.parseString infers it: null, boolean, the narrowest number, date, time, timestamp,
 * array or map; any other text is a string. What follows a number, an array or a map behind a delimiter is forgotten: `1,2` is 1. Other than
 * in Java, dates that no calendar has (`2024-13-45`) are strings.
 */
export function parseConnectText(text: string): SchemaAndValue {
  const trimmed = text.trim();
  const token = literalAt(trimmed, 0).trim();
  const parsed = token === trimmed ? parseLiteral(token) : (parseTemporal(token) ?? parseNumber(token));
  if (parsed) return parsed;
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      return new StructuredText(trimmed).value();
    } catch (fault) {
      if (!(fault instanceof NotStructured)) throw fault;
    }
  }
  return { schema: schemas.string, value: text };
}
