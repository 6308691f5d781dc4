import { Struct, type Value } from '../../../src/contract/index.ts';
import { oids } from './builtin-oids.ts';
import type { PostgresType } from './type-catalog.ts';
import type { TypeReader } from './type-reader.ts';

/**
 * A column's default as a value, from the expression that pg_get_expr writes; null: none. Nothing is evaluated: literals are read,
 * functions and current_timestamp and its kind become a placeholder of their type, anything else is no default. The rules, odd ones
 * included, are those of Debezium's PostgresDefaultValueConverter, since a default is part of the schema and stands for NULL in JSON.
 */
export function defaultValue(expression: string | null, type: PostgresType, scale: number, reader: TypeReader): Value {
  if (expression === null) return null;
  if (type.category === 'E' && type.baseOid === 0) return enumLabel(expression, type);
  const placeholder = placeholders.get(type.oid);
  if (placeholder === undefined) return null;
  const literal = literalOf(untrimmedOids.has(type.oid) ? expression : expression.trim(), placeholder);
  if (literal === null) return null;
  try {
    const value = literalValue(literal, type.oid, scale, reader);
    // The reference's schemas have no defaults of structs.
    return value instanceof Struct ? null : value;
  } catch {
    // An expression, not a literal: it has no value until it is evaluated.
    return null;
  }
}

/** The types that have defaults, and what a function call stands for. */
const placeholders: ReadonlyMap<number, string> = new Map([
  [oids.bit, '00'],
  [oids.varbit, '0'],
  [oids.bool, 'false'],
  [oids.bpchar, ''],
  [oids.varchar, ''],
  [oids.text, ''],
  [oids.numeric, '0.0'],
  [oids.float4, '0.0'],
  [oids.float8, '0.0'],
  [oids.int2, '0'],
  [oids.int4, '0'],
  [oids.int8, '0'],
  [oids.json, '{}'],
  [oids.jsonb, '{}'],
  [oids.xml, ''],
  [oids.uuid, '00000000-0000-0000-0000-000000000000'],
  [oids.date, '1970-01-01'],
  [oids.time, '00:00:00'],
  [oids.timestamp, '1970-01-01 00:00:00'],
  [oids.timestamptz, '1970-01-01 00:00:00+00'],
  [oids.interval, '00:00:00'],
]);

const untrimmedOids: ReadonlySet<number> = new Set([oids.bpchar, oids.varchar, oids.text, oids.json, oids.jsonb, oids.xml]);

const functionCall = /^[(]?[A-Za-z0-9_.]+\(.*\)/;
const currentTimes: ReadonlySet<string> = new Set(['current_timestamp', 'current_time', 'current_date', 'localtime', 'localtimestamp']);
/** The first quoted text, of one line: a doubled quote ends it too (Debezium 3.6.1; later versions read on). */
const quotedText = /'(.*?)'/;

/** The text of the literal, the placeholder for what is computed, or the expression itself where it has no quotes; null for NULL. */
function literalOf(expression: string, placeholder: string): string | null {
  if (functionCall.test(expression) || currentTimes.has(expression.toLowerCase())) return placeholder;
  if (expression.includes("'")) return quotedText.exec(expression)?.[1] ?? null;
  return expression.startsWith('NULL::') ? null : expression;
}

function read(text: string, reader: TypeReader): Value {
  const bytes = Buffer.from(text, 'utf8');
  return reader.read(bytes, 0, bytes.length);
}

/** Throws for what is no literal of the type. */
function literalValue(literal: string, oid: number, scale: number, reader: TypeReader): Value {
  switch (oid) {
    case oids.bool:
      return literal.toLowerCase() === 'true';
    case oids.bit:
      // A single digit is taken for a boolean, whatever the length of the column.
      if (literal.length === 1 && reader.schema.type === 'bytes') return Uint8Array.of(literal === '1' ? 1 : 0);
      return read(literal, reader);
    case oids.numeric:
      if (!/^[+-]?\d+(?:\.\d*)?$/.test(literal)) return null;
      return reader.schema.type === 'string' ? atScale(literal, scale) : read(literal, reader);
    case oids.uuid:
      return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(literal) ? literal.toLowerCase() : null;
    case oids.date:
      return infinite.has(literal) ? null : read(literal, reader);
    case oids.time:
      // java.time has no 24:00.
      return read(literal === '24:00:00' ? '23:59:59.999999' : literal, reader);
    case oids.timestamp:
      return infinite.has(literal) ? null : read(dateOnly.test(literal) ? `${literal} 00:00:00` : literal, reader);
    case oids.timestamptz:
      if (infinite.has(literal)) return null;
      return read(dateOnly.test(literal) ? `${literal} 00:00:00+00` : literal, reader);
    default:
      return read(literal, reader);
  }
}

/** The reference cannot hold them as defaults. */
const infinite: ReadonlySet<string> = new Set(['infinity', '-infinity']);
const dateOnly = /^\d{4,}-\d\d-\d\d$/;

/** As numeric(p, scale) writes it; null where digits would be lost. */
function atScale(plain: string, scale: number): string | null {
  const [whole = '', fraction = ''] = plain.replace('+', '').split('.');
  if (/[^0]/.test(fraction.slice(scale))) return null;
  const kept = fraction.slice(0, scale).padEnd(scale, '0');
  return kept === '' ? whole : `${whole}.${kept}`;
}

/** `'ok'::mood`: the label, if the cast is to the column's own type; quotes in it stay doubled. */
function enumLabel(expression: string, type: PostgresType): string | null {
  const cast = expression.lastIndexOf('::');
  if (cast < 0) return null;
  const parts = identifierParts(expression.slice(cast + 2));
  const name = parts.pop();
  const schema = parts.pop() ?? null;
  if (name !== type.name || (schema !== null && schema !== type.schema)) return null;
  const literal = expression.slice(0, cast);
  return /^'.*'$/s.test(literal) && literal.length > 1 ? literal.slice(1, -1) : null;
}

/** `"Odd"".name".mood` as its parts, without quotes. */
function identifierParts(identifier: string): string[] {
  const parts = identifier.match(/"(?:[^"]|"")*"|[^".]+/g) ?? [];
  return parts.map(part => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part));
}
