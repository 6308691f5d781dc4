import { schemas } from '../../../src/contract/index.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import { columnTypes } from '../binlog/event-types.ts';
import type { CellReader } from '../binlog/rows-event.ts';
import type { ValueType } from './value-type.ts';

const readFloat: CellReader = cursor => cursor.bytes.readFloatLE(cursor.take(4));
const readDouble: CellReader = cursor => cursor.bytes.readDoubleLE(cursor.take(8));

function readText(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end);
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw unreadable('floating point');
  return value;
}

/** REAL in Debezium's schema, FLOAT without scale: a float32, of whatever the server stores. */
export const float32Type: ValueType = {
  schema: schemas.float32,
  binlog: ({ type }) => {
    if (type === columnTypes.FLOAT) return readFloat;
    return type === columnTypes.DOUBLE ? cursor => Math.fround(readDouble(cursor) as number) : null;
  },
  text: (bytes, start, end) => Math.fround(readText(bytes, start, end)),
  fallback: 0,
  unavailable: 0,
  unavailableAsNull: true,
};

/** DOUBLE; also FLOAT(m,d): `single` where the server stores it as a float, which shows in its digits. */
export function float64Type(single: boolean): ValueType {
  return {
    schema: schemas.float64,
    binlog: ({ type }) => (type === columnTypes.DOUBLE ? readDouble : type === columnTypes.FLOAT ? readFloat : null),
    text: single ? (bytes, start, end) => Math.fround(readText(bytes, start, end)) : readText,
    fallback: 0,
    unavailable: 0,
    unavailableAsNull: true,
  };
}
