import { mapSchema, schemas, type Value } from '../../../src/contract/index.ts';
import { logical } from '../../debezium/values/logical-schema.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import { inHashMapOrder, javaStringHash } from './java-hash-order.ts';
import type { TypeReader } from './type-reader.ts';
import type { ValueOptions } from './value-options.ts';

type Pair = readonly [key: string, value: string | null];

/** A quoted text that begins at `start`; gives it and what follows its closing quote. */
function quoted(text: string, start: number): { readonly value: string; readonly next: number } {
  if (text[start] !== '"') throw unreadable('hstore');
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return { value, next: at + 1 };
    value += character === '\\' ? (text[++at] ?? '') : character;
  }
  throw unreadable('hstore');
}

/** `"a"=>"1", "b c"=>NULL` */
function parse(text: string): Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at < text.length; ) {
    const key = quoted(text, at);
    if (!text.startsWith('=>', key.next)) throw unreadable('hstore');
    at = key.next + 2;
    if (text.startsWith('NULL', at)) {
      pairs.push([key.value, null]);
      at += 4;
    } else {
      const value = quoted(text, at);
      pairs.push([key.value, value.value]);
      at = value.next;
    }
    if (at === text.length) break;
    if (!text.startsWith(', ', at)) throw unreadable('hstore');
    at += 2;
  }
  return inHashMapOrder(pairs, ([key]) => key, javaStringHash);
}

/** As Jackson writes it: control characters without a short form in capital hexadecimals. */
function jsonText(text: string): string {
  return JSON.stringify(text).replace(/\\(?:u00[01][0-9a-f]|.)/g, escaped =>
    escaped[1] === 'u' ? `\\u${escaped.slice(2).toUpperCase()}` : escaped,
  );
}

function json(pairs: readonly Pair[]): string {
  return `{${pairs.map(([key, value]) => `${jsonText(key)}:${value === null ? 'null' : jsonText(value)}`).join(',')}}`;
}

/** hstore: JSON text, or a map of texts that may be null. */
export function hstoreReader({ hstoreHandlingMode }: ValueOptions, placeholder: Placeholder): TypeReader {
  const pairs = (bytes: Buffer, start: number, end: number) => parse(bytes.toString('utf8', start, end));
  const unavailable: readonly Pair[] = [[placeholder.text, placeholder.text]];
  if (hstoreHandlingMode === 'json')
    return {
      schema: logical('string', 'io.debezium.data.Json'),
      read: (bytes, start, end) => json(pairs(bytes, start, end)),
      fallback: '{}',
      unavailable: json(unavailable),
    };
  const map = (from: readonly Pair[]): Value => new Map<Value, Value>(from);
  return {
    schema: mapSchema(schemas.string, schemas.optionalString),
    read: (bytes, start, end) => map(pairs(bytes, start, end)),
    fallback: map([]),
    unavailable: map(unavailable),
  };
}
