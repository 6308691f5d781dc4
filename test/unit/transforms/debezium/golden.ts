import { readFileSync } from 'node:fs';
import {
  type ConnectRecord,
  type Header,
  Schema,
  type SchemaType,
  Struct,
  schemas,
  structSchema,
  type Value,
} from '../../../../src/contract/index.ts';

/** JSON as it stands in a golden file. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/** A line of a golden file whose key and value carry schemas. */
export type GoldenRecord = { topic: string; key: Json; value: Json; headers: Readonly<Record<string, string | null>> };

const jsonTypes: Readonly<Record<string, SchemaType>> = { float: 'float32', double: 'float64' };
const schemaTypes: Readonly<Record<string, string>> = { float32: 'float', float64: 'double' };

/** The records of a case of the corpus. */
export function goldenRecords(name: string): readonly GoldenRecord[] {
  const path = new URL(`../../../conformance/cases/${name}/golden.ndjson`, import.meta.url);
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as GoldenRecord);
}

function objectOf(json: Json | undefined): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`not an object: ${JSON.stringify(json)}`);
  return json as JsonObject;
}

function listOf(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? json : [];
}

/** A schema as the JSON converter writes it. */
export function readSchema(json: Json): Schema {
  const { type, optional, name, version, doc, parameters, fields, items } = objectOf(json);
  const fieldsRead = listOf(fields).map((field, index) => ({ name: String(objectOf(field)['field']), index, schema: readSchema(field) }));
  const kind = jsonTypes[String(type)] ?? (type as SchemaType);
  const plain = new Schema(kind, {
    optional: optional === true,
    name: typeof name === 'string' ? name : null,
    version: typeof version === 'number' ? version : null,
    doc: typeof doc === 'string' ? doc : null,
    parameters: parameters === undefined ? null : (parameters as Readonly<Record<string, string>>),
    fields: fieldsRead,
    valueSchema: items === undefined ? null : readSchema(items),
  });
  const fallback = objectOf(json)['default'];
  return fallback === undefined ? plain : plain.with({ default: readValue(plain, fallback) });
}

/** A value as the JSON converter writes it under that schema. */
export function readValue(schema: Schema, json: Json): Value {
  if (json === null) return null;
  if (schema.type === 'struct')
    return new Struct(
      schema,
      schema.fields.map(field => readValue(field.schema, objectOf(json)[field.name] ?? null)),
    );
  if (schema.type === 'array') return listOf(json).map(item => readValue(schema.valueSchema ?? schema, item));
  if (schema.type === 'int64') return BigInt(Number(json));
  if (schema.type === 'bytes') return Buffer.from(String(json), 'base64');
  return json as Value;
}

/** The schema as the JSON converter writes it, without null attributes. */
export function writeSchema(schema: Schema): JsonObject {
  return {
    type: schemaTypes[schema.type] ?? schema.type,
    ...(schema.type === 'struct' ? { fields: schema.fields.map(field => ({ ...writeSchema(field.schema), field: field.name })) } : {}),
    ...(schema.type === 'array' && schema.valueSchema ? { items: writeSchema(schema.valueSchema) } : {}),
    optional: schema.optional,
    ...(schema.name === null ? {} : { name: schema.name }),
    ...(schema.version === null ? {} : { version: schema.version }),
    ...(schema.parameters === null ? {} : { parameters: schema.parameters }),
    ...(schema.default === undefined ? {} : { default: writeValue(schema.default) }),
  };
}

/** The value as JSON: nulls stay nulls, integers become numbers. */
export function writeValue(value: Value): Json {
  if (value instanceof Struct)
    return Object.fromEntries(value.schema.fields.map((field, index) => [field.name, writeValue(value.values[index] ?? null)]));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), writeValue(item)]));
  if (Array.isArray(value)) return value.map(item => writeValue(item));
  return typeof value === 'bigint' ? Number(value) : (value as Json);
}

function withSchema(schema: Schema | null, value: Value): Json {
  return schema === null ? writeValue(value) : { schema: writeSchema(schema), payload: writeValue(value) };
}

/** A header's value as SimpleHeaderConverter writes it, as far as these tests need it. */
function headerText(value: Value): string | null {
  if (value === null || typeof value === 'string') return value;
  return JSON.stringify(writeValue(value));
}

/** The record as a line of a golden file. */
export function writeRecord(record: ConnectRecord): GoldenRecord {
  return {
    topic: record.topic,
    key: withSchema(record.keySchema, record.key),
    value: withSchema(record.valueSchema, record.value),
    headers: Object.fromEntries(record.headers.map(({ key, value }) => [key, headerText(value)])),
  };
}

/** A row of a golden file (schema and payload), or null. */
export function readRow(json: Json): Struct | null {
  if (json === null) return null;
  const { schema, payload } = objectOf(json);
  const value = readValue(readSchema(schema ?? null), payload ?? null);
  return value instanceof Struct ? value : null;
}

const recordedEnvelope = goldenRecords('pg-ddl').find(record => JSON.stringify(record.value).includes('.Envelope'));

/** The schemas of `source` and `transaction` as a real connector has them. */
const realEnvelope = readSchema(objectOf(recordedEnvelope?.value)['schema'] ?? null);

/** The schema of an envelope around rows of that schema, with everything else as the Postgres connector has it. */
export function envelopeSchema(row: Schema, name: string): Schema {
  const optionalRow = row.with({ optional: true });
  return structSchema(
    realEnvelope.fields.map(field => [field.name, field.name === 'before' || field.name === 'after' ? optionalRow : field.schema]),
    { name: `${name}.Envelope`, version: realEnvelope.version },
  );
}

/** A struct from the fields given, the rest null. */
export function struct(schema: Schema, fields: Readonly<Record<string, Value>>): Struct {
  for (const name of Object.keys(fields)) if (schema.field(name) === undefined) throw new Error(`no field ${name}`);
  return new Struct(
    schema,
    schema.fields.map(field => fields[field.name] ?? null),
  );
}

/** What a change event is made of in these tests. */
export type Change = {
  topic?: string;
  op: string;
  before?: Struct | null;
  after?: Struct | null;
  source?: Readonly<Record<string, Value>>;
  transaction?: Readonly<Record<string, Value>> | null;
  tsMs?: bigint;
  key?: Struct | null;
  headers?: readonly Header[];
};

/** A change event in its envelope, around rows of that schema. */
export function change(schema: Schema, { topic = 'srv.public.t', op, before = null, after = null, ...rest }: Change): ConnectRecord {
  const part = (name: string, fields: Readonly<Record<string, Value>>) => struct(schema.field(name)?.schema ?? schema, fields);
  const value = struct(schema, {
    before,
    after,
    op,
    ts_ms: rest.tsMs ?? 1_700_000_000_123n,
    source: part('source', {
      version: '3.6.1.Final',
      connector: 'postgresql',
      name: 'srv',
      db: 'd',
      schema: 'public',
      table: 't',
      ...rest.source,
    }),
    transaction: rest.transaction ? part('transaction', rest.transaction) : null,
  });
  const key = rest.key ?? null;
  return {
    topic,
    partition: null,
    timestamp: null,
    keySchema: key?.schema ?? null,
    key,
    valueSchema: schema,
    value,
    headers: rest.headers ?? [],
  };
}

/** The tombstone after a delete of that key. */
export function tombstone(key: Struct | null, headers: readonly Header[] = [], topic = 'srv.public.t'): ConnectRecord {
  return { topic, partition: null, timestamp: null, keySchema: key?.schema ?? null, key, valueSchema: null, value: null, headers };
}

/** A key of one int. */
export const idKeySchema = structSchema([['id', schemas.int32]], { name: 'srv.public.t.Key' });

export function idKey(id: number): Struct {
  return new Struct(idKeySchema, [id]);
}
