import { rowOf, type Schema, type SinkRecord, Struct, type Value } from '../../src/contract/index.ts';
import type { JsonText } from './json-text.ts';
import { RecordFault } from './record-fault.ts';

/** Elasticsearch's own limit. */
const idBytesMax = 512;
/** Of UTF-8, of each unit of a string. */
const characterBytesMax = 3;

/** The id of a record that is a document of its own (`key.ignore`): as Confluent's connector makes it. */
export function placeId({ place }: SinkRecord): string {
  return `${place.topic}+${place.partition}+${place.offset}`;
}

/**
 * The document's id from a record's key: a number or a text as it is; of a key with one field, that field's; of more, all of them with `|`
 * between (a `|` or `\` in one is written with a `\` before it); of MongoDB's ObjectId its digits. Throws RecordFault for a key of which none
 * can be made.
 */
export function documentId(record: SinkRecord, json: JsonText): string {
  const id = idText(record, json);
  if (id === '') throw new RecordFault('its key is empty, and a document needs an id; or set key.ignore=true');
  // So many bytes are the most that a unit of a text takes: one is asked about only where it could be too long.
  if (id.length * characterBytesMax > idBytesMax && Buffer.byteLength(id) > idBytesMax)
    throw new RecordFault(`its key is longer than the ${idBytesMax} bytes that a document's id may have`);
  return id;
}

function idText({ key, keySchema }: SinkRecord, json: JsonText): string {
  if (key === null) throw new RecordFault('it has no key, and a document needs an id; or set key.ignore=true');
  const row = rowOf(key);
  if (row === null) return unquoted(json.writer(keySchema)(key));
  const parts =
    row.values === undefined || row.schema === null
      ? [...row.fields].map(([name, value]) => partText(name, null, value, json))
      : row.schema.fields.map(({ name, schema, index }) => partText(name, schema, row.values![index]!, json));
  const [only] = parts;
  return parts.length === 1 ? (objectId.exec(only!)?.[1] ?? only!) : parts.map(part => part.replaceAll(/[\\|]/g, '\\$&')).join('|');
}

function partText(name: string, schema: Schema | null, value: Value, json: JsonText): string {
  if (value instanceof Struct && value.schema.name !== 'io.debezium.data.VariableScaleDecimal')
    throw new RecordFault(`the field '${name}' of its key has fields of its own, of which no id can be made`);
  return unquoted(json.writer(schema)(value));
}

/** As MongoDB's records have it in their keys, tombstones too. */
const objectId = /^\{"\$oid": ?"([0-9a-f]{24})"\}$/;

function unquoted(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
