import type { Value } from '../../../../src/contract/index.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import type { Placeholder } from '../../../debezium/values/placeholder.ts';
import { columnTypes } from '../../binlog/event-types.ts';
import { bytesReader } from '../cells.ts';
import { readUtf8 } from '../text.ts';
import { unreadText } from '../unread-form.ts';
import type { ValueType } from '../value-type.ts';
import { jsonText } from './binary.ts';
import { patchJson } from './patch.ts';

const schema = logical('string', 'io.debezium.data.Json');

/** JSON: a stream shows MySQL's binary form without blanks, a snapshot the server's own text. MariaDB's JSON is text. */
export function jsonType(placeholder: Placeholder): ValueType {
  return {
    schema,
    binlog: column =>
      column.type === columnTypes.JSON
        ? // A value of no bytes is what a statement with IGNORE leaves of an invalid one.
          bytesReader(column, (bytes, start, end) => (end === start ? null : jsonText(bytes, start, end)))
        : bytesReader(column, readUtf8),
    text: readUtf8,
    unread: unreadText,
    fallback: '{}',
    unavailable: placeholder.text,
    unavailableAsNull: false,
    givesNull: true,
    // Without the former value (binlog_row_image=MINIMAL) the changes cannot be applied.
    patch: (bytes, before): Value =>
      typeof before === 'string' && before !== placeholder.text ? patchJson(bytes, before) : placeholder.text,
  };
}
