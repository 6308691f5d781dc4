import { createHash } from 'node:crypto';
import {
  type Change,
  type ConnectRecord,
  type FieldRules,
  momentText,
  type Row,
  readChange,
  rowOf,
  SluiceError,
  Struct,
  type Value,
} from '../../contract/index.ts';

/** A JSON column's logical type. */
const jsonName = 'io.debezium.data.Json';

/** The types of moments that are ISO texts. */
const momentNames = new Set(['ZonedTimestamp', 'ZonedTime', 'IsoTimestamp', 'IsoTime'].map(name => `io.debezium.time.${name}`));

const nothing: ReadonlySet<string> = new Set();

/** Every field is compared as it is. */
export const everyField: FieldRules = { ignored: nothing, moments: nothing };

/** A digest of a row's fields, by the rules of its table: the same for the same row, whatever record tells it. */
export function rowDigest(row: Row, { ignored, moments }: FieldRules = everyField): string {
  const hash = createHash('sha256');
  for (const [name, value] of row.fields) {
    if (ignored.has(name)) continue;
    const isJson = typeof value === 'string' && row.schema?.field(name)?.schema.name === jsonName;
    const isMoment = typeof value === 'string' && moments.has(name);
    hash.update(`${name.length}:${name}${isJson ? documentText(value) : valueText(isMoment ? momentText(value) : value)}`);
  }
  return hash.digest('base64');
}

/**
 * The fields of the row in which two records of the same row differ: what a transform has added of the record itself, such as its position or
 * time (`add.fields` of ExtractNewRecordState).
 */
export function fieldsOfRecord(one: ConnectRecord, other: ConnectRecord): ReadonlySet<string> {
  const [a, b] = [readChange(one).after, readChange(other).after];
  if (a === null || b === null) return nothing;
  const names = new Set<string>();
  for (const name of [...a.fields.keys(), ...b.fields.keys()])
    if (valueText(a.fields.get(name) ?? null) !== valueText(b.fields.get(name) ?? null)) names.add(name);
  return names;
}

/** The fields of a record's row that are moments, by their schema. */
export function momentsIn(record: ConnectRecord | null): ReadonlySet<string> {
  const schema = record === null ? null : readChange(record).after?.schema;
  return new Set(schema?.fields.flatMap(({ name, schema: { name: type } }) => (type !== null && momentNames.has(type) ? [name] : [])));
}

/**
 * What a record says of its row, as a digest: null where it says that there is none. A MongoDB document that was not made fields is one text. Throws
 * BAD_REQUEST for a record that is of no row.
 */
export function recordDigest(record: ConnectRecord, rules: FieldRules, change: Change = readChange(record)): string | null {
  if (change.kind === 'upsert' && change.after !== null) return rowDigest(change.after, rules);
  if (change.kind === 'delete') return null;
  const fields = rowOf(record.value)?.fields;
  const after = fields?.get('after');
  if (fields?.get('op') === 'd') return null;
  if (typeof after === 'string') return createHash('sha256').update(after).digest('base64');
  throw new SluiceError(
    'BAD_REQUEST',
    `Records of topic ${record.topic} do not say what is in the row they are of, so that nothing can be compared.`,
  );
}

/** A JSON column's document: a snapshot and a stream may write the same one with other spaces. */
function documentText(text: string): string {
  try {
    return `j${JSON.stringify(JSON.parse(text))}`;
  } catch {
    return valueText(text);
  }
}

/** A value as a text of which no two values have the same. */
function valueText(value: Value): string {
  if (value === null) return 'n';
  if (typeof value === 'string') return `s${value.length}:${value}`;
  // A number and a bigint of the same amount are the same column, read with and without schema.
  if (typeof value === 'number' || typeof value === 'bigint') return `#${value};`;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof Uint8Array) return `b${value.length}:${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`;
  if (value instanceof Struct)
    return `{${value.schema.fields.map(({ name, index }) => `${name}=${valueText(value.values[index]!)}`).join('')}}`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(valueText).join('')}]`;
  const entries = Array.from(value as ReadonlyMap<Value, Value>, ([key, item]) => `${valueText(key)}=${valueText(item)}`);
  return `{${entries.sort().join('')}}`;
}
