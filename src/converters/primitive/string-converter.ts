import {
  type ConfigOf,
  type Converter,
  configSpec,
  type Header,
  type HeaderConverter,
  options,
  type Plugin,
  type Schema,
  type SchemaAndValue,
  schemas,
  type Value,
} from '../../contract/index.ts';
import { conversionFailed } from '../conversion-error.ts';
import { javaUtf8 } from '../java-text.ts';
import { javaToString } from './java-to-string.ts';

const name = 'StringConverter';
const schema = schemas.optionalString;

/** A character encoding by the names Java knows it by. */
type Encoding = { encode(text: string): Uint8Array; decode(bytes: Buffer): string };

const utf8: Encoding = { encode: javaUtf8, decode: bytes => bytes.toString('utf8') };
/** Characters that an encoding lacks become question marks, as in Java: once per code point. */
const oneByte = (lacking: RegExp): Encoding => ({
  encode: text => Buffer.from(text.replace(lacking, '?'), 'latin1'),
  decode: bytes => bytes.toString('latin1').replace(lacking, '\ufffd'),
});
const encodings: Readonly<Record<string, Encoding>> = {
  utf8: utf8,
  'utf-8': utf8,
  'iso-8859-1': oneByte(/[^\x00-\xff]/gu),
  iso8859_1: oneByte(/[^\x00-\xff]/gu),
  'us-ascii': oneByte(/[^\x00-\x7f]/gu),
  ascii: oneByte(/[^\x00-\x7f]/gu),
};

/** Connect's StringConverter: whatever the value is, its Java text. */
class StringConverter implements Converter, HeaderConverter {
  readonly #encoding: Encoding;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  serialize(topic: string, valueSchema: Schema | null, value: Value): Uint8Array | null {
    if (value === null) return null;
    try {
      return this.#encoding.encode(typeof value === 'string' ? value : javaToString(valueSchema, value));
    } catch (fault) {
      throw conversionFailed(name, topic, fault);
    }
  }

  deserialize(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return { schema, value: null };
    return { schema, value: this.#encoding.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) };
  }

  serializeHeader(topic: string, header: Header): Uint8Array | null {
    return this.serialize(topic, header.schema, header.value);
  }

  deserializeHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.deserialize(topic, bytes);
  }
}

const stringOptions = {
  'converter.encoding': options.parsed(
    'STRING',
    {
      default: 'UTF8',
      doc: 'The encoding of the texts: UTF-8, ISO-8859-1 or US-ASCII.',
      importance: 'HIGH',
      group: 'Encoding',
      displayName: 'Encoding',
    },
    text => {
      const encoding = encodings[text.trim().toLowerCase()];
      if (!encoding) throw new Error(`Encoding must be one of ${Object.keys(encodings).join(', ')}`);
      return encoding;
    },
  ),
};

export const stringConverter: Plugin<ConfigOf<typeof stringOptions>, StringConverter> = {
  spec: configSpec({ doc: 'The text of a value, as Java’s `toString` gives it. For keys, values and headers.', options: stringOptions }),
  create: config => new StringConverter(config['converter.encoding']),
};
