import {
  type Converter,
  type Header,
  type HeaderConverter,
  type Schema,
  type SchemaAndValue,
  SlabWriter,
  type Value,
} from '../../contract/index.ts';
import { ConversionError, conversionFailed } from '../conversion-error.ts';
import { LeastRecentlyUsed } from '../least-recently-used.ts';
import { GuidedReader } from './guided-reader.ts';
import { endOfObject, type Json, parseJson } from './parse.ts';
import { readValue } from './reader.ts';
import { readSchema } from './schema-reader.ts';
import { schemaText } from './schema-text.ts';
import { type JsonWriter, JsonWriters, type WriterSettings, writeSchemaless } from './writer.ts';

/** JsonConverter's options, resolved. */
export type JsonSettings = WriterSettings & { readonly schemasEnable: boolean; readonly schemasCacheSize: number };

/** A schema compiled: its values' writer, and with schemas.enable the bytes in front of them. */
type Compiled = { readonly schema: Schema | null; readonly write: JsonWriter; readonly prefix: Uint8Array | null };

const name = 'JsonConverter';
const nothing: SchemaAndValue = { schema: null, value: null };
const schemaStart = '{"schema":';
const payloadStart = ',"payload":';
const closeBrace = 0x7d;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Kafka Connect's JsonConverter, byte for byte (org.apache.kafka.connect.json.JsonConverter of 4.1): for keys that is what decides which
 * records belong together.
 */
export class JsonConverter implements Converter, HeaderConverter {
  readonly #settings: JsonSettings;
  readonly #writers: JsonWriters;
  readonly #compiled = new WeakMap<Schema, Compiled>();
  readonly #schemaless: Compiled;
  /** Of the last record: most records have the schema of the one before. */
  #last: Compiled;
  readonly #slab = new SlabWriter(4096);
  /** Schemas read, by their text: equal texts give one object, so that what consumers compile for it is found again. */
  readonly #schemas: LeastRecentlyUsed<string, Schema>;
  readonly #guided: GuidedReader;
  /** The last record's bytes up to its payload, and its schema. */
  #lastPrefix: Buffer | null = null;
  #lastSchema: Schema | null = null;

  constructor(settings: JsonSettings) {
    this.#settings = settings;
    this.#writers = new JsonWriters(settings);
    this.#schemas = new LeastRecentlyUsed(settings.schemasCacheSize);
    this.#guided = new GuidedReader(settings.replaceNullWithDefault);
    this.#schemaless = {
      schema: null,
      write: (value, slab) => writeSchemaless(value, this.#writers, slab),
      prefix: settings.schemasEnable ? Buffer.from(`${schemaStart}null${payloadStart}`) : null,
    };
    this.#last = this.#schemaless;
  }

  serialize(topic: string, schema: Schema | null, value: Value): Uint8Array | null {
    this.#slab.truncate(0);
    return this.serializeInto(topic, schema, value, this.#slab) ? Uint8Array.prototype.slice.call(this.#slab.view()) : null;
  }

  serializeInto(topic: string, schema: Schema | null, value: Value, slab: SlabWriter): boolean {
    if (schema === null && value === null) return false;
    try {
      const { write, prefix } = this.#last.schema === schema ? this.#last : this.#compile(schema);
      if (prefix === null) write(value, slab);
      else {
        slab.bytes(prefix);
        write(value, slab);
        slab.ascii('}');
      }
      return true;
    } catch (fault) {
      throw conversionFailed(name, topic, fault);
    }
  }

  #compile(schema: Schema | null): Compiled {
    let compiled = schema === null ? this.#schemaless : this.#compiled.get(schema);
    if (schema !== null && !compiled) {
      const prefix = this.#settings.schemasEnable ? Buffer.from(`${schemaStart}${schemaText(schema, this.#writers)}${payloadStart}`) : null;
      compiled = { schema, write: this.#writers.of(schema), prefix };
      this.#compiled.set(schema, compiled);
    }
    this.#last = compiled!;
    return this.#last;
  }

  deserialize(topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return nothing;
    try {
      if (this.#settings.schemasEnable) return this.#enveloped(bufferOf(bytes));
      const text = decode(bytes);
      return text === '' ? nothing : { schema: null, value: readValue(null, parseJson(text), true) };
    } catch (fault) {
      throw conversionFailed(name, topic, fault);
    }
  }

  /** Reads `{"schema":...,"payload":...}`; the schema only where it is another than the last one. */
  #enveloped(bytes: Buffer): SchemaAndValue {
    const end = bytes.length - 1;
    if (bytes[end] !== closeBrace) return this.#irregular(decode(bytes));
    let prefix = this.#lastPrefix;
    if (prefix === null || !startsWith(bytes, prefix)) {
      const text = decode(bytes);
      const start = this.#payloadAt(text);
      if (start < 0) return this.#irregular(text);
      this.#lastSchema = this.#schemaOf(text.slice(schemaStart.length, start - payloadStart.length));
      prefix = Buffer.from(text.slice(0, start));
      this.#lastPrefix = prefix;
    }
    const schema = this.#lastSchema;
    const guided = schema === null ? undefined : this.#guided.read(schema, bytes, prefix.length, end);
    if (guided !== undefined) return { schema, value: guided };
    const text = decode(bytes.subarray(prefix.length, end));
    let payload: Json;
    try {
      payload = parseJson(text);
    } catch {
      // Blanks, further fields, or no JSON at all: the whole text tells which.
      return this.#irregular(decode(bytes));
    }
    return { schema, value: readValue(schema, payload, this.#settings.replaceNullWithDefault) };
  }

  /** Where the payload begins in a text laid out as every writer lays it out; -1 for any other. */
  #payloadAt(text: string): number {
    if (!text.startsWith(schemaStart)) return -1;
    const nullEnd = schemaStart.length + 4;
    const end = text.startsWith('null', schemaStart.length) ? nullEnd : endOfObject(text, schemaStart.length);
    return end > 0 && text.startsWith(payloadStart, end) ? end + payloadStart.length : -1;
  }

  #schemaOf(text: string): Schema | null {
    const known = this.#schemas.get(text);
    if (known) return known;
    const schema = readSchema(parseJson(text), this.#settings.replaceNullWithDefault);
    if (schema) this.#schemas.set(text, schema);
    return schema;
  }

  #irregular(text: string): SchemaAndValue {
    const json = text === '' ? null : parseJson(text);
    const envelope = json instanceof Map ? (json as ReadonlyMap<string, Json>) : null;
    if (envelope?.size !== 2 || !envelope.has('schema') || !envelope.has('payload'))
      throw new ConversionError(
        'schemas.enable requires "schema" and "payload" fields and may not contain additional fields; to read plain JSON data, set schemas.enable=false in the converter configuration',
      );
    const schema = readSchema(envelope.get('schema')!, this.#settings.replaceNullWithDefault);
    return { schema, value: readValue(schema, envelope.get('payload'), this.#settings.replaceNullWithDefault) };
  }

  serializeHeader(topic: string, header: Header): Uint8Array | null {
    return this.serialize(topic, header.schema, header.value);
  }

  deserializeHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.deserialize(topic, bytes);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length >= prefix.length && prefix.compare(bytes, 0, prefix.length) === 0;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ConversionError('bytes that are not UTF-8');
  }
}
