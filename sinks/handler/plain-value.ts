import { documentText, documentWriter, type Row, type Schema, Struct, schemas, type Value } from '../../src/contract/index.ts';

/** A row's fields as a plain object, by the rules of `sinks/handler/api.ts`; those in `leftOut` are not in it. */
export function plainRow(row: Row, leftOut: readonly string[] = []): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of row.fields) {
    if (!leftOut.includes(name)) put(plain, name, plainValue(value, row.schema?.field(name)?.schema ?? null));
  }
  return plain;
}

const decimals: readonly string[] = [schemas.connectDecimal, 'io.debezium.data.VariableScaleDecimal'];

/** Schemas whose values stand for a moment or a date. */
const temporal = /^(?:io\.debezium\.time\.|org\.apache\.kafka\.connect\.data\.(?:Date|Time|Timestamp)$)/;

/** A value without the types of its schema. */
export function plainValue(value: Value, schema: Schema | null): unknown {
  if (value === null) return null;
  if (schema !== null && schema.name !== null) {
    if (schema.name === 'io.debezium.data.Json') return document(value);
    if (decimals.includes(schema.name)) return documentText(schema, value);
    if (temporal.test(schema.name)) {
      const json = documentWriter(schema)(value);
      if (json.startsWith('"')) return JSON.parse(json);
    }
  }
  if (typeof value === 'bigint') return BigInt.asIntN(54, value) === value ? Number(value) : value;
  if (typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return value;
  if (value instanceof Struct) return plainStruct(value);
  const items = schema?.valueSchema ?? null;
  if (!(value instanceof Map)) return (value as readonly Value[]).map(item => plainValue(item, items));
  const plain: Record<string, unknown> = {};
  for (const [name, item] of value as ReadonlyMap<Value, Value>) put(plain, String(name), plainValue(item, items));
  return plain;
}

function plainStruct(struct: Struct): unknown {
  const { schema, values } = struct;
  const plain: Record<string, unknown> = {};
  for (const field of schema.fields) put(plain, field.name, plainValue(values[field.index] ?? null, field.schema));
  return plain;
}

/** A column of JSON; what does not read as that (the placeholder of an unavailable value) stays text. */
function document(value: Value): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** As any other name, `__proto__` is one of a column. */
function put(plain: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(plain, name, { value, enumerable: true, writable: true, configurable: true });
  else plain[name] = value;
}

/** Arrays and objects within each other: a value that goes on for ever is refused. */
const depthMax = 100;

/**
 * What a module publishes, as a value without schema: objects are maps, in which `undefined` is left out; what has a `toJSON` (a Date) is
 * what that answers. Throws a TypeError for what no record can hold.
 */
export function recordValue(plain: unknown, depth = 0): Value {
  if (depth > depthMax) throw new TypeError(`it is nested more than ${depthMax} deep`);
  switch (typeof plain) {
    case 'undefined':
      return null;
    case 'boolean':
    case 'bigint':
    case 'string':
      return plain;
    case 'number':
      if (!Number.isFinite(plain)) throw new TypeError(`it holds ${plain}, which JSON does not know`);
      return plain;
    case 'object':
      return plain === null ? null : valueOfObject(plain, depth + 1);
    default:
      throw new TypeError(`it holds a ${typeof plain}`);
  }
}

function valueOfObject(plain: object, depth: number): Value {
  if (plain instanceof Uint8Array) return plain;
  if (Array.isArray(plain)) return plain.map(item => recordValue(item, depth));
  if ('toJSON' in plain && typeof plain.toJSON === 'function') return recordValue(plain.toJSON(), depth);
  const entries: Iterable<readonly [unknown, unknown]> = plain instanceof Map ? plain : Object.entries(plain);
  const map = new Map<Value, Value>();
  for (const [name, item] of entries) if (item !== undefined) map.set(String(name), recordValue(item, depth));
  return map;
}
