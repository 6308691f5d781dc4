import type { SchemaAndValue } from './converter.ts';
import { javaFloat, parseBigDecimal, unscaledBytes } from './java-numbers.ts';
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
const literal = /[^,:{}[\]"]+/y;
const temporal = /\d{4}-\d\d-\d\d(?:T\d\d\\?:\d\d\\?:\d\d\.\d{3}Z)?|\d\d\\?:\d\d\\?:\d\d\.\d{3}Z/y;

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

/** The narrowest type that holds the number: Java would take float32 for any fraction and lose digits; here it must hold them all. */
function parseNumber(text: string): SchemaAndValue | null {
  const decimal = /^[+-]?\d/.test(text) ? parseBigDecimal(text) : null;
  if (!decimal || Math.abs(decimal.scale) > 10_000) return null;
  const { unscaled, scale } = decimal;
  const factor = 10n ** BigInt(Math.abs(scale));
  if (scale <= 0 || unscaled % factor === 0n) {
    const integer = parseInteger(scale <= 0 ? unscaled * factor : unscaled / factor);
    if (integer) return integer;
  }
  const number = Number(text);
  const digits = (candidate: string) =>
    candidate
      .replace(/^[+-]|\./g, '')
      .replace(/e.*$/i, '')
      .replace(/^0+|0+$/g, '');
  if (scale !== 0 && Number.isFinite(number)) {
    if (digits(javaFloat(number)) === digits(text)) return { schema: schemas.float32, value: Math.fround(number) };
    if (digits(String(number)) === digits(text)) return { schema: schemas.float64, value: number };
  }
  const schema = schemaOf('bytes', { name: schemas.connectDecimal, version: 1, parameters: { scale: String(scale) } });
  return { schema, value: unscaledBytes(unscaled) };
}

const ranks: Readonly<Partial<Record<SchemaType, number>>> = { int8: 0, int16: 1, int32: 2, int64: 3, float32: 4, float64: 5 };

/** The schema that holds values of both, null where there is none. */
function merged(a: Schema, b: Schema): Schema | null {
  if (a.type === b.type) return a.name === b.name ? a : null;
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

/** A number of a narrower type as the common schema has it. */
function aligned({ value }: SchemaAndValue, schema: Schema | null): Value {
  if (schema?.type === 'int64' && typeof value === 'number') return BigInt(value);
  if ((schema?.type === 'float32' || schema?.type === 'float64') && typeof value === 'bigint') return Number(value);
  return value;
}

/** Reads one structured text; throws where it is none. */
class StructuredText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): SchemaAndValue {
    const value = this.#value(0);
    this.#blanks();
    if (this.#at < this.#text.length) throw new NotStructured('text behind the value');
    return value;
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
    temporal.lastIndex = literal.lastIndex = this.#at;
    const token = (temporal.exec(this.#text) ?? literal.exec(this.#text))?.[0];
    const parsed = token === undefined ? null : parseLiteral(token.trim());
    if (!parsed) throw new NotStructured('a value that cannot be read');
    this.#at += token!.length;
    return parsed;
  }

  #quoted(): SchemaAndValue {
    let content = '';
    for (; this.#at < this.#text.length; this.#at++) {
      let unit = this.#text[this.#at]!;
      if (unit === '"') {
        this.#at++;
        return parseTemporal(content) ?? { schema: schemas.string, value: content };
      }
      if (unit === '\\') unit = this.#text[++this.#at] ?? '';
      content += unit;
    }
    throw new NotStructured('a text without its closing quote');
  }

  #array(depth: number): SchemaAndValue {
    const items: SchemaAndValue[] = [];
    if (!this.#take(']'))
      do items.push(this.#value(depth));
      while (this.#more(']'));
    const schema = commonSchema(items);
    return { schema: schema ? arraySchema(schema) : new Schema('array'), value: items.map(item => aligned(item, schema)) };
  }

  #map(depth: number): SchemaAndValue {
    const keys: SchemaAndValue[] = [];
    const values: SchemaAndValue[] = [];
    if (!this.#take('}'))
      do {
        keys.push(this.#value(depth));
        if (!this.#take(':') || keys.at(-1)!.value === null) throw new NotStructured('a map entry without key or value');
        values.push(this.#value(depth));
      } while (this.#more('}'));
    const [keySchema, valueSchema] = [commonSchema(keys), commonSchema(values)];
    const schema = keySchema && valueSchema ? mapSchema(keySchema, valueSchema) : new Schema('map', { keySchema });
    return { schema, value: new Map(keys.map((key, index) => [aligned(key, keySchema), aligned(values[index]!, valueSchema)])) };
  }

  /** true behind a comma, false behind the end. */
  #more(end: string): boolean {
    if (this.#take(end)) return false;
    if (this.#take(',')) return true;
    throw new NotStructured('a delimiter is missing');
  }
}

function parseLiteral(text: string): SchemaAndValue | null {
  if (text === 'null') return { schema: null, value: null };
  if (text === 'true' || text === 'false') return { schema: schemas.boolean, value: text === 'true' };
  return parseTemporal(text) ?? parseNumber(text);
}

/**
 * What a header's text stands for, as Connect's Values.parseString infers it: null, boolean, the narrowest number, date, time, timestamp,
 * array or map; any other text is a string. A text is read whole or not at all: `1,2` stays a string (Java takes the 1 and forgets the rest).
 */
export function parseConnectText(text: string): SchemaAndValue {
  const trimmed = text.trim();
  const parsed = parseLiteral(trimmed);
  if (parsed) return parsed;
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      return new StructuredText(trimmed).whole();
    } catch (fault) {
      if (!(fault instanceof NotStructured)) throw fault;
    }
  }
  return { schema: schemas.string, value: text };
}
