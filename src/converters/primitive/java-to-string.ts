import { type Schema, Struct, schemas, type Value } from '../../contract/index.ts';
import { javaBigDecimal, javaDouble, javaFloat, unscaledValue } from '../../contract/java-numbers.ts';
import { ConversionError, inField } from '../conversion-error.ts';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** java.util.Date.toString of a worker in UTC: `Thu Jan 01 00:00:00 UTC 1970`. */
function javaDate(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (part: number) => String(part).padStart(2, '0');
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${two(date.getUTCDate())} ${time} UTC ${date.getUTCFullYear()}`;
}

/** Milliseconds since 1970 of Connect's own date types, null for any other schema. */
export function connectDateMs(schema: Schema | null, value: Value): number | null {
  if (schema?.name === schemas.connectDate && typeof value === 'number') return value * 86_400_000;
  if (schema?.name === schemas.connectTime && typeof value === 'number') return value;
  if (schema?.name === schemas.connectTimestamp && typeof value === 'bigint') return Number(value);
  return null;
}

/** A Decimal's value as BigDecimal.toString has it, null for any other schema. */
export function connectDecimalText(schema: Schema | null, value: Value): string | null {
  if (schema?.name !== schemas.connectDecimal || !(value instanceof Uint8Array)) return null;
  return javaBigDecimal(unscaledValue(value), Number(schema.parameters?.['scale'] ?? 0));
}

/** A number as its Java class writes it; without schema, integers stand for integers. */
export function javaNumber(schema: Schema | null, value: number): string {
  if (schema?.type === 'float32') return javaFloat(value);
  return schema?.type === 'float64' || !Number.isSafeInteger(value) ? javaDouble(value) : String(value);
}

/** Structs whose bytes are arrays in Debezium. */
const structOfByteArrays = /^io\.debezium\.data\.(?:VariableScaleDecimal$|geometry\.)/;

/**
 * Bytes are a java.nio.ByteBuffer in Debezium, whose text tells their length only. Where they are an array (bits, decimals, geometries), Java
 * would write its identity (`[B@1b6d3586`), another one every time: these are refused.
 */
function bytesText(schema: Schema | null, bytes: Uint8Array): string {
  if (schema?.name === 'io.debezium.data.Bits') throw new ConversionError('bits have no text; use ByteArrayConverter or JsonConverter');
  return `java.nio.HeapByteBuffer[pos=0 lim=${bytes.length} cap=${bytes.length}]`;
}

function structText(struct: Struct): string {
  const parts: string[] = [];
  const holdsByteArrays = structOfByteArrays.test(struct.schema.name ?? '');
  for (const { name, index, schema } of struct.schema.fields) {
    const value = struct.values[index] ?? null;
    if (value === null) continue;
    try {
      if (holdsByteArrays && value instanceof Uint8Array) throw new ConversionError('bytes that have no text; use JsonConverter');
      parts.push(`${name}=${javaToString(schema, value)}`);
    } catch (fault) {
      throw inField(fault, name);
    }
  }
  return `Struct{${parts.join(',')}}`;
}

/** `toString()` of the Java object that Connect has for a value. Throws ConversionError for what has no text of its own. */
export function javaToString(schema: Schema | null, value: Value): string {
  if (value === null) return 'null';
  const dateMs = connectDateMs(schema, value);
  if (dateMs !== null) return javaDate(dateMs);
  const decimal = connectDecimalText(schema, value);
  if (decimal !== null) return decimal;
  if (typeof value === 'number') return javaNumber(schema, value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return bytesText(schema, value);
  if (value instanceof Struct) return structText(value);
  if (value instanceof Map) {
    const pairs = [...(value as ReadonlyMap<Value, Value>)].map(
      ([key, item]) => `${javaToString(schema?.keySchema ?? null, key)}=${javaToString(schema?.valueSchema ?? null, item)}`,
    );
    return `{${pairs.join(', ')}}`;
  }
  return `[${(value as readonly Value[]).map(item => javaToString(schema?.valueSchema ?? null, item)).join(', ')}]`;
}
