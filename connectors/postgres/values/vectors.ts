import { arraySchema, mapSchema, type Schema, Struct, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { unreadable, unrepresentable } from '../../debezium/values/unreadable.ts';
import { inHashMapOrder } from './java-hash-order.ts';
import type { TypeReader } from './type-reader.ts';

const doubleVector = arraySchema(schemas.float64, { name: 'io.debezium.data.DoubleVector', version: 1 });
const floatVector = arraySchema(schemas.float32, { name: 'io.debezium.data.FloatVector', version: 1 });
const sparseVector = structSchema(
  [
    ['dimensions', schemas.int16],
    ['vector', mapSchema(schemas.int16, schemas.float64)],
  ],
  { name: 'io.debezium.data.SparseDoubleVector', version: 1, doc: 'Sparse double vector' },
);

function number(text: string, type: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw unreadable(type);
  return value;
}

/** pgvector's vector and halfvec: `[1,2.5]`. */
function denseReader(schema: Schema, type: string, round: (value: number) => number): TypeReader {
  return {
    schema,
    read: (bytes, start, end) => {
      const text = bytes.toString('latin1', start, end);
      if (!text.startsWith('[') || !text.endsWith(']')) throw unreadable(type);
      return text
        .slice(1, -1)
        .split(',')
        .map(item => round(number(item, type)));
    },
    fallback: [],
    unavailable: [],
  };
}

export const vectorReader = denseReader(doubleVector, 'vector', value => value);
export const halfvecReader = denseReader(floatVector, 'halfvec', Math.fround);

/** The reference counts dimensions in 16 bits. */
function short(text: string): number {
  const value = number(text, 'sparsevec');
  if (value > 32_767) throw unrepresentable('a sparsevec of more than 32,767 dimensions has no schema', 'Exclude the column.');
  return value;
}

/** pgvector's sparsevec: `{1:1,3:2.5}/5`. */
function boundSparse(schema: Schema): TypeReader {
  const read = (bytes: Buffer, start: number, end: number): Value => {
    const parts = /^\{(.*)\}\/(\d+)$/.exec(bytes.toString('latin1', start, end));
    if (!parts) throw unreadable('sparsevec');
    const [, list = '', dimensions = ''] = parts;
    const items = list === '' ? [] : list.split(',');
    const pairs = items.map(item => {
      const [index = '', value = ''] = item.split(':');
      return [short(index), number(value, 'sparsevec')] as const;
    });
    const ordered = inHashMapOrder(
      pairs,
      ([index]) => index,
      index => index,
      items.length,
    );
    return new Struct(schema, [short(dimensions), new Map<Value, Value>(ordered)]);
  };
  const none = new Struct(schema, [0, new Map()]);
  return { schema, read, fallback: none, unavailable: none, bind: boundSparse };
}

export const sparsevecReader = boundSparse(sparseVector);
