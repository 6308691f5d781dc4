import type { ViewDefinition } from './definition.ts';

/** What a view is refused with whose rows of one key depend on a whole table. */
export function wholeTable(view: ViewDefinition, table: string): string {
  return (
    `The rows of one key of view ${view.name} depend on the whole of table ${table}: a window, LIMIT, aggregate or subquery there goes across keys, ` +
    `or a join lacks a condition on plain columns. Each table must be reached from ${view.key.join(', ')}.`
  );
}
