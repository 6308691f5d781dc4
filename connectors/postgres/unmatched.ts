import type { Filters } from '../debezium/filters.ts';
import { unmatchedPatterns as findingsOf, type UnmatchedFinding } from '../debezium/unmatched.ts';
import type { Catalog } from './catalog.ts';

/** Patterns of the include lists that match nothing in the database as it is now. */
export async function unmatchedPatterns(catalog: Catalog, filters: Filters): Promise<readonly UnmatchedFinding[]> {
  const listed = await catalog.names();
  const captured = await catalog.tables(listed.filter(({ id }) => filters.includesTable(id)).map(({ oid }) => oid));
  const columns = captured.flatMap(({ id, columns }) => columns.map(({ name }) => ({ id, name })));
  const ids = listed.map(({ id }) => id);
  // Where no table is captured that has been said already.
  return findingsOf(filters, ids, captured.length === 0 ? null : columns, 'public.orders');
}
