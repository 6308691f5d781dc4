import { type Schema, type SinkRecord, Struct, schemaOf, schemas, type Value } from '../../src/contract/index.ts';
import type { Fields, RecordChange } from '../sql/record-change.ts';
import type { JdbcConfig } from './options.ts';

/** Where a column's value is in a record. */
export type ColumnSource =
  | { readonly of: 'key' | 'row'; readonly field: string }
  /** A key that is no struct: the column is the key itself. */
  | { readonly of: 'whole key' }
  | { readonly of: 'header'; readonly field: string }
  | { readonly of: 'topic' | 'partition' | 'offset' };

export type ShapeColumn = {
  readonly name: string;
  readonly source: ColumnSource;
  /** Of the values; null where the record has none. */
  readonly schema: Schema | null;
  readonly isKey: boolean;
};

/** What the records of one schema have for a table: its columns, the key's first. */
export type RowShape = { readonly columns: readonly ShapeColumn[]; readonly keys: number };

/** Why a record has no shape: completes `... cannot be written:`. */
export class ShapelessRecord extends Error {}

const kafkaColumns: readonly ShapeColumn[] = [
  { name: '__connect_topic', source: { of: 'topic' }, schema: schemas.string, isKey: true },
  { name: '__connect_partition', source: { of: 'partition' }, schema: schemas.int32, isKey: true },
  { name: '__connect_offset', source: { of: 'offset' }, schema: schemas.int64, isKey: true },
];

/** The shape of a record's row. Throws ShapelessRecord. */
export function shapeOf(record: SinkRecord, change: RecordChange, config: JdbcConfig): RowShape {
  const keys = keyColumns(record, change, config);
  const names = new Set(keys.map(({ source }) => ('field' in source ? source.field : '')));
  const columnNames = new Set(keys.map(({ name }) => name));
  const row = change.row ?? null;
  const others: ShapeColumn[] = [];
  if (row !== null) {
    for (const [field, schema] of fieldsIn(row)) {
      const name = columnName(field, config);
      if (names.has(field) || columnNames.has(name) || !isIncluded(record.topic, field, config)) continue;
      others.push({ name, source: { of: 'row', field }, schema, isKey: false });
    }
  }
  return { columns: [...keys, ...others], keys: keys.length };
}

function keyColumns(record: SinkRecord, { key, row }: RecordChange, config: JdbcConfig): ShapeColumn[] {
  const { keyMode, keyFields } = config;
  const column = (field: string, source: ColumnSource, schema: Schema | null): ShapeColumn => ({
    name: columnName(field, config),
    source,
    schema,
    isKey: true,
  });
  switch (keyMode) {
    case 'none':
      return [];
    case 'kafka':
      return [...kafkaColumns];
    case 'record_key': {
      if (key === null) {
        if (record.key === null) throw new ShapelessRecord('it has no key, and primary.key.mode is record_key');
        if (keyFields.length !== 1) throw new ShapelessRecord('its key is no struct, so primary.key.fields must name one column');
        return [column(keyFields[0]!, { of: 'whole key' }, record.keySchema)];
      }
      return chosen(fieldsIn(key), keyFields, 'key').map(([field, schema]) => column(field, { of: 'key', field }, schema));
    }
    case 'record_value':
      if (row === null) throw new ShapelessRecord('it has no row, and primary.key.mode is record_value');
      return chosen(fieldsIn(row), keyFields, 'value').map(([field, schema]) => column(field, { of: 'row', field }, schema));
    case 'record_header': {
      const headers = record.headers.map(header => [header.key, header.schema] as const);
      return chosen(headers, keyFields, 'headers').map(([field, schema]) => column(field, { of: 'header', field }, schema));
    }
  }
}

type NamedSchema = readonly [string, Schema | null];

function chosen(fields: readonly NamedSchema[], names: readonly string[], part: string): readonly NamedSchema[] {
  if (names.length === 0) return fields;
  return names.map(name => {
    const found = fields.find(([field]) => field === name);
    if (!found) throw new ShapelessRecord(`its ${part} has no field ${name} of primary.key.fields`);
    return found;
  });
}

function fieldsIn(fields: Fields): readonly NamedSchema[] {
  if (fields instanceof Struct) return fields.schema.fields.map(({ name, schema }) => [name, schema]);
  return [...fields.keys()].map(name => [name, null]);
}

/** Debezium's rule: folded to small letters unless names are quoted. */
export function columnName(field: string, { quoteIdentifiers }: JdbcConfig): string {
  return quoteIdentifiers ? field : field.toLowerCase();
}

function isIncluded(topic: string, field: string, { include, exclude }: JdbcConfig): boolean {
  const names = [field, `${topic}:${field}`];
  if (include !== null) return names.some(name => include.includes(name));
  return !names.some(name => exclude.includes(name));
}

/** The schema of a new column for values without one, by a value. */
export function schemaOfValue(value: Value): Schema | null {
  switch (typeof value) {
    case 'boolean':
      return schemaOf('boolean', { optional: true });
    case 'bigint':
      return schemas.optionalInt64;
    case 'number':
      return Number.isInteger(value) ? schemas.optionalInt64 : schemas.optionalFloat64;
    case 'string':
      return schemas.optionalString;
    default:
      return value === null
        ? null
        : value instanceof Uint8Array
          ? schemas.optionalBytes
          : schemaOf('string', { name: 'io.debezium.data.Json' });
  }
}

/** What a record has for a column. */
export function sourceValue(record: SinkRecord, { key, row }: RecordChange, source: ColumnSource): Value {
  switch (source.of) {
    case 'key':
      return key?.get(source.field) ?? null;
    case 'row':
      return row?.get(source.field) ?? null;
    case 'whole key':
      return record.key;
    case 'header':
      return record.headers.findLast(header => header.key === source.field)?.value ?? null;
    case 'topic':
      return record.place.topic;
    case 'partition':
      return record.place.partition;
    case 'offset':
      return record.place.offset;
  }
}
