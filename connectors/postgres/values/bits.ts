import { schemas } from '../../../src/contract/index.ts';
import { logical } from '../../debezium/values/logical-schema.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable, unrepresentable } from '../../debezium/values/unreadable.ts';
import type { TypeReader } from './type-reader.ts';

const one = 0x31;
const zero = 0x30;

/** bit(1) and varbit(1). */
const singleBit: TypeReader = {
  schema: schemas.boolean,
  read: (bytes, start, end) => end > start && bytes[end - 1] === one,
  fallback: false,
  unavailable: false,
};

/** Little-endian, without leading zero bits: 000 is no byte at all. */
function readBits(bytes: Buffer, start: number, end: number): Uint8Array {
  let first = start;
  while (first < end && bytes[first] === zero) first++;
  const count = end - first;
  const value = new Uint8Array(Math.ceil(count / 8));
  for (let bit = 0; bit < count; bit++) {
    const digit = bytes[end - 1 - bit];
    if (digit === one) value[bit >> 3]! |= 1 << (bit & 7);
    else if (digit !== zero) throw unreadable('bit');
  }
  return value;
}

/** bit(length) and varbit(length). */
export function bitsReader(length: number, placeholder: Placeholder): TypeReader {
  if (length <= 1) return singleBit;
  const schema = logical('bytes', 'io.debezium.data.Bits', { length: String(length) });
  return { schema, read: readBits, fallback: new Uint8Array(0), unavailable: placeholder.bytes, unavailableAsNull: true };
}

/** bit(length)[]: the reference gives the column the schema of one item, which no value of it fits. */
export function bitArrayReader(item: TypeReader): TypeReader {
  const read = (): never => {
    throw unrepresentable('an array of bit has no schema', 'Exclude the column.');
  };
  return { ...item, read };
}
