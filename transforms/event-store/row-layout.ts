import { perSchema } from '../records/schema-cache.ts';

/** The columns of an event store's table that make an event. */
const columns = [
  'event_id',
  'aggregate_type',
  'aggregate_id',
  'event_type',
  'event_data',
  'version',
  'schema_version',
  'timestamp',
  'metadata',
] as const;

/** Where each is in a row's values. */
export type RowLayout = { readonly [Column in (typeof columns)[number]]: number };

/** Compiled once a schema. Throws an Error that names the first column that is not there. */
export const rowLayoutOf = perSchema((schema): RowLayout => {
  const place = (column: string) => {
    const index = schema.indexOf(column);
    if (index < 0) throw new Error(`the table has no column '${column}', so it is no event store’s`);
    return index;
  };
  return Object.fromEntries(columns.map(column => [column, place(column)])) as RowLayout;
});
