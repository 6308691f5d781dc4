import { Struct, type Value } from '../../src/contract/index.ts';

/** A value with all of its structs read, so that it can be compared with one that was made. */
export function readStructs(value: Value): Value {
  if (value instanceof Struct) return new Struct(value.schema, value.values.map(readStructs));
  if (Array.isArray(value)) return (value as readonly Value[]).map(readStructs);
  return value instanceof Map ? new Map([...(value as ReadonlyMap<Value, Value>)].map(([key, item]) => [key, readStructs(item)])) : value;
}
