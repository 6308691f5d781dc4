import { type Schema, SluiceError, Struct, type Value } from '../../src/contract/index.ts';

/** A record that a transform cannot map. `message` names fields, options and types, never a value. */
export function transformFailed(message: string, cause?: unknown): SluiceError {
  return new SluiceError('TRANSFORM_FAILED', message, { cause });
}

/** A value without schema, by its Connect type: what Java's classes tell apart. */
export type MapValue = ReadonlyMap<Value, Value>;

export function isMap(value: Value): value is MapValue {
  return value instanceof Map;
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The Java class that Connect has for a value, as its messages name it. The schema tells numbers apart. */
export function javaClass(value: Value, schema: Schema | null = null): string {
  if (value === null) return 'null';
  if (schema?.name === 'org.apache.kafka.connect.data.Decimal') return 'java.math.BigDecimal';
  if (schema?.name && /^org\.apache\.kafka\.connect\.data\.(?:Date|Time|Timestamp)$/.test(schema.name)) return 'java.util.Date';
  if (typeof value === 'string') return 'java.lang.String';
  if (typeof value === 'boolean') return 'java.lang.Boolean';
  if (typeof value === 'bigint') return 'java.lang.Long';
  if (typeof value === 'number') {
    const classes: Readonly<Record<string, string>> = {
      int8: 'Byte',
      int16: 'Short',
      int32: 'Integer',
      float32: 'Float',
      float64: 'Double',
    };
    return `java.lang.${classes[schema?.type ?? ''] ?? (Number.isInteger(value) ? 'Long' : 'Double')}`;
  }
  if (value instanceof Struct) return 'org.apache.kafka.connect.data.Struct';
  if (value instanceof Uint8Array) return 'java.nio.ByteBuffer';
  return isMap(value) ? 'java.util.Map' : 'java.util.List';
}

/** Requirements.requireStruct: null is refused too. */
export function requireStruct(value: Value, purpose: string): Struct {
  if (value instanceof Struct) return value;
  throw transformFailed(`Only Struct objects supported for [${purpose}], found: ${javaClass(value)}`);
}

export function requireStructOrNull(value: Value, purpose: string): Struct | null {
  return value === null ? null : requireStruct(value, purpose);
}

/** Requirements.requireMap: null is refused too. */
export function requireMap(value: Value, purpose: string): MapValue {
  if (isMap(value)) return value;
  throw transformFailed(`Only Map objects supported in absence of schema for [${purpose}], found: ${javaClass(value)}`);
}

export function requireMapOrNull(value: Value, purpose: string): MapValue | null {
  return value === null ? null : requireMap(value, purpose);
}
