import { type Consumed, type PartitionOffset, type SinkAssignment, SluiceError, type TopicPartition } from '../../src/contract/index.ts';
import { literal, qualified, quoted } from '../sql/identifiers.ts';
import type { Owner } from '../sql/postgres-offsets.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import type { TableDefinition } from './definition.ts';
import { pruneRows, rowsTable } from './layout.ts';

/** What is kept of a table's definition. */
export type StoredTable = {
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, string>>;
  /** Whether its rows tell when they were deleted; those of a table that was made before there was such a column do not. */
  readonly deletedAt?: boolean;
};
/** By partition, the offset up to which a topic must be read again before its further columns are filled. */
export type Refill = Readonly<Record<string, string>>;

/** What the tables are made and read with: a session of Postgres, or one of SQLite that takes the same parameters. */
export interface Database {
  script(text: string): Promise<void>;
  ask(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** Postgres's offsets or SQLite's. */
export interface Offsets {
  create(): Promise<void> | void;
  assign(assignment: SinkAssignment, owner: string): Promise<PartitionOffset[]> | PartitionOffset[];
  move(consumed: Consumed, owner: Owner): Promise<void> | void;
  forget(group: string, topic: string): Promise<void> | void;
  drop(group: string, partitions: readonly TopicPartition[] | null): Promise<void> | void;
  offsets(group: string): Promise<PartitionOffset[]> | PartitionOffset[];
}

/** The sink's own tables: which tables and views there are, and the offsets. All of it is part of a transaction. */
export class Bookkeeping {
  readonly offsets: Offsets;
  readonly #database: Database;
  /** Null in SQLite. */
  readonly #schema: string | null;

  constructor(database: Database, schema: string | null, offsets: Offsets) {
    this.#database = database;
    this.#schema = schema;
    this.offsets = offsets;
  }

  #name(table: string): string {
    return qualified(this.#schema, table);
  }

  async create(): Promise<void> {
    if (this.#schema !== null) {
      const [found] = await this.#database.ask('select 1 from pg_namespace where nspname = $1', [this.#schema]);
      if (!found) await this.#database.script(`create schema if not exists ${quoted(this.#schema)}`);
    }
    await this.#database.script(
      `create table if not exists ${this.#name('_owner')} (only_one integer primary key, group_name text not null);
       create table if not exists ${this.#name('_tables')} (name text primary key, definition text not null, refill text);
       create table if not exists ${this.#name('_views')} (name text primary key, fingerprint text not null)`,
    );
    await this.offsets.create();
  }

  /** The group whose tables these are. */
  async owner(): Promise<string> {
    const [row] = await this.#database.ask(`select group_name from ${this.#name('_owner')}`);
    return String(row?.['group_name']);
  }

  /** Lets one transaction at a time write: the tasks of a connector change rows of the same keys. */
  async lock(): Promise<void> {
    if (this.#schema !== null) await this.#database.ask(`select 1 from ${this.#name('_owner')} for update`);
  }

  /** Throws TARGET_REFUSED where the tables are another group's. */
  async own({ group }: SinkAssignment): Promise<void> {
    await this.#database.ask(`insert into ${this.#name('_owner')} (only_one, group_name) values (1, $1) on conflict do nothing`, [group]);
    await this.lock();
    const owner = await this.owner();
    if (owner === group) return;
    const where = this.#schema === null ? 'The file' : `The schema ${this.#schema}`;
    const remedy = this.#schema === null ? 'Give this connector a file of its own.' : 'Give this connector a rows.schema of its own.';
    throw new SluiceError('TARGET_REFUSED', `${where} holds the base rows of group ${owner}.`, { remedy });
  }

  async tables(): Promise<ReadonlyMap<string, { readonly definition: StoredTable; readonly refill: Refill | null }>> {
    const rows = await this.#database.ask(`select name, definition, refill from ${this.#name('_tables')}`);
    return new Map(
      rows.map(row => [
        String(row['name']),
        {
          definition: JSON.parse(String(row['definition'])) as StoredTable,
          refill: row['refill'] === null ? null : (JSON.parse(String(row['refill'])) as Refill),
        },
      ]),
    );
  }

  async storeTable(
    table: Pick<TableDefinition, 'name' | 'key'>,
    columns: Readonly<Record<string, string>>,
    refill: Refill | null,
  ): Promise<void> {
    const definition: StoredTable = { key: table.key, columns, deletedAt: true };
    await this.#database.ask(
      `insert into ${this.#name('_tables')} (name, definition, refill) values ($1, $2, $3)
       on conflict (name) do update set definition = excluded.definition, refill = excluded.refill`,
      [table.name, JSON.stringify(definition), refill === null ? null : JSON.stringify(refill)],
    );
  }

  /** Deletes at most so many rows that were deleted before a moment, and answers how many. */
  async prune(table: TableDefinition, beforeMs: number, max: number): Promise<number> {
    return max <= 0 ? 0 : (await this.#database.ask(pruneRows(this.#schema, table), [beforeMs, max])).length;
  }

  /** Deletes a row, its version with it. */
  async forgetRow({ name, key, columns }: TableDefinition, { values }: ReducedRow): Promise<void> {
    const same = key.map((column, at) => `${quoted(column)} = $${at + 1}`).join(' and ');
    const parts = key.map(column => values[columns.findIndex(one => one.name === column)]);
    await this.#database.ask(`delete from ${rowsTable(this.#schema, name)} where ${same}`, parts);
  }

  async refilled(table: string): Promise<void> {
    await this.#database.ask(`update ${this.#name('_tables')} set refill = null where name = $1`, [table]);
  }

  async views(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.ask(`select name, fingerprint from ${this.#name('_views')}`);
    return new Map(rows.map(row => [String(row['name']), String(row['fingerprint'])]));
  }

  async storeView(name: string, fingerprint: string): Promise<void> {
    await this.#database.ask(
      `insert into ${this.#name('_views')} (name, fingerprint) values ($1, $2) on conflict (name) do update set fingerprint = excluded.fingerprint`,
      [name, fingerprint],
    );
  }

  async forget(kind: '_tables' | '_views', name: string): Promise<void> {
    await this.#database.script(`delete from ${this.#name(kind)} where name = ${literal(name)}`);
  }
}
