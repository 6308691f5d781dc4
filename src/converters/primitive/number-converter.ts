import {
  type Converter,
  configSpec,
  type Header,
  type HeaderConverter,
  type Plugin,
  type Schema,
  type SchemaAndValue,
  type SchemaType,
  schemas,
  type Value,
} from '../../contract/index.ts';
import { ConversionError, conversionFailed, kindOf } from '../conversion-error.ts';

/** One of Connect's number types with its fixed big-endian form. */
type NumberFormat = {
  /** Of the class, for messages. */
  readonly name: string;
  readonly type: SchemaType;
  readonly schema: Schema;
  readonly bytes: number;
  write(value: Value, into: Buffer): boolean;
  read(from: Buffer): Value;
};

const integer = (value: Value, limit: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;

const formats = {
  short: {
    name: 'ShortConverter',
    type: 'int16',
    schema: schemas.optionalInt16,
    bytes: 2,
    write: (value, into) => integer(value, 2 ** 15) && into.writeInt16BE(value) > 0,
    read: from => from.readInt16BE(),
  },
  integer: {
    name: 'IntegerConverter',
    type: 'int32',
    schema: schemas.optionalInt32,
    bytes: 4,
    write: (value, into) => integer(value, 2 ** 31) && into.writeInt32BE(value) > 0,
    read: from => from.readInt32BE(),
  },
  long: {
    name: 'LongConverter',
    type: 'int64',
    schema: schemas.optionalInt64,
    bytes: 8,
    write: (value, into) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value && into.writeBigInt64BE(value) > 0,
    read: from => from.readBigInt64BE(),
  },
  float: {
    name: 'FloatConverter',
    type: 'float32',
    schema: schemas.optionalFloat32,
    bytes: 4,
    write: (value, into) => typeof value === 'number' && into.writeFloatBE(value) > 0,
    read: from => from.readFloatBE(),
  },
  double: {
    name: 'DoubleConverter',
    type: 'float64',
    schema: schemas.optionalFloat64,
    bytes: 8,
    write: (value, into) => typeof value === 'number' && into.writeDoubleBE(value) > 0,
    read: from => from.readDoubleBE(),
  },
} as const satisfies Record<string, NumberFormat>;

/** Connect's ShortConverter, IntegerConverter, LongConverter, FloatConverter and DoubleConverter. Other types are refused, as a Java cast would. */
class NumberConverter implements Converter, HeaderConverter {
  readonly #format: NumberFormat;

  constructor(format: NumberFormat) {
    this.#format = format;
  }

  serialize(topic: string, schema: Schema | null, value: Value): Uint8Array | null {
    if (value === null) return null;
    const { name, type, bytes, write } = this.#format;
    const written = Buffer.allocUnsafe(bytes);
    if (schema !== null && schema.type !== type)
      throw conversionFailed(name, topic, new ConversionError(`expected ${type}, not ${schema.type}`));
    if (!write(value, written)) throw conversionFailed(name, topic, new ConversionError(`${kindOf(value)} that is no ${type}`));
    return written;
  }

  deserialize(topic: string, bytes: Uint8Array | null): SchemaAndValue {
    const { name, schema, bytes: length, read } = this.#format;
    if (bytes === null) return { schema, value: null };
    if (bytes.length !== length) throw conversionFailed(name, topic, new ConversionError(`${bytes.length} bytes where ${length} belong`));
    return { schema, value: read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) };
  }

  serializeHeader(topic: string, header: Header): Uint8Array | null {
    return this.serialize(topic, header.schema, header.value);
  }

  deserializeHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.deserialize(topic, bytes);
  }
}

const plugin = (format: NumberFormat, form: string): Plugin<unknown, NumberConverter> => ({
  spec: configSpec({ doc: `${form}, big-endian. For keys, values and headers.`, options: {} }),
  create: () => new NumberConverter(format),
});

export const shortConverter = plugin(formats.short, 'An int16 as two bytes');
export const integerConverter = plugin(formats.integer, 'An int32 as four bytes');
export const longConverter = plugin(formats.long, 'An int64 as eight bytes');
export const floatConverter = plugin(formats.float, 'A float32 as four bytes');
export const doubleConverter = plugin(formats.double, 'A float64 as eight bytes');
