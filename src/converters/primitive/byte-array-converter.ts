import {
  type Converter,
  configSpec,
  type Header,
  type HeaderConverter,
  type Plugin,
  type Schema,
  type SchemaAndValue,
  type SlabWriter,
  schemas,
  type Value,
} from '../../contract/index.ts';
import { ConversionError, conversionFailed, kindOf } from '../conversion-error.ts';

const name = 'ByteArrayConverter';

/** Connect's ByteArrayConverter: bytes pass through. */
class ByteArrayConverter implements Converter, HeaderConverter {
  serialize(topic: string, schema: Schema | null, value: Value): Uint8Array | null {
    if (schema !== null && schema.type !== 'bytes')
      throw conversionFailed(name, topic, new ConversionError(`expected bytes, not ${schema.type}`));
    if (value !== null && !(value instanceof Uint8Array))
      throw conversionFailed(name, topic, new ConversionError(`expected bytes but found ${kindOf(value)}`));
    return value;
  }

  serializeInto(topic: string, schema: Schema | null, value: Value, slab: SlabWriter): boolean {
    const bytes = this.serialize(topic, schema, value);
    if (bytes === null) return false;
    slab.bytes(bytes);
    return true;
  }

  deserialize(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    return { schema: schemas.optionalBytes, value: bytes };
  }

  serializeHeader(topic: string, header: Header): Uint8Array | null {
    return this.serialize(topic, header.schema, header.value);
  }

  deserializeHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.deserialize(topic, bytes);
  }
}

export const byteArrayConverter: Plugin<unknown, ByteArrayConverter> = {
  spec: configSpec({ doc: 'Bytes as they are; other values are refused. For keys, values and headers.', options: {} }),
  create: () => new ByteArrayConverter(),
};
