import { type Schema, schemas, type Value } from '../../src/contract/index.ts';
import type { BinaryForm } from './binary-form.ts';
import { booleanForm, float8Form, int2Form, int4Form, int8Form, numericFormOf } from './binary-numbers.ts';
import { bytesForm, jsonbForm, jsonForm, plainTextForm, varcharForm } from './binary-texts.ts';
import { dateForm, instantForm, timestampForm } from './binary-times.ts';
import type { TargetType } from './target-type.ts';
import { microsOfMillis, UnwritableValue } from './temporal-text.ts';
import { bytesOf, type ColumnWriter, columnWriter, hasLogicalText } from './value-text.ts';

const { connectDate, connectDecimal, connectTimestamp } = schemas;
const debeziumTime = 'io.debezium.time.';

/** What becomes of values on their way to a column: what `write` makes of each, and how those cross (null: as text). */
export type ColumnForm = { readonly write: ColumnWriter; readonly binary: BinaryForm | null };

/** As text: a column of any type and server, and where the text itself matters. */
export function textColumn(schema: Schema | null, type: TargetType): ColumnForm {
  return { write: columnWriter(schema, type), binary: null };
}

/** As binary only where values are written as everywhere: for keys, whose texts are kept and compared. */
export function keyColumn(schema: Schema | null, type: TargetType): ColumnForm {
  const form = binaryColumn(schema, type);
  return form.binary?.text == null ? form : textColumn(schema, type);
}

/** By the name of the type as format_type gives it, for values as they are. */
const plainForms: ReadonlyMap<string, { readonly form: BinaryForm; readonly of: RegExp }> = new Map([
  ['smallint', { form: int2Form, of: /^(int|boolean)/ }],
  ['integer', { form: int4Form, of: /^(int|boolean)/ }],
  ['bigint', { form: int8Form, of: /^(int|boolean)/ }],
  ['double precision', { form: float8Form, of: /^(int|float)/ }],
  ['boolean', { form: booleanForm, of: /^boolean/ }],
  ['bytea', { form: bytesForm, of: /^bytes/ }],
]);
/** Whatever is written becomes a text. */
const textForms: ReadonlyMap<string, BinaryForm> = new Map([
  ['text', plainTextForm],
  ['character varying', varcharForm],
  ['json', jsonForm],
  ['jsonb', jsonbForm],
]);

/** As binary where a Postgres column's type has such a form and the schema's values are of its kind, else as text. Compiled once a schema and column. */
export function binaryColumn(schema: Schema | null, type: TargetType): ColumnForm {
  if (schema?.name === connectDecimal && type.name === 'numeric') {
    const binary = numericFormOf(Number(schema.parameters?.['scale'] ?? 0));
    if (binary !== null) return { write: unscaledBytes, binary };
  }
  const time = schema?.name ? timeForm(schema.name, type.name) : null;
  if (time !== null) return time;
  const text = textForms.get(type.name);
  if (text !== undefined) return { write: columnWriter(schema, type), binary: text };
  const plain = plainForms.get(type.name);
  const isPlain = plain !== undefined && (schema === null || (plain.of.test(schema.type) && !hasLogicalText(schema)));
  return { write: columnWriter(schema, type), binary: isPlain ? plain.form : null };
}

function timeForm(logical: string, column: string): ColumnForm | null {
  switch (column) {
    case 'date':
      return logical === connectDate || logical === `${debeziumTime}Date` ? { write: wholeDays, binary: dateForm } : null;
    case 'timestamp without time zone':
      if (logical === `${debeziumTime}MicroTimestamp`) return { write: value => BigInt(value as bigint), binary: timestampForm };
      if (logical === connectTimestamp || logical === `${debeziumTime}Timestamp`)
        return { write: value => microsOfMillis(BigInt(value as bigint)), binary: timestampForm };
      return null;
    case 'timestamp with time zone':
      return logical === `${debeziumTime}ZonedTimestamp` ? { write: value => value as string, binary: instantForm } : null;
  }
  return null;
}

function wholeDays(value: Exclude<Value, null>): number {
  const days = Number(value);
  if (!Number.isInteger(days)) throw new UnwritableValue('a date is no whole number of days');
  return days;
}

function unscaledBytes(value: Exclude<Value, null>): Uint8Array {
  const bytes = bytesOf(value);
  if (bytes.length === 0) throw new UnwritableValue('a decimal has no bytes');
  return bytes;
}
