import type { Consumed, PartitionOffset, SinkAssignment, TopicPartition } from '../../src/contract/index.ts';
import { quoted } from '../sql/identifiers.ts';
import type { AppliedOffset, Owner, ReachedVersion } from '../sql/postgres-offsets.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import { SqliteOffsets } from '../sql/sqlite-offsets.ts';
import { SqliteSession } from '../sql/sqlite-session.ts';
import { sqliteValue } from '../sql/sqlite-value.ts';
import { checkWritable } from '../sql/sqlite-writable.ts';
import { targetError } from '../sql/target-errors.ts';
import { targetType } from '../sql/target-type.ts';
import type { TableName } from './table-name.ts';
import type { FoundTable, RefusedRecord, RowGroup, TableColumn, Tables } from './tables.ts';
import { versionKey } from './version-key.ts';

/** Tables of a SQLite file, written row by row by prepared statements; the schema of a name is part of its table's. */
export class SqliteTables implements Tables {
  readonly dialect = 'sqlite';
  readonly #session: SqliteSession;
  readonly #offsets: SqliteOffsets;
  readonly #nowMs: () => number;

  constructor(file: string, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#session = new SqliteSession(file);
    this.#offsets = new SqliteOffsets(this.#session, quoted('_sluice_offsets'));
  }

  check(): Promise<void> {
    return checkWritable(this.#session.file);
  }

  transaction<T>(doing: string, abort: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#session.transaction(doing, abort, work);
  }

  async undoable(work: () => Promise<void>): Promise<void> {
    this.#session.exec('savepoint half');
    try {
      await work();
      this.#session.exec('release half');
    } catch (thrown) {
      const error = targetError(thrown, 'Writing the tables');
      if (error.retry === 'record') this.#session.exec('rollback to half; release half');
      throw error;
    }
  }

  async prepare(): Promise<void> {
    this.#session.exec(
      `create table if not exists _sluice_relations (id integer primary key, name text not null unique);
       create table if not exists _sluice_versions (relation integer not null, key text not null, version integer not null,
         primary key (relation, key)) without rowid;
       create table if not exists _sluice_refused (topic text not null, part integer not null, version integer not null,
         primary key (version, topic, part)) without rowid`,
    );
    // Tables that were made before there was such a column get it.
    if (!this.#session.all("select name from pragma_table_info('_sluice_versions')").some(row => row['name'] === 'deleted_ms'))
      this.#session.exec(
        `alter table _sluice_versions add column deleted_ms integer;
         create index _sluice_versions_deleted on _sluice_versions (deleted_ms) where deleted_ms is not null`,
      );
    this.#offsets.create();
  }

  async assign(assignment: SinkAssignment, owner: string): Promise<readonly PartitionOffset[]> {
    return this.#offsets.assign(assignment, owner);
  }

  async drop(group: string, partitions: readonly TopicPartition[] | null): Promise<void> {
    this.#offsets.drop(group, partitions);
  }

  async state(group: string | null): Promise<{ readonly reached: readonly ReachedVersion[]; readonly tracked: boolean }> {
    const [row] = this.#session.all('select exists (select 1 from _sluice_versions) or exists (select 1 from _sluice_refused) as tracked');
    return { reached: group === null ? [] : this.#offsets.reached(group), tracked: Number(row?.['tracked']) === 1 };
  }

  /** The transaction holds the whole file. */
  async heldOffsets(group: string): Promise<readonly AppliedOffset[]> {
    return this.#offsets.offsets(group);
  }

  async move(consumed: Consumed, owner: Owner, versions: ReadonlyMap<string, bigint>): Promise<void> {
    this.#offsets.move(consumed, owner, versions);
  }

  async refused(versions: readonly bigint[]): Promise<ReadonlySet<string>> {
    const found = versions.flatMap(version =>
      this.#session.all('select topic, part, version from _sluice_refused where version = ?', version),
    );
    return new Set(found.map(row => `${row['topic']}-${row['part']}@${row['version']}`));
  }

  async noteRefused(refused: readonly RefusedRecord[], written: readonly RefusedRecord[]): Promise<void> {
    for (const { topic, partition, version } of refused)
      this.#session.run('insert into _sluice_refused values (?, ?, ?) on conflict do nothing', topic, partition, version);
    for (const { topic, partition, version } of written)
      this.#session.run('delete from _sluice_refused where topic = ? and part = ? and version = ?', topic, partition, version);
  }

  async find(name: TableName): Promise<FoundTable | null> {
    const table = tableOf(name);
    const rows = this.#session.all('select name, type, hidden from pragma_table_xinfo(?)', table);
    if (rows.length === 0) return null;
    this.#session.run('insert into _sluice_relations (name) values (?) on conflict do nothing', table);
    const [known] = this.#session.all('select id from _sluice_relations where name = ?', table);
    const generated = rows.filter(row => Number(row['hidden']) > 1);
    return {
      name,
      id: Number(known!['id']),
      columns: new Map(
        rows.filter(row => !generated.includes(row)).map(row => [String(row['name']), targetType(String(row['type']) || 'text')]),
      ),
      generated: new Set(generated.map(row => String(row['name']))),
      overriding: false,
    };
  }

  async create(name: TableName, columns: readonly (TableColumn & { readonly isKey: boolean })[]): Promise<void> {
    const keys = columns.filter(({ isKey }) => isKey).map(column => quoted(column.name));
    const parts = columns.map(column => `${quoted(column.name)} ${column.type.name}`);
    if (keys.length > 0) parts.push(`primary key (${keys.join(', ')})`);
    this.#session.exec(`create table if not exists ${quoted(tableOf(name))} (${parts.join(', ')})`);
    this.#session.forgetStatements();
  }

  async addColumns(name: TableName, columns: readonly TableColumn[]): Promise<void> {
    for (const column of columns)
      this.#session.exec(`alter table ${quoted(tableOf(name))} add column ${quoted(column.name)} ${column.type.name}`);
    this.#session.forgetStatements();
  }

  async write(group: RowGroup): Promise<void> {
    for (const row of group.rows) {
      if (!group.versioned || this.#isNewer(group, row)) this.#writeRow(group, row);
      await this.#session.breathe();
    }
  }

  /** Nothing is on its way once `write` has resolved. */
  async settle(): Promise<void> {}

  #isNewer({ table, keys }: RowGroup, { values, version, deleted }: ReducedRow): boolean {
    return (
      this.#session.run(
        `insert into _sluice_versions (relation, key, version, deleted_ms) values (?, ?, ?, ?)
         on conflict (relation, key) do update set version = excluded.version, deleted_ms = excluded.deleted_ms where version < excluded.version`,
        table.id,
        versionKey(values, keys),
        version,
        deleted ? this.#nowMs() : null,
      ) > 0
    );
  }

  #writeRow({ table, columns, keys, mode }: RowGroup, row: ReducedRow): void {
    const name = quoted(tableOf(table.name));
    const values = row.values.map(sqliteValue);
    const key = columns.slice(0, keys);
    const same = key.map(column => `${quoted(column.name)} = ?`).join(' and ');
    if (row.deleted) {
      this.#session.run(`delete from ${name} where ${same}`, ...values.slice(0, keys));
      return;
    }
    const told = columns.flatMap((column, at) => (at < keys || row.values[at] === undefined ? [] : [{ column: quoted(column.name), at }]));
    if (mode === 'update') {
      if (told.length === 0) return;
      const set = told.map(({ column }) => `${column} = ?`).join(', ');
      this.#session.run(`update ${name} set ${set} where ${same}`, ...told.map(({ at }) => values[at]!), ...values.slice(0, keys));
      return;
    }
    const set = told.map(({ column }) => `${column} = excluded.${column}`).join(', ');
    const targets = key.map(column => quoted(column.name)).join(', ');
    const conflict =
      keys === 0 || (mode === 'insert' && columns.every(column => column.name !== '__connect_offset'))
        ? ''
        : ` on conflict (${targets}) do ${mode === 'insert' || set === '' ? 'nothing' : `update set ${set}`}`;
    this.#session.run(
      `insert into ${name} (${columns.map(column => quoted(column.name)).join(', ')}) values (${columns.map(() => '?').join(', ')})${conflict}`,
      ...values,
    );
  }

  async prune(beforeMs: number, max: number): Promise<number> {
    return this.#session.run(
      `delete from _sluice_versions where (relation, key) in
         (select relation, key from _sluice_versions where deleted_ms < ? order by deleted_ms limit ?)`,
      beforeMs,
      max,
    );
  }

  async truncate({ id, name }: FoundTable): Promise<void> {
    this.#session.run(`delete from ${quoted(tableOf(name))}`);
    this.#session.run('update _sluice_versions set deleted_ms = ? where relation = ? and deleted_ms is null', this.#nowMs(), id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
  }
}

function tableOf({ schema, table }: TableName): string {
  return schema === null ? table : `${schema}.${table}`;
}
