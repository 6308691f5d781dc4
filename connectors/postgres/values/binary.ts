import { schemas, type Value } from '../../../src/contract/index.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from './type-reader.ts';
import type { ValueOptions } from './value-options.ts';

const backslash = 0x5c;

/** bytea as written with bytea_output = hex or escape. */
export function readBinary(bytes: Buffer, start: number, end: number): Buffer {
  if (bytes[start] === backslash && bytes[start + 1] === 0x78) {
    const value = Buffer.from(bytes.toString('latin1', start + 2, end), 'hex');
    if (value.length * 2 !== end - start - 2) throw unreadable('bytea');
    return value;
  }
  const value = Buffer.allocUnsafe(end - start);
  let size = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    if (byte !== backslash) {
      value[size++] = byte;
      at++;
    } else if (bytes[at + 1] === backslash && at + 1 < end) {
      value[size++] = backslash;
      at += 2;
    } else {
      value[size++] = octal(bytes, at + 1, end);
      at += 4;
    }
  }
  return value.subarray(0, size);
}

/** The byte that three octal digits write. */
function octal(bytes: Buffer, start: number, end: number): number {
  if (start + 3 > end) throw unreadable('bytea');
  let value = 0;
  for (let at = start; at < start + 3; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 7) throw unreadable('bytea');
    value = value * 8 + digit;
  }
  if (value > 255) throw unreadable('bytea');
  return value;
}

type Encode = (value: Buffer) => Value;
/** binary.handling.mode. Java's URL-safe encoder pads, Node's does not. */
const encoders: Readonly<Record<ValueOptions['binaryHandlingMode'], Encode>> = {
  bytes: value => value,
  base64: value => value.toString('base64'),
  'base64-url-safe': value => value.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  hex: value => value.toString('hex'),
};

function reader(
  toBytes: (bytes: Buffer, start: number, end: number) => Buffer,
  options: ValueOptions,
  placeholder: Placeholder,
): TypeReader {
  const mode = options.binaryHandlingMode;
  const encode = encoders[mode];
  const read: Read = mode === 'bytes' ? toBytes : (bytes, start, end) => encode(toBytes(bytes, start, end));
  // In hex the reference puts the placeholder as it stands.
  const encoded = mode === 'hex' ? placeholder.text : encode(Buffer.from(placeholder.bytes));
  const unavailable = mode === 'bytes' ? placeholder.bytes : encoded;
  const schema = mode === 'bytes' ? schemas.bytes : schemas.string;
  const unavailableAsNull = mode === 'base64' || mode === 'base64-url-safe';
  return { schema, read, fallback: mode === 'bytes' ? new Uint8Array(0) : '', unavailable, unavailableAsNull };
}

export function binaryReader(options: ValueOptions, placeholder: Placeholder): TypeReader {
  return reader(readBinary, options, placeholder);
}

/** A type nobody knows, with include.unknown.datatypes: its text as bytes. */
export function opaqueReader(options: ValueOptions, placeholder: Placeholder): TypeReader {
  return reader((bytes, start, end) => Buffer.from(bytes.subarray(start, end)), options, placeholder);
}
