import { arraySchema, type Value } from '../../../src/contract/index.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable, unrepresentable } from '../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from './type-reader.ts';

const openBrace = 0x7b;
const closeBrace = 0x7d;
const quote = 0x22;
const backslash = 0x5c;
const equals = 0x3d;

/** An item with escapes is put together here, without them, before its reader sees it. Grows to the largest seen. */
let scratch = Buffer.alloc(256);

/** Reads the quoted item whose text begins at `start`, behind its quote; gives the item and where its closing quote stands. */
function quotedItem(bytes: Buffer, start: number, end: number, read: Read): { readonly value: Value; readonly closedAt: number } {
  let at = start;
  let escaped = false;
  for (; at < end && bytes[at] !== quote; at++) {
    if (bytes[at] !== backslash) continue;
    escaped = true;
    at++;
  }
  if (at >= end) throw unreadable('array');
  if (!escaped) return { value: read(bytes, start, at), closedAt: at };
  if (scratch.length < at - start) scratch = Buffer.alloc(Math.max(scratch.length * 2, at - start));
  let size = 0;
  for (let from = start; from < at; from++) {
    if (bytes[from] === backslash) from++;
    scratch[size++] = bytes[from]!;
  }
  return { value: read(scratch, 0, size), closedAt: at };
}

/** NULL without quotes. */
function isNull(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 4 && bytes.toString('latin1', start, end).toUpperCase() === 'NULL';
}

/** Behind the dimensions in front of an array whose lower bounds are not 1: `[0:1]={7,8}`. */
function behindDimensions(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== 0x5b) return start;
  const equalsAt = bytes.indexOf(equals, start);
  if (equalsAt < 0 || equalsAt >= end) throw unreadable('array');
  return equalsAt + 1;
}

function nullItem(): never {
  throw unrepresentable('NULL among the items of an array whose items are not optional', 'Exclude the column.');
}

/** All items of an array's text in order; inner arrays come flat. Where there may be no NULL among them, it is CONVERSION_FAILED. */
function itemsReader(read: Read, delimiter: number, nullable: boolean): Read {
  return (bytes, start, end) => {
    const items: Value[] = [];
    let depth = 0;
    let at = behindDimensions(bytes, start, end);
    if (bytes[at] !== openBrace) throw unreadable('array');
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === openBrace) {
        depth++;
        at++;
      } else if (byte === closeBrace) {
        depth--;
        at++;
        if (depth === 0) break;
      } else if (byte === delimiter) at++;
      else if (byte === quote) {
        const { value, closedAt } = quotedItem(bytes, at + 1, end, read);
        items.push(value);
        at = closedAt + 1;
      } else {
        const from = at;
        while (at < end && bytes[at] !== delimiter && bytes[at] !== closeBrace) at++;
        if (!isNull(bytes, from, at)) items.push(read(bytes, from, at));
        else if (nullable) items.push(null);
        else nullItem();
      }
    }
    if (depth !== 0 || at !== end) throw unreadable('array');
    return items;
  };
}

/** A placeholder among numbers is its bytes, one number each; anything else holds the placeholder once. */
function unavailableItems(item: TypeReader, placeholder: Placeholder): Value {
  switch (item.schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
      return Array.from(placeholder.bytes, byte => (byte << 24) >> 24);
    case 'int64':
      return Array.from(placeholder.bytes, byte => BigInt((byte << 24) >> 24));
    case 'boolean':
      return [];
    default:
      return [item.unavailable];
  }
}

/** What arrays of one element type allow. */
export type ArrayItems = {
  /** What the reference's schema says of the items. */
  readonly optional: boolean;
  /** Whether NULL among them can be shown. */
  readonly nullable: boolean;
  /** Whether the reference has a placeholder for an array that was not sent. */
  readonly placeholder: boolean;
};

/** Of one array type. */
export function arrayReader(element: TypeReader, delimiter: string, items: ArrayItems, placeholder: Placeholder): TypeReader {
  const itemSchema = items.optional ? element.schema.with({ optional: true }) : element.schema;
  const item = element.bind?.(itemSchema) ?? element;
  return {
    schema: arraySchema(itemSchema),
    read: itemsReader(item.read, delimiter.charCodeAt(0), items.nullable),
    fallback: [],
    unavailable: unavailableItems({ ...item, schema: itemSchema }, placeholder),
    unavailableAsNull: !items.placeholder,
  };
}
