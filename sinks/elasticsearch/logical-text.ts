import { type Schema, Struct, schemas, type Value } from '../../src/contract/index.ts';

/** What a value is in a document, and how its field is mapped, where its schema has a name that means more than its type. */
export type LogicalType = {
  /** The value's JSON. */
  readonly text: (value: Value, schema: Schema) => string;
  readonly mapping: Readonly<Record<string, unknown>>;
};

/** Elasticsearch takes texts of up to 32,766 bytes as keywords; longer ones stay in the document, unsearched. */
const keyword = { type: 'keyword', ignore_above: 8191 } as const;
/** What lies outside the years 0 to 9999, infinity too, stays in the document, unsearched, in place of the row being refused. */
const date = { type: 'date', ignore_malformed: true } as const;

const dayMs = 86_400_000;
/** The furthest that a Date reaches on either side of 1970. */
const dateMsMax = 8.64e15;

const quoted = (text: string): string => `"${text}"`;
const json = (value: Value): string => JSON.stringify(String(value));

function beyond(positive: boolean): string {
  return quoted(positive ? 'infinity' : '-infinity');
}

function dayText(value: Value): string {
  const ms = Number(value) * dayMs;
  if (Math.abs(ms) > dateMsMax) return beyond(ms > 0);
  const iso = new Date(ms).toISOString();
  return quoted(iso.slice(0, iso.indexOf('T')));
}

/** An instant as ISO 8601 in UTC with all digits of its unit: `digits` of a second. */
function instantText(digits: 3 | 6 | 9): (value: Value) => string {
  const perMs = 10n ** BigInt(digits - 3);
  return value => {
    const units = typeof value === 'bigint' ? value : BigInt(Number(value));
    const rest = ((units % perMs) + perMs) % perMs;
    const ms = Number((units - rest) / perMs);
    if (Math.abs(ms) > dateMsMax) return beyond(ms > 0);
    const iso = new Date(ms).toISOString();
    if (digits === 3) return quoted(iso);
    return quoted(`${iso.slice(0, -1)}${rest.toString().padStart(digits - 3, '0')}Z`);
  };
}

/** A time of day as `HH:MM:SS` with the digits of its unit. */
function timeText(digits: 3 | 6 | 9): (value: Value) => string {
  const second = 10n ** BigInt(digits);
  return value => {
    const units = BigInt(value as bigint | number);
    const seconds = units / second;
    const two = (part: bigint) => part.toString().padStart(2, '0');
    const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
    return quoted(`${clock}.${(units % second).toString().padStart(digits, '0')}`);
  };
}

/** A decimal's digits, from its unscaled two's complement, as a JSON number of the same digits. */
export function decimalText(unscaled: Uint8Array, scale: number): string {
  if (unscaled.length === 0) return '0';
  const raw = BigInt(`0x${Buffer.from(unscaled.buffer, unscaled.byteOffset, unscaled.length).toString('hex')}`);
  const whole = BigInt.asIntN(unscaled.length * 8, raw);
  if (scale <= 0) return scale === 0 || whole === 0n ? whole.toString() : `${whole}${'0'.repeat(-scale)}`;
  const digits = (whole < 0n ? -whole : whole).toString().padStart(scale + 1, '0');
  return `${whole < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function variableScale(value: Value): string {
  if (!(value instanceof Struct)) return 'null';
  const unscaled = value.get('value');
  return unscaled instanceof Uint8Array ? decimalText(unscaled, Number(value.get('scale') ?? 0)) : 'null';
}

/** A JSON column is part of the document as what it is; a text that is none (cut short, say) stays a text. */
function embedded(value: Value): string {
  const text = String(value);
  try {
    JSON.parse(text);
    // A bulk request's documents are lines.
    return text.replaceAll(/[\r\n]/g, ' ');
  } catch {
    return JSON.stringify(text);
  }
}

const asText = (mapping: LogicalType['mapping']): LogicalType => ({ text: json, mapping });

/** By the schema's name: Debezium's and Kafka Connect's own types. */
export const logicalTypes: ReadonlyMap<string, LogicalType> = new Map<string, LogicalType>([
  [schemas.connectDecimal, { text: (value, schema) => decimalText(value as Uint8Array, scaleOf(schema)), mapping: { type: 'double' } }],
  ['io.debezium.data.VariableScaleDecimal', { text: variableScale, mapping: { type: 'double' } }],
  [schemas.connectDate, { text: dayText, mapping: date }],
  ['io.debezium.time.Date', { text: dayText, mapping: date }],
  ['io.debezium.time.IsoDate', { text: value => json(String(value).replace(/Z$/, '')), mapping: date }],
  [schemas.connectTimestamp, { text: instantText(3), mapping: date }],
  ['io.debezium.time.Timestamp', { text: instantText(3), mapping: date }],
  ['io.debezium.time.MicroTimestamp', { text: instantText(6), mapping: date }],
  ['io.debezium.time.NanoTimestamp', { text: instantText(9), mapping: date }],
  ['io.debezium.time.IsoTimestamp', asText(date)],
  ['io.debezium.time.ZonedTimestamp', asText(date)],
  [schemas.connectTime, { text: timeText(3), mapping: keyword }],
  ['io.debezium.time.Time', { text: timeText(3), mapping: keyword }],
  ['io.debezium.time.MicroTime', { text: timeText(6), mapping: keyword }],
  ['io.debezium.time.NanoTime', { text: timeText(9), mapping: keyword }],
  ['io.debezium.time.IsoTime', asText(keyword)],
  ['io.debezium.time.ZonedTime', asText(keyword)],
  ['io.debezium.time.Interval', asText(keyword)],
  ['io.debezium.data.Uuid', asText(keyword)],
  ['io.debezium.data.Enum', asText(keyword)],
  ['io.debezium.data.Ltree', asText(keyword)],
  ['io.debezium.data.EnumSet', { text: value => JSON.stringify(value === '' ? [] : String(value).split(',')), mapping: keyword }],
  // Its fields differ from row to row, which a mapping of its own would not take: it is kept and not searched unless a mapping is given.
  ['io.debezium.data.Json', { text: embedded, mapping: { type: 'object', enabled: false } }],
]);

function scaleOf(schema: Schema): number {
  return Number(schema.parameters?.['scale'] ?? 0);
}
