import type { SQLOutputValue } from 'node:sqlite';
import { SluiceError } from '../../../src/contract/index.ts';
import { quoted } from '../../sql/identifiers.ts';
import type { SqliteSession } from '../../sql/sqlite-session.ts';
import type { KeyParts } from '../affected-keys.ts';
import type { ViewWriting } from '../apply-changes.ts';
import { hops, type TableDefinition, type ViewDefinition } from '../definition.ts';
import { list, subselect } from '../layout.ts';
import { type DifferingKeys, tooMany } from '../store.ts';
import type { SqlitePart } from './sqlite-table-writer.ts';

/** Keeps one view's table equal to its select, key by key. */
export class SqliteViewWriter implements ViewWriting<SqlitePart> {
  readonly #session: SqliteSession;
  readonly #view: ViewDefinition;
  readonly #table: string;

  constructor(session: SqliteSession, view: ViewDefinition) {
    this.#session = session;
    this.#view = view;
    this.#table = quoted(view.name);
  }

  /** The keys that a table's rows lead to through others, by their columns' values. */
  async through({ name: table }: TableDefinition, values: readonly KeyParts<SqlitePart>[]): Promise<readonly SQLOutputValue[][]> {
    const sql = this.#hopSelect(table);
    const keys: SQLOutputValue[][] = [];
    for (const value of values) {
      for (const row of this.#session.all(sql, ...value)) keys.push(Object.values(row));
      await this.#session.breathe();
    }
    return keys;
  }

  #hopSelect(table: string): string {
    const passed = hops(this.#view, table);
    const last = passed.at(-1)!;
    const joins: string[] = [];
    let condition = '';
    for (const [at, { table: name, route }] of passed.entries()) {
      if (route.kind === 'direct') break;
      const next = quoted(passed[at + 1]!.table);
      const on = route.on
        .map(({ theirs, ours }) => `${next}.${quoted(theirs)} = ${at === 0 ? '?' : `${quoted(name)}.${quoted(ours)}`}`)
        .join(' and ');
      if (at === 0) condition = on;
      joins.push(at === 0 ? `from ${next}` : `join ${next} on ${on}`);
    }
    const expressions = last.route.kind === 'direct' ? last.route.expressions.map(({ text }, at) => `(${text}) as e${at}`) : [];
    // The expressions are over the last table's columns alone.
    return `select distinct ${expressions.join(', ')} from (select ${quoted(last.table)}.* ${joins.join(' ')} where ${condition}) as ${quoted(last.table)}`;
  }

  async recompute(keys: readonly KeyParts<SqlitePart>[]): Promise<void> {
    const same = this.#view.key.map(column => `${quoted(column)} = ?`).join(' and ');
    const gone = `delete from ${this.#table} where ${same}`;
    const made = `insert into ${this.#table} select * from ${subselect(this.#view)} v where ${same}`;
    for (const key of keys) {
      this.#session.run(gone, ...key);
      this.#session.run(made, ...key);
      await this.#session.breathe();
    }
  }

  /** Makes the table and fills it from the base rows there are; `replace`: in place of the one it had. */
  fill(replace: boolean): void {
    const { key } = this.#view;
    if (replace) this.#session.exec(`drop table if exists ${this.#table}`);
    this.#session.exec(
      `create table ${this.#table} as select * from ${subselect(this.#view)} v where ${key.map(column => `${quoted(column)} is not null`).join(' and ')};
       create index ${quoted(`_key_of_${this.#view.name}`)} on ${this.#table} (${list(key)})`,
    );
  }

  /** Keys whose rows in the table are others than those of the select. Throws BAD_REQUEST where there are more than `max`. */
  differing(max: number): DifferingKeys {
    const { key, name } = this.#view;
    const columns = this.#columns();
    const told = key.map(column => `${quoted(column)} is not null`).join(' and ');
    const row = columns.map(column => `quote(${quoted(column)})`).join(" || ',' || ");
    const keyed = (source: string) => {
      const rows = `select ${key.map((column, at) => `${quoted(column)} as k${at}`).join(', ')}, ${row} as held from ${source} where ${told}`;
      const grouped = key.map((_, at) => `k${at}`).join(', ');
      return `select ${grouped}, group_concat(held, char(10) order by held) as digest from (${rows}) group by ${grouped}`;
    };
    const parts = key.map((_, at) => `coalesce(w.k${at}, h.k${at}) as p${at}`).join(', ');
    const same = key.map((_, at) => `w.k${at} = h.k${at}`).join(' and ');
    const found = this.#session.all(
      `select case when h.digest is null then 'missing' when w.digest is null then 'extra' else 'changed' end as kind, ${parts}
       from (${keyed(subselect(this.#view))}) w full join (${keyed(this.#table)}) h on ${same}
       where w.digest is not h.digest limit ${max + 1}`,
    );
    if (found.length > max) throw tooMany(name, max);
    const keys = found.map(({ kind, ...rest }) => ({
      kind: kind as DifferingKeys['keys'][number]['kind'],
      parts: key.map((_, at) => rest[`p${at}`]!),
    }));
    return { rows: Number(this.#session.all(`select count(*) as n from ${this.#table}`)[0]!['n']), keys };
  }

  #columns(): readonly string[] {
    const columns = this.#session.all(`select name from pragma_table_info(?)`, this.#view.name).map(row => String(row['name']));
    if (columns.length === 0)
      throw new SluiceError('NOT_FOUND', `The file ${this.#session.file} has no view ${this.#view.name} yet: run the connector first.`);
    return columns;
  }

  verify(): { readonly missing: number; readonly surplus: number; readonly rows: number } {
    const columns = this.#columns();
    const source = `(select * from ${subselect(this.#view)} v where ${this.#view.key.map(column => `${quoted(column)} is not null`).join(' and ')})`;
    // SQLite has no EXCEPT ALL: equal rows are counted.
    const counted = (from: string) => `select ${list(columns)}, count(*) as _sluice_n from ${from} group by ${list(columns)}`;
    const differences = (left: string, right: string) =>
      this.#session.all(`select count(*) as n from (${counted(left)} except ${counted(right)})`)[0]!['n'];
    return {
      missing: Number(differences(source, this.#table)),
      surplus: Number(differences(this.#table, source)),
      rows: Number(this.#session.all(`select count(*) as n from ${this.#table}`)[0]!['n']),
    };
  }
}
