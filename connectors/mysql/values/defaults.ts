import type { Value } from '../../../src/contract/index.ts';
import { type ColumnModel, jdbcTypes } from '../table-model.ts';
import { binaryEncoder } from './binary.ts';
import type { ValueOptions } from './value-options.ts';
import type { ValueType } from './value-type.ts';

/**
 * A column's default as a value, from the expression in the table's model; null: none. The rules, odd ones included, are those of Debezium's
 * BinlogDefaultValueConverter and of the converters behind it, since a default is part of the schema and stands for NULL in JSON. What cannot
 * be read is no default.
 */
export function defaultValue(column: ColumnModel, type: ValueType, options: ValueOptions): Value {
  const { defaultValueExpression: expression, jdbcType } = column;
  if (expression === null) return null;
  const trimmed = numberTypes.has(jdbcType) || trimmedTypes.has(jdbcType) ? expression.trim() : expression;
  const text = introducer.exec(trimmed)?.[1] ?? trimmed;
  try {
    const value = literalValue(column, text, type, options);
    return value === undefined ? null : value;
  } catch {
    return null;
  }
}

const numberTypes: ReadonlySet<number> = new Set([
  jdbcTypes.BIT,
  jdbcTypes.SMALLINT,
  jdbcTypes.INTEGER,
  jdbcTypes.BIGINT,
  jdbcTypes.FLOAT,
  jdbcTypes.REAL,
  jdbcTypes.DOUBLE,
  jdbcTypes.NUMERIC,
  jdbcTypes.DECIMAL,
]);
const trimmedTypes: ReadonlySet<number> = new Set([
  jdbcTypes.DATE,
  jdbcTypes.TIMESTAMP,
  jdbcTypes.TIMESTAMP_WITH_TIMEZONE,
  jdbcTypes.TIME,
  jdbcTypes.BOOLEAN,
]);

/** `_utf8mb4'text'` */
const introducer = /^_[A-Za-z0-9]+'(.*)'$/;
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const integer = /^[+-]?\d+$/;
const zeroDate = /^(?:\d{4}-\d{2}-00|\d{4}-00-\d{2}|0000-\d{2}-\d{2})$/;
const zeroTimestamp = /^(?:\d{4}-\d{2}-00|\d{4}-00-\d{2}|0000-\d{2}-\d{2}) 00:00:00(?:\.\d{1,6})?$/;
const epochDate = '1970-01-01';
const epochTimestamp = '1970-01-01 00:00:00';

/** As the type's own reader reads the text. */
function read(text: string, type: ValueType): Value {
  const bytes = Buffer.from(text, 'utf8');
  return type.text(bytes, 0, bytes.length);
}

/** undefined or an exception: no default. */
function literalValue(column: ColumnModel, text: string, type: ValueType, options: ValueOptions): Value | undefined {
  const { jdbcType } = column;
  const { schema } = type;
  if (numberTypes.has(jdbcType) && /^(?:true|false)$/i.test(text)) return numberValue(/^true$/i.test(text) ? '1' : '0', column, type);
  switch (jdbcType) {
    case jdbcTypes.DATE:
      return dateDefault(column, text, type);
    case jdbcTypes.TIMESTAMP:
      return datetimeDefault(column, text, type);
    case jdbcTypes.TIMESTAMP_WITH_TIMEZONE:
      return timestampDefault(column, text, type);
    case jdbcTypes.TIME:
      return timeDefault(text, type);
    case jdbcTypes.BOOLEAN:
      return integer.test(text) ? Number(text) !== 0 : /^true$/i.test(text);
    case jdbcTypes.BIT:
      return bitDefault(column, text);
    default:
  }
  if (numberTypes.has(jdbcType)) return numberValue(text, column, type);
  if (schema.name === 'io.debezium.time.Year') return integer.test(text) ? read(text, type) : undefined;
  // What is no array and no struct; the reference has no defaults of those.
  if (schema.type === 'struct' || schema.type === 'array') return undefined;
  if (isBinary(jdbcType)) return binaryEncoder(options)(Buffer.from(text, 'utf8'));
  return schema.type === 'string' ? text : undefined;
}

function isBinary(jdbcType: number): boolean {
  return [jdbcTypes.BINARY, jdbcTypes.VARBINARY, jdbcTypes.LONGVARBINARY, jdbcTypes.BLOB].some(binary => binary === jdbcType);
}

const longMax = 2n ** 63n - 1n;
const longMin = -(2n ** 63n);

/** Math.round of Java's doubles: halves go up, and what a long cannot hold becomes its nearest. */
function rounded(text: string): bigint {
  const value = Math.floor(Number(text) + 0.5);
  const exact = BigInt(Number.isFinite(value) ? value : 0);
  return exact > longMax ? longMax : exact < longMin ? longMin : exact;
}

/** Defaults of numbers may have fractions, exponents and signs; integers round them. */
function numberValue(text: string, column: ColumnModel, type: ValueType): Value | undefined {
  if (!number.test(text)) return undefined;
  const { schema } = type;
  switch (schema.type) {
    case 'int16':
      return Number(BigInt.asIntN(16, rounded(text)));
    case 'int32':
      if (schema.name === 'io.debezium.time.Year') return integer.test(text) ? read(String(Number(text)), type) : undefined;
      return Number(BigInt.asIntN(32, rounded(text)));
    case 'int64':
      return rounded(text);
    case 'float32':
      return Math.fround(Number(text));
    case 'float64':
      return Number(text);
    case 'bytes':
      return read(scaled(text, column.scale ?? 0), type);
    case 'string':
      return read(scaled(text, column.scale ?? 0), type);
    default:
      return undefined;
  }
}

/** The number without exponent at that scale, halves away from zero. */
function scaled(text: string, scale: number): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const exponent = Math.max(-400, Math.min(400, Number(match[4] ?? 0)));
  const digits = match[2]! + match[3]!;
  // The place of the point among the digits, after the exponent has moved it.
  const point = match[2]!.length + exponent;
  const padded = digits.padStart(digits.length + Math.max(0, -point), '0').padEnd(Math.max(point, 0) + scale + 1, '0');
  const at = Math.max(point, 0);
  const kept = BigInt(padded.slice(0, at + scale) || '0');
  const up = (padded[at + scale] ?? '0') >= '5' ? 1n : 0n;
  const unscaled = String(kept + up).padStart(scale + 1, '0');
  const whole = unscaled.slice(0, unscaled.length - scale);
  const plain = scale > 0 ? `${whole}.${unscaled.slice(-scale)}` : whole;
  return match[1] === '-' && kept + up !== 0n ? `-${plain}` : plain;
}

function dateDefault(column: ColumnModel, text: string, type: ValueType): Value | undefined {
  const zero = zeroDate.test(text) || zeroTimestamp.test(text) || text === '0';
  if (zero && column.optional) return undefined;
  const date = zero ? epochDate : text;
  try {
    if (!/^\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?$/.test(date)) throw new Error('no date');
    return read(date.slice(0, 10), type);
  } catch {
    return column.optional ? undefined : read(epochDate, type);
  }
}

function datetimeDefault(column: ColumnModel, text: string, type: ValueType): Value | undefined {
  const zero = zeroTimestamp.test(text) || text === '0';
  if (zero && column.optional) return undefined;
  const moment = zero ? epochTimestamp : text;
  try {
    const match = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(:\d\d)?(\.\d{1,9})?)?$/.exec(moment);
    if (match === null) throw new Error('no moment');
    return read(`${match[1]} ${match[2] ?? '00:00'}${match[3] ?? ':00'}${match[4]?.slice(0, 7) ?? ''}`, type);
  } catch {
    return column.optional ? undefined : read(epochTimestamp, type);
  }
}

/** TIMESTAMP: read in the time zone of the reference's process, which is taken for UTC; the fraction padded as in streams. */
function timestampDefault(column: ColumnModel, text: string, type: ValueType): Value | undefined {
  if (zeroTimestamp.test(text) || text === '0' || text === epochTimestamp) return column.optional ? undefined : '1970-01-01T00:00:00Z';
  const match = /^(\d+)\D+(\d+)\D+(\d+)(?:\D+(\d+)(?:\D+(\d+)(?:\D+(\d+))?)?)?(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const two = (part: string | undefined) => (part ?? '0').padStart(2, '0');
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const shown = read(`${year!.padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`, type);
  if (typeof shown !== 'string') return undefined;
  const width = column.length ?? 0;
  const digits = width > 0 ? fraction.slice(0, width).padEnd(width, '0') : fraction.replace(/0+$/, '');
  return digits === '' ? shown : shown.replace(/Z$/, `.${digits}Z`);
}

function timeDefault(text: string, type: ValueType): Value | undefined {
  const time = /^\d*-\d*-\d* (\d*:\d*:\d*(?:\.\d*)?)$/.exec(text)?.[1] ?? text;
  const match = /^(-?)(\d+):(\d+)(?::(\d+))?(?:\.(\d*))?$/.exec(time);
  if (match === null) return undefined;
  const [, sign, hours, minutes, seconds = '0', fraction = ''] = match;
  const two = (part: string) => part.padStart(2, '0');
  return read(`${sign}${two(hours!)}:${two(minutes!)}:${two(seconds)}${fraction === '' ? '' : `.${fraction.slice(0, 6)}`}`, type);
}

/** Between the quotes of b'101'; of one bit a boolean. */
function bitDefault(column: ColumnModel, text: string): Value | undefined {
  if ((column.length ?? -1) <= 1) return integer.test(text) ? Number(text) !== 0 : /^true$/i.test(text);
  if (!/^[01]+$/.test(text)) return undefined;
  const size = Math.ceil(text.length / 8);
  const stored = Math.ceil((column.length ?? 0) / 8);
  const value = BigInt(`0b${text}`);
  const bytes = new Uint8Array(Math.max(size, stored));
  for (let index = 0; index < bytes.length; index++) bytes[index] = Number((value >> BigInt(8 * index)) & 255n);
  return bytes;
}
