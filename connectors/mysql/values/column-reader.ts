import type { ColumnReader } from '../column.ts';
import type { ColumnModel } from '../table-model.ts';
import { jdbcTypes } from '../table-model.ts';
import { defaultValue } from './defaults.ts';
import type { ValueOptions } from './value-options.ts';
import { valueType } from './value-types.ts';

const characterTypes: ReadonlySet<number> = new Set([jdbcTypes.CHAR, jdbcTypes.VARCHAR, jdbcTypes.NCHAR, jdbcTypes.NVARCHAR]);

/**
 * Compiles a column: its schema as Debezium's MySQL and MariaDB connectors have it (BinlogValueConverters, TableSchemaBuilder) and the
 * readers of its values. null: the reference has no schema for its type, and leaves it out of records.
 */
export function createColumnReader(column: ColumnModel, options: ValueOptions): ColumnReader | null {
  const plain = valueType(column, options);
  if (plain === null) return null;
  const initial = defaultValue(column, plain, options);
  const schema = plain.schema.with({ optional: column.optional, default: initial ?? undefined, doc: column.comment ?? plain.schema.doc });
  const type = plain.bind?.(schema) ?? plain;
  const whenNull = column.optional ? null : (initial ?? type.fallback);
  const { text } = type;
  const nullable = type.givesNull === true && whenNull !== null;
  const { patch } = type;
  return {
    name: column.name,
    schema,
    typeName: column.typeName,
    length: column.length ?? -1,
    scale: column.scale ?? -1,
    character: characterTypes.has(column.jdbcType),
    binlog: binlogColumn => {
      const read = type.binlog(binlogColumn);
      return read !== null && nullable ? cursor => read(cursor) ?? whenNull : read;
    },
    text: nullable ? (bytes, start, end) => text(bytes, start, end) ?? whenNull : text,
    unread: type.unread ?? null,
    patch: patch ?? null,
    whenNull,
    unavailable: type.unavailableAsNull ? whenNull : type.unavailable,
  };
}
