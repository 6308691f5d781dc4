import { type Schema, schemas } from '../../../src/contract/index.ts';
import { logical } from '../../debezium/values/logical-schema.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unrepresentable } from '../../debezium/values/unreadable.ts';
import type { EventCursor } from '../binlog/cursor.ts';
import { columnTypes } from '../binlog/event-types.ts';
import { bytesReader } from './cells.ts';
import { charsetDecoder } from './charsets.ts';
import { unreadText } from './unread-form.ts';
import type { ReadText, ValueType } from './value-type.ts';

/** Results come in UTF-8, whatever the column's character set is. */
export const readUtf8: ReadText = (bytes, start, end) => bytes.toString('utf8', start, end);

/** CHAR, VARCHAR, the TEXTs and what else is text in that character set; null: not known. */
export function textType(charset: string | null, placeholder: Placeholder): ValueType {
  const decode = charsetDecoder(charset);
  return {
    schema: schemas.string,
    binlog: column => bytesReader(column, decode),
    text: readUtf8,
    unread: unreadText,
    fallback: '',
    unavailable: placeholder.text,
    unavailableAsNull: false,
  };
}

/** MariaDB's UUID: sixteen bytes in the binlog, in the order in which they are written. */
export function uuidType(placeholder: Placeholder): ValueType {
  const written = (bytes: Buffer, start: number, end: number): string => {
    if (end - start !== 16) {
      // The server drops trailing zero bytes of fixed-length types.
      const padded = Buffer.alloc(16);
      bytes.copy(padded, 0, start, end);
      return uuidText(padded, 0);
    }
    return uuidText(bytes, start);
  };
  return {
    schema: logical('string', 'io.debezium.data.Uuid'),
    binlog: column => bytesReader(column, written),
    text: readUtf8,
    unread: unreadText,
    fallback: '',
    unavailable: placeholder.text,
    unavailableAsNull: false,
  };
}

function uuidText(bytes: Buffer, start: number): string {
  const hex = bytes.toString('hex', start, start + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function members(schema: Schema, read: (cursor: EventCursor, size: number) => string, type: number, placeholder: Placeholder): ValueType {
  return {
    schema,
    binlog: column => (column.type === type ? cursor => read(cursor, column.size) : null),
    text: readUtf8,
    unread: unreadText,
    fallback: '',
    unavailable: placeholder.text,
    unavailableAsNull: false,
  };
}

/** ENUM: the place of a member from 1 on; 0 is the empty text that stands for an invalid value. */
export function enumType(labels: readonly string[], placeholder: Placeholder): ValueType {
  const read = (cursor: EventCursor, size: number): string => {
    const place = size === 1 ? cursor.uint8() : cursor.uint16();
    if (place === 0) return '';
    const label = labels[place - 1];
    if (label === undefined)
      throw unrepresentable(
        `the ENUM has no member ${place} in the table's known definition`,
        'Take a new snapshot: the schema history lacks a change of this table.',
      );
    return label;
  };
  return members(logical('string', 'io.debezium.data.Enum', { allowed: labels.join(',') }), read, columnTypes.ENUM, placeholder);
}

/** SET: one bit a member; those that the definition does not have are left out, as the reference does. */
export function setType(labels: readonly string[], placeholder: Placeholder): ValueType {
  const read = (cursor: EventCursor, size: number): string => {
    const at = cursor.take(size);
    const chosen: string[] = [];
    for (let place = 0; place < size * 8; place++) {
      if (((cursor.bytes[at + (place >> 3)]! >> (place & 7)) & 1) === 0) continue;
      const label = labels[place];
      if (label !== undefined) chosen.push(label);
    }
    return chosen.join(',');
  };
  return members(logical('string', 'io.debezium.data.EnumSet', { allowed: labels.join(',') }), read, columnTypes.SET, placeholder);
}
