import type { TableId } from './table.ts';

/**
 * A table's name as the include and exclude lists, the column options and the transaction metadata know it: `schema.table`, or
 * `database.table` where a database has no schemas (`id.schema` is empty).
 */
export function qualifiedName(id: TableId): string {
  return id.schema === '' ? `${id.catalog}.${id.table}` : `${id.schema}.${id.table}`;
}
