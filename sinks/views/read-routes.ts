import { type Node, YAMLMap } from 'yaml';
import { nearest } from '../../src/contract/index.ts';
import type { Place, Route, TableDefinition } from './definition.ts';
import type { Reader } from './read-definitions.ts';

/** The view whose routes are read. */
type OfView = {
  readonly name: string;
  readonly key: readonly string[];
  readonly tables: readonly TableDefinition[];
  readonly place: Place;
};

/** Reads `from`: how each table of a view leads to its key. */
export function readRoutes(reader: Reader, node: Node | undefined, view: OfView): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const map = reader.map(node, `from of view ${view.name}`, null, view.place);
  for (const pair of map?.items ?? []) {
    const name = String(pair.key);
    const place = reader.places.of(pair.key);
    const table = view.tables.find(known => known.name === name);
    if (table === undefined) {
      const near = nearest(
        name,
        view.tables.map(known => known.name),
      );
      reader.fault(place, `There is no table '${name}'${near ? `; did you mean '${near}'?` : '.'}`);
      continue;
    }
    const route = readRoute(reader, pair.value, { view, table, place });
    if (route) routes.set(name, route);
  }
  if (map && routes.size === 0 && map.items.length === 0) reader.fault(view.place, `View ${view.name} is made from no table.`);
  checkThrough(reader, routes, view);
  return routes;
}

type OfRoute = { readonly view: OfView; readonly table: TableDefinition; readonly place: Place };

function readRoute(reader: Reader, node: Node | null, { view, table, place }: OfRoute): Route | null {
  const what = `The way from table ${table.name} to the key of view ${view.name}`;
  if (!(node instanceof YAMLMap)) {
    const text = reader.text(node, what, place);
    if (text === null) return null;
    if (view.key.length === 1) return { kind: 'direct', expressions: [reader.places.text(node!, text)], place };
    reader.fault(place, `${what} must name each of ${view.key.join(', ')}.`);
    return null;
  }
  const map = node as YAMLMap<Node, Node>;
  if (map.has('through')) return readThrough(reader, map, { view, table, place });
  const known = reader.map(map, what, view.key, place)!;
  const expressions = view.key.flatMap(column => {
    const value = known.get(column, true) as Node | undefined;
    const text = reader.text(value, `${what} (${column})`, place);
    return text === null ? [] : [reader.places.text(value!, text)];
  });
  return expressions.length === view.key.length ? { kind: 'direct', expressions, place } : null;
}

function readThrough(reader: Reader, map: YAMLMap<Node, Node>, { view, table, place }: OfRoute): Route | null {
  reader.map(map, `The way from table ${table.name}`, ['through', 'on'], place);
  const through = reader.text(map.get('through', true) as Node | undefined, 'through', place);
  const on = reader.map(map.get('on', true) as Node | undefined, 'on', null, place);
  const theirs = view.tables.find(({ name }) => name === through);
  if (through === null || on === null) return null;
  if (theirs === undefined) {
    reader.fault(place, `There is no table '${through}' to lead through.`);
    return null;
  }
  if (on.items.length === 0) reader.fault(place, 'on names no columns.');
  const pairs = on.items.map(pair => ({ theirs: String(pair.key), ours: String(pair.value) }));
  for (const pair of pairs) {
    for (const [column, owner] of [
      [pair.theirs, theirs],
      [pair.ours, table],
    ] as const)
      if (!owner.columns.some(({ name }) => name === column)) reader.fault(place, `Table ${owner.name} has no column '${column}'.`);
  }
  return { kind: 'through', table: through, on: pairs, place };
}

/** A way through other tables must end at one that leads to the key by itself. */
function checkThrough(reader: Reader, routes: ReadonlyMap<string, Route>, view: OfView): void {
  for (const [table, first] of routes) {
    const passed = new Set([table]);
    for (let route: Route = first; route.kind === 'through'; ) {
      const next = routes.get(route.table);
      if (next === undefined) {
        reader.fault(route.place, `Table ${table} leads to the key of view ${view.name} through ${route.table}, which from does not name.`);
        break;
      }
      if (passed.has(route.table)) {
        reader.fault(first.place, `Table ${table} leads in a circle and never to the key of view ${view.name}.`);
        break;
      }
      passed.add(route.table);
      route = next;
    }
  }
}
