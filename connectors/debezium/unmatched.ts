import { nearest } from '../../src/contract/index.ts';
import type { Filters } from './filters.ts';
import type { TableId } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** A pattern of an include list that nothing in the database matches, in words. */
export type UnmatchedFinding = { readonly option: string; readonly message: string };

/**
 * Patterns of the include lists that match nothing, misspelt most likely, with the nearest name there is. `columns`: of the captured tables;
 * null: not known. `example`: a table's name as it should be written.
 */
export function unmatchedPatterns(
  filters: Filters,
  tables: readonly TableId[],
  columns: readonly { readonly id: TableId; readonly name: string }[] | null,
  example: string,
): readonly UnmatchedFinding[] {
  const containers = [...new Set(tables.map(({ catalog, schema }) => (schema === '' ? catalog : schema)))];
  const names: Readonly<Record<string, readonly string[]>> = {
    'schema.include.list': containers,
    'database.include.list': containers,
    'column.include.list': (columns ?? []).map(({ id, name }) => `${qualifiedName(id)}.${name}`),
  };
  const tableNames = tables.map(qualifiedName);
  return filters.unmatched(tables, columns).map(({ option, pattern }) => {
    const [first = ''] = option.split('.');
    const what = ['snapshot', 'signal'].includes(first) ? 'table' : first;
    const near = nearest(pattern, names[option] ?? tableNames);
    const withContainer = example.startsWith('public.') ? 'schema' : 'database';
    return {
      option,
      message: `'${pattern}' in ${option} matches no ${what}${near === null ? '' : `; did you mean '${near}'?`}${
        near === null && what === 'table' && !pattern.includes('.')
          ? `; a table is named with its ${withContainer}, such as ${example}`
          : ''
      }`,
    };
  });
}
