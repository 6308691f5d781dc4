import {
  type Converter,
  configSpec,
  type Header,
  type HeaderConverter,
  type Plugin,
  type Schema,
  type SchemaAndValue,
  schemas,
  type Value,
} from '../../contract/index.ts';
import { ConversionError, conversionFailed, kindOf } from '../conversion-error.ts';

const name = 'BooleanConverter';
const schema = schemas.optionalBoolean;

/** Connect's BooleanConverter: one byte, 1 or 0. */
class BooleanConverter implements Converter, HeaderConverter {
  serialize(topic: string, valueSchema: Schema | null, value: Value): Uint8Array | null {
    if (valueSchema !== null && valueSchema.type !== 'boolean')
      throw conversionFailed(name, topic, new ConversionError(`expected boolean, not ${valueSchema.type}`));
    if (value === null) return null;
    if (typeof value !== 'boolean') throw conversionFailed(name, topic, new ConversionError(`expected boolean but found ${kindOf(value)}`));
    return Uint8Array.of(value ? 1 : 0);
  }

  deserialize(topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return { schema, value: null };
    const [byte] = bytes;
    if (bytes.length !== 1 || (byte !== 0 && byte !== 1))
      throw conversionFailed(name, topic, new ConversionError('a boolean is one byte, 0 or 1'));
    return { schema, value: byte === 1 };
  }

  serializeHeader(topic: string, header: Header): Uint8Array | null {
    return this.serialize(topic, header.schema, header.value);
  }

  deserializeHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.deserialize(topic, bytes);
  }
}

export const booleanConverter: Plugin<unknown, BooleanConverter> = {
  spec: configSpec({ doc: 'A boolean as one byte, 1 or 0. For keys, values and headers.', options: {} }),
  create: () => new BooleanConverter(),
};
