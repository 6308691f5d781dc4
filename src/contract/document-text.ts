import { unscaledValue } from './java-numbers.ts';
import { connectDate, connectDecimal, connectTime, connectTimestamp, type Schema } from './schema.ts';
import { Struct, type Value } from './value.ts';

/** Writes one value as JSON. */
export type DocumentWriter = (value: Value) => string;

const dayMs = 86_400_000;
const cache = new WeakMap<Schema, DocumentWriter>();

/**
 * JSON of values for readers outside Kafka (caches, files, webhooks), compiled once a schema. Not the JSON converter's, whose readers have
 * the schema: temporal values are ISO 8601 (UTC where Debezium counts from the epoch), decimals are numbers with all their digits, a JSON
 * column is its document, bytes are base64, 64-bit integers are numbers with all their digits. `null` for the schema: by the value alone.
 */
export function documentWriter(schema: Schema | null): DocumentWriter {
  if (schema === null) return plainJson;
  let writer = cache.get(schema);
  if (writer === undefined) {
    const written = writerOf(schema);
    writer = (value: Value) => (value === null ? 'null' : written(value));
    cache.set(schema, writer);
  }
  return writer;
}

/**
 * A value as text, without the quotes of JSON where it is one word: for keys and hash fields. Null for null.
 */
export function documentText(schema: Schema | null, value: Value): string | null {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  const json = documentWriter(schema)(value);
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

function writerOf(schema: Schema): DocumentWriter {
  const logical = schema.name === null ? undefined : logicalWriters[schema.name];
  if (logical) return logical(schema);
  switch (schema.type) {
    case 'struct':
      return structWriter(schema);
    case 'array': {
      const item = documentWriter(schema.valueSchema);
      return value => (Array.isArray(value) ? `[${(value as readonly Value[]).map(item).join(',')}]` : plainJson(value));
    }
    case 'map': {
      const item = documentWriter(schema.valueSchema);
      const keys = schema.keySchema;
      return value => (value instanceof Map ? mapJson(value, item, keys) : plainJson(value));
    }
    default:
      return plainJson;
  }
}

function structWriter(schema: Schema): DocumentWriter {
  const fields = schema.fields.map(({ name, index, schema: type }) => ({
    head: `${JSON.stringify(name)}:`,
    index,
    write: documentWriter(type),
  }));
  return value => {
    if (!(value instanceof Struct)) return plainJson(value);
    let json = '{';
    for (const { head, index, write } of fields) json += (json.length > 1 ? ',' : '') + head + write(value.values[index]!);
    return `${json}}`;
  };
}

function mapJson(map: ReadonlyMap<Value, Value>, item: DocumentWriter, keySchema: Schema | null): string {
  let json = '{';
  for (const [key, value] of map) {
    json += `${json.length > 1 ? ',' : ''}${JSON.stringify(documentText(keySchema, key) ?? 'null')}:${item(value)}`;
  }
  return `${json}}`;
}

/** By the value alone: what has no schema, and every type without a logical name. */
function plainJson(value: Value): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value instanceof Uint8Array) return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`;
  if (value instanceof Struct) return documentWriter(value.schema)(value);
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(plainJson).join(',')}]`;
  return mapJson(value as ReadonlyMap<Value, Value>, plainJson, null);
}

/** Digits with a point: the plain notation of a BigDecimal, which is a number in JSON too. */
function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const negative = unscaled < 0n;
  const digits = String(negative ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The first second of the years that ISO 8601 writes with four digits, and the one behind their last. */
const yearRange = [-62_167_219_200, 253_402_300_800] as const;

/** Counts since 1970 in units of 10^-digits seconds. Beyond the years 0 to 9999 the count itself, which no reader takes for a date. */
function timestampText(count: bigint, digits: number): string {
  const unit = 10 ** digits;
  const inexact = Number(count);
  // Numbers hold microseconds; what they do not hold is divided as the integer that it is.
  const seconds = Number.isSafeInteger(inexact)
    ? Math.floor(inexact / unit)
    : Number((count - BigInt(unit - 1) * BigInt(count < 0n)) / BigInt(unit));
  if (seconds < yearRange[0] || seconds >= yearRange[1]) return String(count);
  const fraction = Number.isSafeInteger(inexact) ? inexact - seconds * unit : Number(count - BigInt(seconds) * BigInt(unit));
  return `"${new Date(seconds * 1000).toISOString().slice(0, 19)}${fractionText(fraction, digits)}Z"`;
}

function timeText(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const seconds = Number(count / unit);
  if (count < 0n || seconds > 86_400) return String(count);
  const pad = (part: number) => String(Math.floor(part)).padStart(2, '0');
  return `"${pad(seconds / 3600)}:${pad((seconds % 3600) / 60)}:${pad(seconds % 60)}${fractionText(Number(count % unit), digits)}"`;
}

function fractionText(fraction: number, digits: number): string {
  return fraction === 0 ? '' : `.${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`;
}

function dateText(days: number): string {
  const seconds = days * 86_400;
  if (seconds < yearRange[0] || seconds >= yearRange[1]) return String(days);
  return `"${new Date(days * dayMs).toISOString().slice(0, 10)}"`;
}

type Logical = (schema: Schema) => DocumentWriter;

const isCount = (value: Value): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value);
const counted =
  (text: (count: bigint) => string): Logical =>
  () =>
  value =>
    isCount(value) ? text(BigInt(value)) : plainJson(value);
const date: Logical = () => value => (isCount(value) ? dateText(Number(value)) : plainJson(value));

const decimal: Logical = schema => {
  const scale = Number(schema.parameters?.['scale'] ?? '0');
  return value => (value instanceof Uint8Array ? decimalText(unscaledValue(value), scale) : plainJson(value));
};

const variableScaleDecimal: Logical = schema => {
  const struct = structWriter(schema);
  return value => {
    if (!(value instanceof Struct)) return plainJson(value);
    const [scale, unscaled] = [value.get('scale'), value.get('value')];
    return typeof scale === 'number' && unscaled instanceof Uint8Array ? decimalText(unscaledValue(unscaled), scale) : struct(value);
  };
};

/** The document as it stands; what is no JSON after all (Debezium's placeholder of a value that was not sent) stays text. */
const embeddedJson: Logical = () => value => {
  if (typeof value !== 'string') return plainJson(value);
  try {
    JSON.parse(value);
    // Line ends can only stand between tokens there, and a document here is one line.
    return /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, ' ') : value;
  } catch {
    return JSON.stringify(value);
  }
};

const logicalWriters: Readonly<Record<string, Logical>> = {
  [connectDecimal]: decimal,
  [connectDate]: date,
  [connectTime]: counted(count => timeText(count, 3)),
  [connectTimestamp]: counted(count => timestampText(count, 3)),
  'io.debezium.time.Date': date,
  'io.debezium.time.Time': counted(count => timeText(count, 3)),
  'io.debezium.time.MicroTime': counted(count => timeText(count, 6)),
  'io.debezium.time.NanoTime': counted(count => timeText(count, 9)),
  'io.debezium.time.Timestamp': counted(count => timestampText(count, 3)),
  'io.debezium.time.MicroTimestamp': counted(count => timestampText(count, 6)),
  'io.debezium.time.NanoTimestamp': counted(count => timestampText(count, 9)),
  'io.debezium.data.VariableScaleDecimal': variableScaleDecimal,
  'io.debezium.data.Json': embeddedJson,
};
