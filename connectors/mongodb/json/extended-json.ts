import { javaDouble, quotedBsonText as quoted } from '../../../src/contract/index.ts';
import { bsonType, cString, cStringEnd, eachElement, stringAt, valueEnd } from '../bson/elements.ts';
import { decimal128Text } from './decimal-128.ts';

/** Dialects of MongoDB's extended JSON, as the Java driver's JsonWriter writes them (org.bson.json.JsonWriterSettings). */
export type Dialect =
  /** Version 1: `{"$date": millis}`, `{"$binary", "$type"}`, bare NaN. */
  | 'strict'
  /** Version 2 canonical: every number says its type. */
  | 'extended'
  /** Version 2 relaxed: numbers are JSON's where they can be. */
  | 'relaxed';

/** A way to write documents. `compact`: no blank behind commas, as with the writer's indent mode without any characters. */
export type JsonForm = { readonly dialect: Dialect; readonly compact: boolean };

/** The last millisecond that RELAXED writes as a date of ISO 8601. */
const yearsEndMs = 253402300799999n;

/** DateTimeFormatter.ISO_OFFSET_DATE_TIME in UTC: no more digits of the second than there are. */
function isoText(ms: bigint): string {
  const text = new Date(Number(ms)).toISOString();
  return text.replace(/\.?0+Z$/, 'Z');
}

/** Writes documents in one form, from their bytes. */
export class ExtendedJson {
  readonly #dialect: Dialect;
  readonly #comma: string;

  constructor({ dialect, compact }: JsonForm) {
    this.#dialect = dialect;
    this.#comma = compact ? ',' : ', ';
  }

  /** The document that begins at `start`. */
  document(bytes: Buffer, start = 0): string {
    let text = '{';
    const comma = this.#comma;
    eachElement(bytes, start, (name, type, at, end) => {
      text += `${text.length === 1 ? '' : comma}${quoted(name)}: ${this.value(bytes, type, at, end)}`;
    });
    return `${text}}`;
  }

  /** One value. */
  value(bytes: Buffer, type: number, at: number, end: number): string {
    switch (type) {
      case bsonType.double:
        return this.#double(bytes.readDoubleLE(at));
      case bsonType.string:
        return quoted(stringAt(bytes, at));
      case bsonType.document:
        return this.document(bytes, at);
      case bsonType.array:
        return this.#array(bytes, at);
      case bsonType.binary:
        return this.#binary(bytes, at, end);
      case bsonType.undefined:
        return '{"$undefined": true}';
      case bsonType.objectId:
        return `{"$oid": "${bytes.toString('hex', at, at + 12)}"}`;
      case bsonType.boolean:
        return bytes[at] === 1 ? 'true' : 'false';
      case bsonType.dateTime:
        return this.#dateTime(bytes.readBigInt64LE(at));
      case bsonType.null:
        return 'null';
      case bsonType.regularExpression:
        return this.#regularExpression(bytes, at, end);
      case bsonType.dbPointer:
        return this.#dbPointer(bytes, at);
      case bsonType.javaScript:
        return `{"$code": ${quoted(stringAt(bytes, at))}}`;
      case bsonType.symbol:
        return `{"$symbol": ${quoted(stringAt(bytes, at))}}`;
      case bsonType.javaScriptWithScope: {
        const scope = valueEnd(bytes, bsonType.string, at + 4);
        return `{"$code": ${quoted(stringAt(bytes, at + 4))}${this.#comma}"$scope": ${this.document(bytes, scope)}}`;
      }
      case bsonType.int32: {
        const value = bytes.readInt32LE(at);
        return this.#dialect === 'extended' ? `{"$numberInt": "${value}"}` : String(value);
      }
      case bsonType.timestamp:
        return `{"$timestamp": {"t": ${bytes.readUInt32LE(at + 4)}${this.#comma}"i": ${bytes.readUInt32LE(at)}}}`;
      case bsonType.int64: {
        const value = bytes.readBigInt64LE(at);
        return this.#dialect === 'relaxed' ? String(value) : `{"$numberLong": "${value}"}`;
      }
      case bsonType.decimal128:
        return `{"$numberDecimal": "${decimal128Text(bytes, at)}"}`;
      case bsonType.minKey:
        return '{"$minKey": 1}';
      default:
        return '{"$maxKey": 1}';
    }
  }

  #array(bytes: Buffer, start: number): string {
    let text = '[';
    const comma = this.#comma;
    eachElement(bytes, start, (_, type, at, end) => {
      text += `${text.length === 1 ? '' : comma}${this.value(bytes, type, at, end)}`;
    });
    return `${text}]`;
  }

  #double(value: number): string {
    if (this.#dialect === 'extended' || (this.#dialect === 'relaxed' && !Number.isFinite(value)))
      return `{"$numberDouble": "${javaDouble(value)}"}`;
    return javaDouble(value);
  }

  #dateTime(ms: bigint): string {
    if (this.#dialect === 'strict') return `{"$date": ${ms}}`;
    if (this.#dialect === 'extended' || ms < 0n || ms > yearsEndMs) return `{"$date": {"$numberLong": "${ms}"}}`;
    return `{"$date": "${isoText(ms)}"}`;
  }

  /** Subtype 2 has its length once more in front of its bytes. */
  #binary(bytes: Buffer, at: number, end: number): string {
    const subtype = bytes[at + 4]!;
    const base64 = bytes.toString('base64', subtype === 2 ? at + 9 : at + 5, end);
    const hex = subtype.toString(16).toUpperCase().padStart(2, '0');
    const [comma, first] = [this.#comma, `"${base64}"`];
    if (this.#dialect === 'strict') return `{"$binary": ${first}${comma}"$type": "${hex}"}`;
    return `{"$binary": {"base64": ${first}${comma}"subType": "${hex}"}}`;
  }

  /** The options in their order in the alphabet, as the Java driver has them (BsonRegularExpression). */
  #regularExpression(bytes: Buffer, at: number, end: number): string {
    const middle = cStringEnd(bytes, at);
    const pattern = quoted(cString(bytes, at, middle));
    const options = quoted([...cString(bytes, middle, end)].sort().join(''));
    const comma = this.#comma;
    if (this.#dialect === 'strict') return `{"$regex": ${pattern}${comma}"$options": ${options}}`;
    return `{"$regularExpression": {"pattern": ${pattern}${comma}"options": ${options}}}`;
  }

  #dbPointer(bytes: Buffer, at: number): string {
    const id = valueEnd(bytes, bsonType.string, at);
    const reference = `{"$ref": ${quoted(stringAt(bytes, at))}${this.#comma}"$id": {"$oid": "${bytes.toString('hex', id, id + 12)}"}}`;
    return this.#dialect === 'extended' ? `{"$dbPointer": ${reference}}` : reference;
  }
}
