import {
  type FieldRules,
  type Look,
  type Removal,
  type SinkRecord,
  type SinkVerification,
  SluiceError,
  type SurplusRow,
} from '../../src/contract/index.ts';
import type { ComparedColumn, ComparedTables, FoundRow } from '../sql/compared-tables.ts';
import { PostgresComparison } from '../sql/postgres-comparison.ts';
import type { ColumnValues } from '../sql/row-reader.ts';
import { SqliteComparison } from '../sql/sqlite-comparison.ts';
import { targetError } from '../sql/target-errors.ts';
import { targetType } from '../sql/target-type.ts';
import { shown } from './evolution.ts';
import type { JdbcConfig } from './options.ts';
import { type RecordAction, RecordRows } from './record-rows.ts';
import { hasOwnKey } from './row-groups.ts';
import type { TableName } from './table-name.ts';
import type { FoundTable } from './tables.ts';

const doing = 'Comparing the tables';

/** Records of one table and one set of columns. */
type Group = {
  readonly table: FoundTable;
  readonly deletes: boolean;
  readonly columns: readonly ComparedColumn[];
  readonly indexes: number[];
  readonly rows: ColumnValues[];
};

/** Holds records against the tables that they were written to, and removes rows that nobody wrote. */
export class JdbcVerification implements SinkVerification {
  readonly #config: JdbcConfig;
  readonly #group: string;
  readonly #tables: ComparedTables;
  readonly #rows: RecordRows;
  readonly #found = new Map<string, FoundTable | null>();
  /** By container, the columns of its key. */
  readonly #keys = new Map<string, { readonly table: FoundTable; readonly key: readonly string[] }>();

  constructor(config: JdbcConfig, group: string) {
    [this.#config, this.#group] = [config, group];
    const { address } = config;
    this.#tables = address.kind === 'sqlite' ? new SqliteComparison(address.file) : new PostgresComparison(address);
    this.#rows = new RecordRows(config, 'text');
  }

  get refusal(): string | null {
    const { insertMode, keyMode, deleteEnabled } = this.#config;
    if (insertMode !== 'upsert') return `with insert.mode=${insertMode} its tables do not hold each row as it is now`;
    if (!hasOwnKey(this.#config)) return `with primary.key.mode=${keyMode} its rows have no key of their own`;
    return deleteEnabled ? null : 'with delete.enabled=false its tables keep rows that are deleted at the source';
  }

  async look(records: readonly SinkRecord[], rules: FieldRules): Promise<readonly (Look | null)[]> {
    const looks = new Array<Look | null>(records.length).fill(null);
    const groups = new Map<string, Group>();
    for (const [index, record] of records.entries()) {
      const action = this.#rows.action(record, index);
      if (action === null || action.kind === 'truncate') continue;
      const table = await this.#find(action.table);
      if (table === null) looks[index] = this.#absent(action);
      else this.#enter(groups, action, table, rules);
    }
    for (const { table, deletes, columns, indexes, rows } of groups.values()) {
      const container = shown(table.name);
      const found = await this.#asked(() => this.#tables.compare(table, columns, rows));
      for (const [at, index] of indexes.entries()) looks[index] = { container, ...lookOf(found[at]!, deletes) };
    }
    return looks;
  }

  #enter(groups: Map<string, Group>, action: RecordAction, table: FoundTable, { ignored, moments }: FieldRules): void {
    const { shape, kind, index } = action;
    const used = kind === 'delete' ? shape.columns.slice(0, shape.keys) : shape.columns;
    const missing = used.find(({ name }) => !table.columns.has(name));
    if (missing !== undefined)
      throw new SluiceError('TARGET_REFUSED', `Table ${shown(table.name)} has no column ${missing.name}, which its records have.`);
    const columns = used.map(
      ({ name, isKey, source, schema }): ComparedColumn => ({
        name,
        type: table.columns.get(name) ?? targetType('text'),
        isKey,
        json: schema?.name === 'io.debezium.data.Json',
        moment: source.of === 'row' && moments.has(source.field),
        compared: !isKey && !(source.of === 'row' && ignored.has(source.field)),
      }),
    );
    this.#keys.set(shown(table.name), { table, key: columns.filter(({ isKey }) => isKey).map(({ name }) => name) });
    const id = JSON.stringify([shown(table.name), kind, columns.map(({ name, compared }) => [name, compared])]);
    let group = groups.get(id);
    if (group === undefined) {
      group = { table, deletes: kind === 'delete', columns, indexes: [], rows: [] };
      groups.set(id, group);
    }
    group.indexes.push(index);
    group.rows.push(this.#rows.row(action, this.#rows.layout(action, table)).values.slice(0, columns.length));
  }

  /** Where there is no table there is no row. */
  #absent({ record, change, shape, kind, table }: RecordAction): Look {
    const values = shape.columns.slice(0, shape.keys).map(({ source }) => ('field' in source ? change.key?.get(source.field) : record.key));
    return { container: shown(table), id: JSON.stringify(values.map(String)), state: kind === 'delete' ? 'same' : 'missing', held: null };
  }

  async #find(name: TableName): Promise<FoundTable | null> {
    const text = shown(name);
    if (this.#found.get(text)) return this.#found.get(text)!;
    const known = await this.#asked(() => this.#tables.find(name));
    const found: FoundTable | null = known === null ? null : { ...known, id: 0, overriding: false };
    this.#found.set(text, found);
    return found;
  }

  async *ids(container: string, max: number, abort: AbortSignal): AsyncGenerator<readonly string[]> {
    const known = this.#keys.get(container);
    if (known === undefined) return;
    try {
      yield* this.#tables.ids(known.table, known.key, max, abort);
    } catch (error) {
      throw targetError(error, doing);
    }
  }

  async held(container: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const known = this.#keys.get(container);
    if (known === undefined || ids.length === 0) return new Map();
    return this.#asked(() => this.#tables.held(known.table, known.key, ids));
  }

  async remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]> {
    const outcomes = new Array<Removal>(rows.length).fill('changed');
    await this.#tables.holding(this.#group, abort, confirm, async confirmed => {
      const byContainer = new Map<string, number[]>();
      for (const [index, { container }] of rows.entries())
        if (confirmed.has(index)) byContainer.set(container, [...(byContainer.get(container) ?? []), index]);
      for (const [container, indexes] of byContainer) {
        const known = this.#keys.get(container)!;
        const held = await this.#tables.held(
          known.table,
          known.key,
          indexes.map(index => rows[index]!.id),
        );
        const same = indexes.filter(index => held.get(rows[index]!.id) === rows[index]!.held);
        await this.#tables.remove(
          known.table,
          known.key,
          same.map(index => rows[index]!.id),
        );
        for (const index of same) outcomes[index] = 'removed';
      }
    });
    return outcomes;
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
  }
}

/** What is there after a delete should not be. */
function lookOf({ id, found, same, held }: FoundRow, deletes: boolean): Omit<Look, 'container'> {
  if (deletes) return { id, state: found ? 'different' : 'same', held };
  return { id, state: !found ? 'missing' : same ? 'same' : 'different', held };
}
