import { BSON } from 'mongodb';
import { bsonType, findElement, type Located, stringAt } from './bson/elements.ts';
import { ExtendedJson } from './json/extended-json.ts';

const relaxed = new ExtendedJson({ dialect: 'relaxed', compact: false });

/** A value as a text: strings, object ids and UUIDs as they stand, as Java's `toString` gives them; all else as JSON. */
export function shownValue(bytes: Buffer, { type, at, end }: Located): string {
  if (type === bsonType.string) return stringAt(bytes, at);
  if (type === bsonType.objectId) return bytes.toString('hex', at, end);
  const isUuid = type === bsonType.binary && bytes.readInt32LE(at) === 16 && bytes[at + 4] === BSON.Binary.SUBTYPE_UUID;
  if (isUuid) return new BSON.UUID(bytes.subarray(at + 5, end)).toString();
  return relaxed.value(bytes, type, at, end);
}

/** An id, as `idText` has it, as a person reads it, and as Debezium's notifications have it. */
export function shownId(id: string): string {
  const bytes = Buffer.from(id, 'base64');
  const found = id === '' ? null : findElement(bytes, 0, '_id');
  return found === null ? '' : shownValue(bytes, found);
}
