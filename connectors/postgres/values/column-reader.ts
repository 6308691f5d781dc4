import type { CatalogColumn, ColumnReader } from '../column.ts';
import { defaultValue } from './defaults.ts';
import type { TypeCatalog } from './type-catalog.ts';
import { typeReader } from './type-readers.ts';
import { typeSize } from './type-size.ts';
import type { ValueOptions } from './value-options.ts';

/**
 * Compiles a column: its schema as Debezium's Postgres connector has it (PostgresValueConverter, TableSchemaBuilder) and the reader of
 * its text. null: a column of a type that nobody knows, which is left out of records (include.unknown.datatypes=false), or of one that
 * `types` does not have. `types.refresh()` first where a type may be new.
 */
export function createColumnReader(column: CatalogColumn, types: TypeCatalog, options: ValueOptions): ColumnReader | null {
  const type = types.get(column.typeOid);
  if (type === undefined) return null;
  const size = typeSize(type, column.typeModifier, types);
  const plain = typeReader(types.root(type), size, types, options);
  if (plain === null) return null;
  // A domain may be NOT NULL for all its columns.
  const optional = !(column.notNull || type.notNull);
  const initial = defaultValue(column.defaultExpression, type, size.scale, plain);
  const schema = plain.schema.with({ optional: optional || plain.schema.optional, default: initial ?? undefined });
  const { read, fallback, unavailable, unavailableAsNull = false } = plain.bind?.(schema) ?? plain;
  return {
    name: column.name,
    schema,
    typeName: type.name.toUpperCase(),
    length: size.length,
    scale: size.scale,
    read,
    whenNull: optional ? null : (initial ?? fallback),
    // The reference knows the placeholders of arrays by the column's own type, so not those of domains.
    unavailable: schema.optional && (unavailableAsNull || (type.baseOid !== 0 && schema.type === 'array')) ? null : unavailable,
  };
}
