import { javaDouble } from '../../../src/contract/index.ts';
import { bsonType, cString, cStringEnd, documentEnd, valueEnd } from '../bson/elements.ts';
import { decimal128Text } from './decimal-128.ts';
import { JsonBytes } from './json-bytes.ts';

/** Dialects of MongoDB's extended JSON, as the Java driver writes them (org.bson.json.JsonWriterSettings). */
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

/** One text is written at a time in a thread. */
const out = new JsonBytes();

/** DateTimeFormatter.ISO_OFFSET_DATE_TIME in UTC: no more digits of the second than there are. */
function isoText(ms: bigint): string {
  const text = new Date(Number(ms)).toISOString();
  return text.replace(/\.?0+Z$/, 'Z');
}

/** A 64-bit integer's digits: most are few enough for a number. */
function longText(bytes: Buffer, at: number): string {
  const value = bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
  return Number.isSafeInteger(value) ? String(value) : String(bytes.readBigInt64LE(at));
}

/** Writes documents in one form, straight from their bytes. */
export class ExtendedJson {
  readonly #dialect: Dialect;
  readonly #comma: string;

  constructor({ dialect, compact }: JsonForm) {
    this.#dialect = dialect;
    this.#comma = compact ? ',' : ', ';
  }

  /** The document that begins at `start`. */
  document(bytes: Buffer, start = 0): string {
    out.clear();
    this.#document(bytes, start);
    return out.text;
  }

  /** One value. */
  value(bytes: Buffer, type: number, at: number, end: number): string {
    out.clear();
    this.#value(bytes, type, at, end);
    return out.text;
  }

  #document(bytes: Buffer, start: number): void {
    const stop = documentEnd(bytes, start) - 1;
    let at = start + 4;
    out.byte(0x7b);
    while (at < stop) {
      if (at > start + 4) out.ascii(this.#comma);
      const type = bytes[at]!;
      const nameEnd = cStringEnd(bytes, at + 1);
      out.quoted(bytes, at + 1, nameEnd - 1);
      out.ascii(': ');
      at = valueEnd(bytes, type, nameEnd);
      this.#value(bytes, type, nameEnd, at);
    }
    out.byte(0x7d);
  }

  #array(bytes: Buffer, start: number): void {
    const stop = documentEnd(bytes, start) - 1;
    let at = start + 4;
    out.byte(0x5b);
    while (at < stop) {
      if (at > start + 4) out.ascii(this.#comma);
      const type = bytes[at]!;
      const nameEnd = cStringEnd(bytes, at + 1);
      at = valueEnd(bytes, type, nameEnd);
      this.#value(bytes, type, nameEnd, at);
    }
    out.byte(0x5d);
  }

  #value(bytes: Buffer, type: number, at: number, end: number): void {
    switch (type) {
      case bsonType.string:
        out.quoted(bytes, at + 4, end - 1);
        break;
      case bsonType.document:
        this.#document(bytes, at);
        break;
      case bsonType.array:
        this.#array(bytes, at);
        break;
      case bsonType.objectId:
        out.ascii('{"$oid": "');
        out.hex(bytes, at, at + 12);
        out.ascii('"}');
        break;
      case bsonType.javaScript:
      case bsonType.symbol:
        out.ascii(type === bsonType.symbol ? '{"$symbol": ' : '{"$code": ');
        out.quoted(bytes, at + 4, end - 1);
        out.byte(0x7d);
        break;
      case bsonType.javaScriptWithScope:
        this.#codeWithScope(bytes, at);
        break;
      case bsonType.regularExpression:
        this.#regularExpression(bytes, at, end);
        break;
      case bsonType.dbPointer:
        this.#dbPointer(bytes, at);
        break;
      default:
        out.ascii(this.#plain(bytes, type, at, end));
    }
  }

  /** A value whose text is ASCII, whatever it is. */
  #plain(bytes: Buffer, type: number, at: number, end: number): string {
    switch (type) {
      case bsonType.double:
        return this.#double(bytes.readDoubleLE(at));
      case bsonType.binary:
        return this.#binary(bytes, at, end);
      case bsonType.undefined:
        return '{"$undefined": true}';
      case bsonType.boolean:
        return bytes[at] === 1 ? 'true' : 'false';
      case bsonType.dateTime:
        return this.#dateTime(bytes, at);
      case bsonType.null:
        return 'null';
      case bsonType.int32: {
        const value = bytes.readInt32LE(at);
        return this.#dialect === 'extended' ? `{"$numberInt": "${value}"}` : String(value);
      }
      case bsonType.timestamp:
        return `{"$timestamp": {"t": ${bytes.readUInt32LE(at + 4)}${this.#comma}"i": ${bytes.readUInt32LE(at)}}}`;
      case bsonType.int64:
        return this.#dialect === 'relaxed' ? longText(bytes, at) : `{"$numberLong": "${longText(bytes, at)}"}`;
      case bsonType.decimal128:
        return `{"$numberDecimal": "${decimal128Text(bytes, at)}"}`;
      case bsonType.minKey:
        return '{"$minKey": 1}';
      default:
        return '{"$maxKey": 1}';
    }
  }

  #double(value: number): string {
    if (this.#dialect === 'extended' || (this.#dialect === 'relaxed' && !Number.isFinite(value)))
      return `{"$numberDouble": "${javaDouble(value)}"}`;
    return javaDouble(value);
  }

  #dateTime(bytes: Buffer, at: number): string {
    if (this.#dialect === 'strict') return `{"$date": ${longText(bytes, at)}}`;
    const ms = bytes.readBigInt64LE(at);
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

  #codeWithScope(bytes: Buffer, at: number): void {
    const scope = valueEnd(bytes, bsonType.string, at + 4);
    out.ascii('{"$code": ');
    out.quoted(bytes, at + 8, scope - 1);
    out.ascii(`${this.#comma}"$scope": `);
    this.#document(bytes, scope);
    out.byte(0x7d);
  }

  /** The options in their order in the alphabet, as the Java driver has them (BsonRegularExpression). */
  #regularExpression(bytes: Buffer, at: number, end: number): void {
    const middle = cStringEnd(bytes, at);
    const options = Buffer.from([...cString(bytes, middle, end)].sort().join(''));
    const strict = this.#dialect === 'strict';
    out.ascii(strict ? '{"$regex": ' : '{"$regularExpression": {"pattern": ');
    out.quoted(bytes, at, middle - 1);
    out.ascii(`${this.#comma}${strict ? '"$options"' : '"options"'}: `);
    out.quoted(options, 0, options.length);
    out.ascii(strict ? '}' : '}}');
  }

  #dbPointer(bytes: Buffer, at: number): void {
    const id = valueEnd(bytes, bsonType.string, at);
    const extended = this.#dialect === 'extended';
    out.ascii(extended ? '{"$dbPointer": {"$ref": ' : '{"$ref": ');
    out.quoted(bytes, at + 4, id - 1);
    out.ascii(`${this.#comma}"$id": {"$oid": "`);
    out.hex(bytes, id, id + 12);
    out.ascii(extended ? '"}}}' : '"}}');
  }
}
