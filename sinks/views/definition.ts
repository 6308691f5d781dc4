import type { TargetType } from '../sql/target-type.ts';

/** A place in the file of views: both from 1. */
export type Place = { readonly line: number; readonly column: number };

/** A text of SQL in the file, and where its lines stand there. */
export type PlacedText = {
  readonly text: string;
  /** Where the character at `offset` of the text (from 0) stands in the file. */
  placeOf(offset: number): Place;
};

export type ColumnDefinition = { readonly name: string; readonly type: TargetType };

/** What is kept of a topic: the base rows that views are computed from. */
export type TableDefinition = {
  readonly name: string;
  readonly topic: string;
  /** Columns of the row's identity: fields of the record's key. */
  readonly key: readonly string[];
  readonly columns: readonly ColumnDefinition[];
  readonly place: Place;
};

/** How a row of a table leads to the keys of a view. */
export type Route =
  /** By itself: an expression over its columns for each of the view's key columns, in their order. */
  | { readonly kind: 'direct'; readonly expressions: readonly PlacedText[]; readonly place: Place }
  /** By the rows of another table of the view: those whose columns `theirs` equal its own columns `ours`. */
  | {
      readonly kind: 'through';
      readonly table: string;
      readonly on: readonly { readonly theirs: string; readonly ours: string }[];
      readonly place: Place;
    };

export type ViewDefinition = {
  readonly name: string;
  readonly key: readonly string[];
  /** By the table's name; in the file's order. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly select: PlacedText;
  readonly place: Place;
};

export type Definitions = {
  /** The file's path, or the option's name where the text stands in the config. */
  readonly file: string;
  readonly tables: readonly TableDefinition[];
  readonly views: readonly ViewDefinition[];
};

/** What is wrong with the file, where. `warning`: it works, but hardly as meant. */
export type DefinitionFault = { readonly place: Place; readonly message: string; readonly warning?: boolean };

/** `views.yaml:12:5: message`. */
export function placed(file: string, { place, message }: DefinitionFault): string {
  return `${file}:${place.line}:${place.column}: ${message}`;
}

/**
 * What decides a view's rows, as one text: two views of the same fingerprint are the same view. A table's columns are not part of it, since
 * a further column changes no view that does not name it.
 */
export function fingerprint(view: ViewDefinition): string {
  const routes = Array.from(view.routes, ([table, route]) => [
    table,
    route.kind === 'direct' ? route.expressions.map(({ text }) => text) : { through: route.table, on: route.on },
  ]);
  return JSON.stringify({ key: view.key, routes, select: view.select.text.trim() });
}

/** The table that a route begins at, and those it goes through, up to one that leads to the key by itself. */
export function hops(view: ViewDefinition, table: string): readonly { readonly table: string; readonly route: Route }[] {
  const passed: { table: string; route: Route }[] = [];
  for (let name = table; ; ) {
    const route = view.routes.get(name)!;
    passed.push({ table: name, route });
    if (route.kind === 'direct') return passed;
    name = route.table;
  }
}
