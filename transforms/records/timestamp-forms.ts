import { type Schema, schemaOf, schemas, type Value } from '../../src/contract/index.ts';
import type { JavaDateFormat } from '../java-date-format.ts';
import { schemaless } from './cast-value.ts';
import { javaClass, transformFailed } from './require.ts';

/** The representations that TimestampConverter knows, in the spelling of its `target.type`. */
export const timestampForms = ['string', 'unix', 'Date', 'Time', 'Timestamp'] as const;
export type TimestampForm = (typeof timestampForms)[number];

export const unixPrecisions = ['nanoseconds', 'microseconds', 'milliseconds', 'seconds'] as const;
export type UnixPrecision = (typeof unixPrecisions)[number];

export type TimestampSettings = { readonly format: JavaDateFormat | null; readonly precision: UnixPrecision };

const dayMs = 86_400_000n;
const longMost = 2n ** 63n - 1n;

/** Units in a millisecond, negative: milliseconds in a unit. */
const perMillisecond = { nanoseconds: 1_000_000n, microseconds: 1000n, milliseconds: 1n, seconds: -1000n } as const;

/** TimeUnit's conversions: towards zero, and no further than a long reaches. */
function scaled(value: bigint, factor: bigint): bigint {
  if (factor < 0n) return value / -factor;
  const product = value * factor;
  return product > longMost ? longMost : product < -longMost - 1n ? -longMost - 1n : product;
}

const inverse = (factor: bigint) => (factor === 1n ? 1n : -factor);

const dateSchema = schemaOf('int32', { name: schemas.connectDate, version: 1 });
const timeSchema = schemaOf('int32', { name: schemas.connectTime, version: 1 });
const timestampSchema = schemaOf('int64', { name: schemas.connectTimestamp, version: 1 });

const formSchemas: Readonly<Record<TimestampForm, readonly [required: Schema, optional: Schema]>> = {
  string: [schemas.string, schemas.optionalString],
  unix: [schemas.int64, schemas.optionalInt64],
  Date: [dateSchema, dateSchema.with({ optional: true })],
  Time: [timeSchema, timeSchema.with({ optional: true })],
  Timestamp: [timestampSchema, timestampSchema.with({ optional: true })],
};

/** The one schema of a form, without the attributes of the schema it replaces. */
export function schemaOfForm(form: TimestampForm, optional: boolean): Schema {
  return formSchemas[form][optional ? 1 : 0];
}

/** ConnectSchema.toString. */
function schemaText({ name, type }: Schema): string {
  return name === null ? `Schema{${type.toUpperCase()}}` : `Schema{${name}:${type.toUpperCase()}}`;
}

/** The form of values of a schema. Throws TRANSFORM_FAILED where they are no timestamps. */
export function formOf(schema: Schema): TimestampForm {
  if (schema.name === schemas.connectTimestamp) return 'Timestamp';
  if (schema.name === schemas.connectDate) return 'Date';
  if (schema.name === schemas.connectTime) return 'Time';
  if (schema.type === 'string') return 'string';
  if (schema.type === 'int64') return 'unix';
  throw transformFailed(`Schema ${schemaText(schema)} does not correspond to a known timestamp type format`);
}

/** The form of a value without schema, which cannot be one of Connect's logical types. */
export function formOfSchemaless(value: Value): TimestampForm {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return 'unix';
  throw transformFailed(`TimestampConverter does not support class ${javaClass(value)} objects as timestamps`);
}

function parseText(text: string, format: JavaDateFormat | null): bigint {
  if (format === null) throw transformFailed('TimestampConverter requires the format option to read string timestamps');
  if (format.unreadable !== null) throw transformFailed(`The format ${format.pattern} cannot be read: ${format.unreadable}`);
  const milliseconds = format.parse(text);
  if (milliseconds === null) throw transformFailed(`Could not parse timestamp: value does not match pattern (${format.pattern})`);
  return milliseconds;
}

/** Milliseconds since 1970 of a value of that form. */
export function millisecondsOf(value: Value, form: TimestampForm, { format, precision }: TimestampSettings): bigint {
  if (form === 'string') {
    if (typeof value === 'string') return parseText(value, format);
    throw transformFailed(`Expected string timestamp to be a String, but found class ${javaClass(value)}`);
  }
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw transformFailed(
      `Expected ${form === 'unix' ? 'Unix timestamp to be a Long' : `${form} to be a java.util.Date`}, but found class ${javaClass(value)}`,
    );
  if (form === 'unix') return scaled(BigInt(value), inverse(perMillisecond[precision]));
  return form === 'Date' ? BigInt(value) * dayMs : BigInt(value);
}

function floorMod(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}

/** A function that writes milliseconds since 1970 as a value of that form, with the form's schema. */
export function writerOf(form: TimestampForm, { format, precision }: TimestampSettings): (milliseconds: bigint) => Value {
  if (form === 'string') return milliseconds => format?.format(milliseconds) ?? null;
  if (form === 'unix') return milliseconds => scaled(milliseconds, perMillisecond[precision]);
  if (form === 'Date') return milliseconds => Number((milliseconds - floorMod(milliseconds, dayMs)) / dayMs);
  if (form === 'Time') return milliseconds => Number(floorMod(milliseconds, dayMs));
  return milliseconds => milliseconds;
}

/** The same without schema, where Date, Time and Timestamp are all a moment (Java's Date) and stand as milliseconds since 1970. */
export function schemalessWriterOf(form: TimestampForm, settings: TimestampSettings): (milliseconds: bigint) => Value {
  if (form === 'Date') return milliseconds => schemaless(milliseconds - floorMod(milliseconds, dayMs));
  const write = writerOf(form, settings);
  return milliseconds => schemaless(write(milliseconds));
}
