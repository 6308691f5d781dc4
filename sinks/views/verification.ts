import {
  type Derived,
  type FieldRules,
  type Look,
  type PluginContext,
  type Removal,
  readChange,
  type SinkRecord,
  type SinkVerification,
  SluiceError,
  type SurplusRow,
} from '../../src/contract/index.ts';
import type { ComparedColumn, ComparedTable, ComparedTables } from '../sql/compared-tables.ts';
import { PostgresComparison } from '../sql/postgres-comparison.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import { SqliteComparison } from '../sql/sqlite-comparison.ts';
import { targetError } from '../sql/target-errors.ts';
import { ChangedRows } from './changed-rows.ts';
import type { Definitions, TableDefinition } from './definition.ts';
import type { ViewsConfig } from './options.ts';
import type { ViewStore } from './store.ts';
import { rowsSchemaOf, viewStore } from './view-store.ts';
import { viewsOf } from './views-file.ts';

const doing = 'Comparing the views';

/** A table of base rows, by the view that shows those that are not deleted. */
type Base = {
  readonly definition: TableDefinition;
  readonly changes: ChangedRows;
  /** Null where it has not been made yet. */
  readonly relation: ComparedTable | null;
  /** Columns of its key, in the order of its columns. */
  readonly key: readonly string[];
};

/** Records of one table, each group with its first record's schema. */
type Group = {
  readonly base: Base;
  readonly deleted: boolean;
  readonly documents: ReadonlySet<string>;
  readonly indexes: number[];
  readonly rows: ReducedRow[];
};

type Opened = {
  readonly definitions: Definitions;
  readonly byTopic: ReadonlyMap<string, Base>;
  readonly byName: ReadonlyMap<string, Base>;
};

/**
 * Holds records against the base rows that views are made from, and the views against their selects over those: so a view is right where both are.
 */
export class ViewsVerification implements SinkVerification {
  readonly refusal = null;
  readonly #config: ViewsConfig;
  readonly #schema: string | null;
  readonly #tables: ComparedTables;
  readonly #store: ViewStore;
  #opened: Opened | null = null;

  constructor(config: ViewsConfig, context: PluginContext) {
    this.#config = config;
    const { address } = config;
    this.#schema = rowsSchemaOf(config, context.connector);
    this.#tables = address.kind === 'sqlite' ? new SqliteComparison(address.file) : new PostgresComparison(address);
    this.#store = viewStore(config, context);
  }

  async look(records: readonly SinkRecord[], rules: FieldRules): Promise<readonly (Look | null)[]> {
    const { byTopic } = await this.#open();
    const looks = new Array<Look | null>(records.length).fill(null);
    const groups = new Map<string, Group>();
    for (const [index, record] of records.entries()) {
      const base = byTopic.get(record.topic);
      const change = base?.changes.read(record) ?? null;
      if (base === undefined || change === null || 'truncate' in change) continue;
      const { deleted } = change.row;
      const id = `${deleted} ${base.definition.name}`;
      const group = groups.get(id) ?? { base, deleted, documents: documentsIn(record), indexes: [], rows: [] };
      groups.set(id, group);
      group.indexes.push(index);
      group.rows.push(change.row);
    }
    for (const { base, deleted, documents, indexes, rows } of groups.values()) {
      const container = base.definition.name;
      const { relation } = base;
      if (relation === null) throw new SluiceError('TARGET_UNAVAILABLE', `The table ${container} of the views has not been made yet.`);
      const columns = comparedColumns(base.definition, relation, documents, rules, deleted);
      const found = await this.#asked(() =>
        this.#tables.compare(
          relation,
          columns,
          rows.map(({ values }) => values),
        ),
      );
      for (const [at, index] of indexes.entries()) {
        const { id, found: isThere, same, held } = found[at]!;
        const state = deleted ? (isThere ? 'different' : 'same') : !isThere ? 'missing' : same ? 'same' : 'different';
        looks[index] = { container, id, state, held };
      }
    }
    return looks;
  }

  async *ids(container: string, max: number, abort: AbortSignal): AsyncGenerator<readonly string[]> {
    const { relation, key } = await this.#base(container);
    if (relation === null) return;
    try {
      yield* this.#tables.ids(relation, key, max, abort);
    } catch (error) {
      throw targetError(error, doing);
    }
  }

  async held(container: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { relation, key } = await this.#base(container);
    return relation === null || ids.length === 0 ? new Map() : this.#asked(() => this.#tables.held(relation, key, ids));
  }

  /** The live flow waits for the transaction, in which what the rows led to is computed anew. */
  async remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]> {
    const { definitions } = await this.#open();
    await this.#store.joinBeside(definitions, abort);
    const outcomes = new Array<Removal>(rows.length).fill('changed');
    await this.#store.removeRows(async () => {
      const confirmed = await confirm();
      const removed: { table: string; row: ReducedRow }[] = [];
      for (const [index, { container, id, held }] of rows.entries()) {
        if (!confirmed.has(index) || (await this.held(container, [id])).get(id) !== held) continue;
        const { definition, key } = await this.#base(container);
        removed.push({ table: container, row: deletedRow(definition, key, id) });
        outcomes[index] = 'removed';
      }
      return removed;
    }, abort);
    return outcomes;
  }

  async derived(
    topics: ReadonlySet<string>,
    { repair, max }: { readonly repair: boolean; readonly max: number },
    abort: AbortSignal,
  ): Promise<readonly Derived[]> {
    const { definitions, byTopic } = await this.#open();
    const tables = new Set([...topics].flatMap(topic => byTopic.get(topic)?.definition.name ?? []));
    await this.#store.joinBeside(definitions, abort);
    const views = definitions.views.filter(({ routes }) => [...routes.keys()].some(table => tables.has(table))).map(({ name }) => name);
    const found: Derived[] = [];
    for (const view of views) {
      const before = await this.#store.differing(view, max, abort);
      if (repair && before.keys.length > 0)
        await this.#store.recompute(
          view,
          before.keys.map(({ parts }) => parts),
          abort,
        );
      const still = repair && before.keys.length > 0 ? (await this.#store.differing(view, max, abort)).keys : [];
      const left = new Set(still.map(({ parts }) => nameOf(parts)));
      found.push({
        name: `view ${view}`,
        rows: before.rows,
        differences: before.keys.map(({ kind, parts }) => ({
          kind,
          key: parts.map(shown),
          repaired: repair ? !left.has(nameOf(parts)) : null,
        })),
      });
    }
    return found;
  }

  async #base(name: string): Promise<Base> {
    const { byName } = await this.#open();
    return byName.get(name)!;
  }

  async #open(): Promise<Opened> {
    if (this.#opened !== null) return this.#opened;
    const definitions = await viewsOf(this.#config);
    const bases: Base[] = [];
    for (const definition of definitions.tables) {
      const relation = await this.#asked(() => this.#tables.find({ schema: this.#schema, table: definition.name }));
      const key = definition.columns.map(({ name }) => name).filter(name => definition.key.includes(name));
      bases.push({ definition, changes: new ChangedRows(definition, this.#config.unavailable), relation, key });
    }
    const opened: Opened = {
      definitions,
      byTopic: new Map(bases.map(base => [base.definition.topic, base])),
      byName: new Map(bases.map(base => [base.definition.name, base])),
    };
    // What is not made yet is looked for again.
    if (bases.every(({ relation }) => relation !== null)) this.#opened = opened;
    return opened;
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw targetError(error, doing);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tables[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }
}

/** Fields that are JSON documents by their schema, whatever their columns are. */
function documentsIn(record: SinkRecord): ReadonlySet<string> {
  const fields = readChange(record).after?.schema?.fields ?? [];
  return new Set(fields.flatMap(({ name, schema }) => (schema.name === 'io.debezium.data.Json' ? [name] : [])));
}

function comparedColumns(
  { columns, key }: TableDefinition,
  relation: ComparedTable,
  documents: ReadonlySet<string>,
  { ignored, moments }: FieldRules,
  deleted: boolean,
): readonly ComparedColumn[] {
  return columns.map(({ name, type }) => ({
    name,
    type: relation.columns.get(name) ?? type,
    isKey: key.includes(name),
    json: type.family === 'json' || documents.has(name),
    moment: moments.has(name),
    compared: !deleted && !key.includes(name) && !ignored.has(name),
  }));
}

/** Of a row by its name: a JSON array of its key's columns. */
function deletedRow({ columns }: TableDefinition, key: readonly string[], id: string): ReducedRow {
  const parts = JSON.parse(id) as readonly (string | { readonly base64: string })[];
  const values = columns.map(({ name }) => {
    const part = parts[key.indexOf(name)];
    return part === undefined ? null : typeof part === 'string' ? part : Buffer.from(part.base64, 'base64');
  });
  return { values, deleted: true, version: 2n ** 63n - 1n };
}

function nameOf(parts: readonly (string | number | bigint | Uint8Array)[]): string {
  return JSON.stringify(parts.map(shown));
}

function shown(part: string | number | bigint | Uint8Array): string {
  return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : String(part);
}
