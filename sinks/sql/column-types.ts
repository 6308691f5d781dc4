import { type Schema, schemas } from '../../src/contract/index.ts';

const { connectDate, connectDecimal, connectTime, connectTimestamp } = schemas;

export type Dialect = 'postgres' | 'sqlite';

/** The column type of a logical type, by its name: Postgres's, as Debezium's JDBC sink chooses. */
const logicalTypes: Readonly<Record<string, string>> = {
  [connectDate]: 'date',
  [connectTime]: 'time(6)',
  [connectTimestamp]: 'timestamp(6)',
  'io.debezium.time.Date': 'date',
  'io.debezium.time.Time': 'time(6)',
  'io.debezium.time.MicroTime': 'time(6)',
  'io.debezium.time.NanoTime': 'time(6)',
  'io.debezium.time.ZonedTime': 'time(6) with time zone',
  'io.debezium.time.Timestamp': 'timestamp(6)',
  'io.debezium.time.MicroTimestamp': 'timestamp(6)',
  'io.debezium.time.NanoTimestamp': 'timestamp(6)',
  'io.debezium.time.ZonedTimestamp': 'timestamp(6) with time zone',
  'io.debezium.time.IsoDate': 'date',
  'io.debezium.time.IsoTime': 'time(6)',
  'io.debezium.time.IsoTimestamp': 'timestamp(6)',
  'io.debezium.time.Interval': 'interval',
  'io.debezium.time.MicroDuration': 'interval',
  'io.debezium.time.NanoDuration': 'interval',
  'io.debezium.time.Year': 'integer',
  'io.debezium.data.VariableScaleDecimal': 'numeric',
  'io.debezium.data.Json': 'json',
  'io.debezium.data.Uuid': 'uuid',
  'io.debezium.data.Xml': 'xml',
};

const plainTypes: Readonly<Record<string, string>> = {
  int8: 'smallint',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  boolean: 'boolean',
  string: 'text',
  bytes: 'bytea',
  map: 'json',
  struct: 'json',
};

/** SQLite has affinities, not types: what does not fit INTEGER, REAL or BLOB is text, and decimals are NUMERIC. */
const sqliteTypes: readonly (readonly [RegExp, string])[] = [
  [/^(smallint|integer|bigint|boolean)$/, 'INTEGER'],
  [/^(real|double precision)$/, 'REAL'],
  [/^numeric/, 'NUMERIC'],
  [/^bytea$/, 'BLOB'],
];

/** The column type that a new column for values of this schema gets. */
export function columnTypeOf(schema: Schema, dialect: Dialect): string {
  const type = postgresType(schema);
  return dialect === 'postgres' ? type : (sqliteTypes.find(([pattern]) => pattern.test(type))?.[1] ?? 'TEXT');
}

function postgresType(schema: Schema): string {
  const { name, parameters } = schema;
  if (name === connectDecimal) {
    const scale = Number(parameters?.['scale'] ?? 0);
    const precision = parameters?.['connect.decimal.precision'];
    return precision === undefined ? 'numeric' : `numeric(${Number(precision)},${scale})`;
  }
  if (name === 'io.debezium.data.Bits') return `bit varying(${Number(parameters?.['length'] ?? 64)})`;
  const logical = name === null ? undefined : logicalTypes[name];
  if (logical !== undefined) return logical;
  if (schema.type === 'array') return `${postgresType(schema.valueSchema!)}[]`;
  return plainTypes[schema.type]!;
}
