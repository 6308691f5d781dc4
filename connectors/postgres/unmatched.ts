import { nearest } from '../../src/contract/index.ts';
import type { Filters } from '../debezium/filters.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { Catalog } from './catalog.ts';

/** A pattern of an include list that nothing in the database matches, in words. */
export type UnmatchedFinding = { readonly option: string; readonly message: string };

/** Patterns of the include lists that match nothing, misspelt most likely, with the nearest name there is. */
export async function unmatchedPatterns(catalog: Catalog, filters: Filters): Promise<readonly UnmatchedFinding[]> {
  const listed = await catalog.names();
  const captured = await catalog.tables(listed.filter(({ id }) => filters.includesTable(id)).map(({ oid }) => oid));
  const columns = captured.flatMap(({ id, columns }) => columns.map(({ name }) => ({ id, name })));
  const names = {
    'schema.include.list': [...new Set(listed.map(({ id }) => id.schema))],
    'column.include.list': columns.map(({ id, name }) => `${qualifiedName(id)}.${name}`),
  } as const;
  const tables = listed.map(({ id }) => qualifiedName(id));
  const found = filters.unmatched(
    listed.map(({ id }) => id),
    // Where no table is captured that has been said already.
    captured.length === 0 ? null : columns,
  );
  return found.map(({ option, pattern }) => {
    const what = option === 'schema.include.list' ? 'schema' : option === 'column.include.list' ? 'column' : 'table';
    const near = nearest(pattern, names[option as keyof typeof names] ?? tables);
    return {
      option,
      message: `'${pattern}' in ${option} matches no ${what}${near === null ? '' : `; did you mean '${near}'?`}${
        near === null && what === 'table' && !pattern.includes('.') ? '; a table is named with its schema, such as public.orders' : ''
      }`,
    };
  });
}
