import { quoted } from '../sql/identifiers.ts';
import type { TableDefinition, ViewDefinition } from './definition.ts';

/** What a changed row leads to: the n-th of the targets, by these values of its expressions. */
export type Led<Part> = { readonly target: number; readonly parts: readonly (Part | null)[] };

/** What is read of each changed row for a view: expressions over its columns. */
export type LedTarget = { readonly view: ViewDefinition; readonly expressions: readonly string[] };

/** Where the rows of a table lead, for each view that is made from it. */
export function ledTargets(table: TableDefinition, views: readonly ViewDefinition[]): readonly LedTarget[] {
  return views.flatMap(view => {
    const route = view.routes.get(table.name);
    if (route === undefined) return [];
    const expressions = route.kind === 'direct' ? route.expressions.map(({ text }) => text) : route.on.map(({ ours }) => quoted(ours));
    return [{ view, expressions }];
  });
}
