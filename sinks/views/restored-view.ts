import type { Definitions, PlacedText, Route, ViewDefinition } from './definition.ts';

type StoredRoute =
  | readonly string[]
  | { readonly through: string; readonly on: readonly { readonly theirs: string; readonly ours: string }[] };

/** A view as it was defined before, from its fingerprint; null where the file has not all of its tables any more. */
export function restoredView(name: string, fingerprint: string, { tables }: Definitions): ViewDefinition | null {
  const { key, routes, select } = JSON.parse(fingerprint) as {
    readonly key: readonly string[];
    readonly routes: readonly (readonly [string, StoredRoute])[];
    readonly select: string;
  };
  if (!routes.every(([table]) => tables.some(known => known.name === table))) return null;
  const place = { line: 1, column: 1 };
  const text = (sql: string): PlacedText => ({ text: sql, placeOf: () => place });
  const restored = routes.map(([table, route]): readonly [string, Route] => [
    table,
    'through' in route
      ? { kind: 'through', table: route.through, on: route.on, place }
      : { kind: 'direct', expressions: route.map(text), place },
  ]);
  return { name, key, routes: new Map(restored), select: text(select), place };
}
