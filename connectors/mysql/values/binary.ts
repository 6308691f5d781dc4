import { schemas, type Value } from '../../../src/contract/index.ts';
import { logical } from '../../debezium/values/logical-schema.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import type { EventCursor } from '../binlog/cursor.ts';
import { columnTypes } from '../binlog/event-types.ts';
import { bytesReader } from './cells.ts';
import type { ValueOptions } from './value-options.ts';
import type { ValueType } from './value-type.ts';

type Encode = (value: Buffer) => Value;
/** binary.handling.mode. Java's URL-safe encoder pads, Node's does not. */
const encoders: Readonly<Record<ValueOptions['binaryHandlingMode'], Encode>> = {
  bytes: value => value,
  base64: value => value.toString('base64'),
  'base64-url-safe': value => value.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  hex: value => value.toString('hex'),
};

/** Values as `binary.handling.mode` shows them. */
export function binaryEncoder(options: ValueOptions): Encode {
  return encoders[options.binaryHandlingMode];
}

/** BINARY (`fixedBytes`: the binlog leaves trailing zero bytes out), VARBINARY and the BLOBs. */
export function binaryType(fixedBytes: number | null, options: ValueOptions, placeholder: Placeholder): ValueType {
  const mode = options.binaryHandlingMode;
  const encode = encoders[mode];
  const read = (bytes: Buffer, start: number, end: number): Value => {
    if (fixedBytes !== null && end - start < fixedBytes) {
      const padded = Buffer.alloc(fixedBytes);
      bytes.copy(padded, 0, start, end);
      return encode(padded);
    }
    // A copy: a view would keep all the bytes alive that came with it.
    return encode(Buffer.from(bytes.subarray(start, end)));
  };
  return {
    schema: mode === 'bytes' ? schemas.bytes : schemas.string,
    binlog: column => bytesReader(column, read),
    text: read,
    fallback: mode === 'bytes' ? new Uint8Array(0) : '',
    unavailable: mode === 'bytes' ? placeholder.bytes : mode === 'hex' ? placeholder.text : encode(Buffer.from(placeholder.bytes)),
    unavailableAsNull: false,
  };
}

/** Little-endian, in as many bytes as the bits need. */
function reversed(bytes: Buffer, start: number, end: number, size: number): Uint8Array {
  const value = new Uint8Array(Math.max(size, end - start));
  for (let at = end - 1, index = 0; at >= start; at--, index++) value[index] = bytes[at]!;
  return value;
}

/** BIT(length); of one bit a boolean. Big-endian in the binlog and in results, little-endian in records. */
export function bitsType(length: number, placeholder: Placeholder): ValueType {
  const size = (length + 7) >> 3;
  const single = length <= 1;
  const show = (bytes: Buffer, start: number, end: number): Value =>
    single ? end > start && (bytes[end - 1]! & 1) === 1 : reversed(bytes, start, end, size);
  return {
    schema: single ? schemas.boolean : logical('bytes', 'io.debezium.data.Bits', { length: String(length) }),
    binlog: column => {
      if (column.type !== columnTypes.BIT) return null;
      const stored = (column.size + 7) >> 3;
      return (cursor: EventCursor) => {
        const at = cursor.take(stored);
        return show(cursor.bytes, at, at + stored);
      };
    },
    text: show,
    fallback: single ? false : new Uint8Array(0),
    unavailable: single ? false : placeholder.bytes,
    unavailableAsNull: true,
  };
}
