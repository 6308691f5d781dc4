import { LineCounter, type Node, type Pair, parseDocument, YAMLMap } from 'yaml';
import { nearest } from '../../src/contract/index.ts';
import { targetType } from '../sql/target-type.ts';
import type { ColumnDefinition, DefinitionFault, Definitions, Place, TableDefinition, ViewDefinition } from './definition.ts';
import { readRoutes } from './read-routes.ts';
import { YamlPlaces } from './yaml-places.ts';

/** What the file says, or all that is wrong with it. */
export type ReadDefinitions = { readonly definitions: Definitions | null; readonly faults: readonly DefinitionFault[] };

/** Names that a table, a column or a view may have: they are names in SQL without quotes, and none begins with the sink's own underscore. */
const namePattern = /^[a-z][a-z0-9_]{0,50}$/;
const nameRule = 'must be of small letters, digits and underscores, beginning with a letter, at most 51';
/** A type as SQL has it; anything else would become part of a statement. */
const typePattern = /^[a-z][a-z0-9_ ]*(\(\d+(, ?\d+)?\))?( with(out)? time zone)?(\[\])*$/i;

/** Reads a file of views: YAML with `tables` and `views`. `file` is how its places are told. */
export function readDefinitions(text: string, file: string): ReadDefinitions {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const places = new YamlPlaces(text, lines);
  const faults: DefinitionFault[] = document.errors.map(error => ({
    place: places.at(error.pos[0]),
    message: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
  }));
  if (faults.length > 0) return { definitions: null, faults };
  const reader = new Reader(places, faults);
  const root = reader.map(document.contents as Node | null, 'the file', ['tables', 'views'], { line: 1, column: 1 });
  const tables = root ? reader.tables(root) : [];
  const views = root ? reader.views(root, tables) : [];
  if (faults.some(({ warning }) => !warning)) return { definitions: null, faults };
  return { definitions: { file, tables, views }, faults };
}

/** Reads node by node, and notes every fault with its place. */
export class Reader {
  readonly places: YamlPlaces;
  readonly #faults: DefinitionFault[];

  constructor(places: YamlPlaces, faults: DefinitionFault[]) {
    this.places = places;
    this.#faults = faults;
  }

  fault(place: Place, message: string): void {
    this.#faults.push({ place, message });
  }

  /** A mapping with known names (null: any); null after a fault. */
  map(node: Node | null | undefined, what: string, names: readonly string[] | null, where: Place): YAMLMap<Node, Node> | null {
    if (!(node instanceof YAMLMap)) {
      this.fault(node ? this.places.of(node) : where, `${what} must be a mapping${names ? ` with ${names.join(', ')}` : ''}.`);
      return null;
    }
    const map = node as YAMLMap<Node, Node>;
    for (const pair of map.items) {
      const name = String(pair.key);
      if (names === null || names.includes(name)) continue;
      const near = nearest(name, names);
      this.fault(this.places.of(pair.key), `${what} has no '${name}'${near ? `; did you mean '${near}'?` : '.'}`);
    }
    return map;
  }

  /** A text that is not empty. */
  text(node: Node | null | undefined, what: string, where: Place): string | null {
    const value: unknown = node && 'value' in node ? node.value : undefined;
    if ((typeof value === 'string' || typeof value === 'number') && String(value).trim() !== '') return String(value);
    this.fault(node ? this.places.of(node) : where, `${what} is missing, or no text.`);
    return null;
  }

  /** A text, or a list of them. */
  names(node: Node | null | undefined, what: string, where: Place): string[] {
    const items: unknown = node && 'items' in node ? node.items : [node];
    const read = (Array.isArray(items) ? items : []).map(item => this.text(item as Node | null, what, node ? this.places.of(node) : where));
    const found = read.filter(name => name !== null);
    if (new Set(found).size < found.length) this.fault(node ? this.places.of(node) : where, `${what} names a column twice.`);
    return found;
  }

  #named(pair: Pair<Node, Node>, what: string): string {
    const name = String(pair.key);
    if (!namePattern.test(name)) this.fault(this.places.of(pair.key), `The name of ${what} '${name}' ${nameRule}.`);
    return name;
  }

  tables(root: YAMLMap<Node, Node>): TableDefinition[] {
    const map = this.map(root.get('tables', true) as Node | undefined, 'tables', null, this.places.of(root));
    const topics = new Map<string, string>();
    return (map?.items ?? []).flatMap(pair => {
      const name = this.#named(pair, 'table');
      const place = this.places.of(pair.key);
      const body = this.map(pair.value, `Table ${name}`, ['topic', 'key', 'columns'], place);
      if (!body) return [];
      const topic = this.text(body.get('topic', true) as Node | undefined, `The topic of table ${name}`, place);
      const key = this.names(body.get('key', true) as Node | undefined, `The key of table ${name}`, place);
      const columns = this.#columns(body.get('columns', true) as Node | undefined, name, place);
      for (const column of key)
        if (!columns.some(known => known.name === column))
          this.fault(place, `The key of table ${name} has '${column}', which is none of its columns.`);
      if (topic === null) return [];
      const other = topics.get(topic);
      if (other !== undefined) this.fault(place, `Table ${name} has the topic of table ${other}: several views may use one table.`);
      topics.set(topic, name);
      return [{ name, topic, key, columns, place }];
    });
  }

  #columns(node: Node | undefined, table: string, where: Place): ColumnDefinition[] {
    const map = this.map(node, `The columns of table ${table}`, null, where);
    return (map?.items ?? []).flatMap(pair => {
      const name = String(pair.key);
      const place = this.places.of(pair.key);
      if (name === '' || name.length > 63 || name.startsWith('_sluice'))
        this.fault(place, `A column of table ${table} cannot have the name '${name}'.`);
      const type = this.text(pair.value, `The type of column ${name}`, place);
      if (type === null) return [];
      if (!typePattern.test(type))
        this.fault(
          this.places.of(pair.value!),
          `'${type}' is no type: write it as SQL does, such as bigint, numeric(10,2) or timestamptz.`,
        );
      return [{ name, type: targetType(type) }];
    });
  }

  views(root: YAMLMap<Node, Node>, tables: readonly TableDefinition[]): ViewDefinition[] {
    const map = this.map(root.get('views', true) as Node | undefined, 'views', null, this.places.of(root));
    return (map?.items ?? []).flatMap(pair => {
      const name = this.#named(pair, 'view');
      const place = this.places.of(pair.key);
      if (tables.some(table => table.name === name)) this.fault(place, `View ${name} has the name of a table.`);
      const body = this.map(pair.value, `View ${name}`, ['key', 'from', 'select'], place);
      if (!body) return [];
      const key = this.names(body.get('key', true) as Node | undefined, `The key of view ${name}`, place);
      const routes = readRoutes(this, body.get('from', true) as Node | undefined, { name, key, tables, place });
      const node = body.get('select', true) as Node | undefined;
      const select = this.text(node, `The select of view ${name}`, place);
      if (select === null || node === undefined) return [];
      return [{ name, key, routes, select: this.places.text(node, select), place }];
    });
  }
}
