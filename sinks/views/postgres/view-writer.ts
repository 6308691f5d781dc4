import { ColumnArray } from '../../sql/column-arrays.ts';
import { qualified, quoted } from '../../sql/identifiers.ts';
import type { PostgresSession } from '../../sql/postgres-session.ts';
import type { KeyParts } from '../affected-keys.ts';
import type { ViewWriting } from '../apply-changes.ts';
import { hops, type TableDefinition, type ViewDefinition } from '../definition.ts';
import { list, subselect } from '../layout.ts';
import { type DifferingKeys, tooMany } from '../store.ts';

/** Array literals of keys, one a column. */
function keyArrays(keys: readonly KeyParts<string>[], columns: number): string[] {
  const arrays = Array.from({ length: columns }, () => new ColumnArray());
  for (const key of keys) for (let at = 0; at < columns; at++) arrays[at]!.add(key[at]!);
  return arrays.map(array => array.literal());
}

/** Keeps one view's table equal to its select. */
export class ViewWriter implements ViewWriting<string> {
  readonly #session: PostgresSession;
  readonly #view: ViewDefinition;
  readonly #table: string;
  /** The types of the key's columns. */
  readonly #types: readonly string[];
  readonly #hopStatements = new Map<string, string>();

  constructor(session: PostgresSession, viewSchema: string, view: ViewDefinition, types: readonly string[]) {
    this.#session = session;
    this.#view = view;
    this.#table = qualified(viewSchema, view.name);
    this.#types = types;
  }

  /** The keys that a table's rows lead to through others, by their columns' texts. Part of a transaction, when all base rows are in place. */
  async through({ name, columns }: TableDefinition, values: readonly KeyParts<string>[]): Promise<readonly (string | null)[][]> {
    const route = this.#view.routes.get(name)!;
    const types = route.kind === 'through' ? route.on.map(({ ours }) => columns.find(column => column.name === ours)!.type.name) : [];
    let statement = this.#hopStatements.get(name);
    if (statement === undefined) {
      statement = this.#hopStatement(name, types);
      this.#hopStatements.set(name, statement);
    }
    const { rows } = await this.#session.query(statement, keyArrays(values, types.length));
    return rows.map(row => row['texts'] as (string | null)[]);
  }

  #hopStatement(table: string, types: readonly string[]): string {
    const passed = hops(this.#view, table);
    const parameters = types.map((type, at) => `$${at + 1}::${type}[]`).join(', ');
    const joins: string[] = [];
    let from = 'm';
    let columns = types.map((_, at) => `m${at}`);
    for (const [at, { route }] of passed.entries()) {
      if (route.kind === 'direct') break;
      const next = passed[at + 1]!.table;
      const on = route.on.map(({ theirs }, pair) => `${quoted(next)}.${quoted(theirs)} = ${quoted(from)}.${quoted(columns[pair]!)}`);
      joins.push(`join ${quoted(next)} on ${on.join(' and ')}`);
      from = next;
      const nextRoute = passed[at + 1]!.route;
      columns = nextRoute.kind === 'through' ? nextRoute.on.map(({ ours }) => ours) : [];
    }
    const last = passed.at(-1)!;
    // The expressions are over the last table's columns alone; a column of the same name in a table passed would make them ambiguous.
    const expressions = last.route.kind === 'direct' ? last.route.expressions.map(({ text }) => `(${text})::text`) : [];
    const given = types.map((_, at) => `m${at}`).join(', ');
    return `select distinct array[${expressions.join(', ')}] as texts from
      (select ${quoted(last.table)}.* from unnest(${parameters}) as m (${given}) ${joins.join(' ')}) as ${quoted(last.table)}`;
  }

  /** Computes the rows of these keys anew. Part of a transaction. */
  async recompute(keys: readonly KeyParts<string>[]): Promise<void> {
    if (keys.length === 0) return;
    const { key } = this.#view;
    const parameters = this.#types.map((type, at) => `$${at + 1}::${type}[]`).join(', ');
    const same = (left: string, right: string) => key.map(column => `${left}.${quoted(column)} = ${right}.${quoted(column)}`).join(' and ');
    // `offset 0` keeps the subquery whole, so that the key is a constant to it and reaches every table in it.
    await this.#session.query(
      `with k as materialized (select distinct * from unnest(${parameters}) as k (${list(key)})),
gone as (delete from ${this.#table} v using k where ${same('v', 'k')})
insert into ${this.#table} select s.* from k cross join lateral (select * from ${subselect(this.#view)} v where ${same('v', 'k')} offset 0) s`,
      keyArrays(keys, key.length),
    );
  }

  /** Makes the table and fills it from the base rows there are; `replace`: in place of the one it had. Part of a transaction. */
  async fill(replace: boolean): Promise<void> {
    const { key, name } = this.#view;
    if (replace) await this.#session.script(`drop table if exists ${this.#table}`);
    await this.#session.script(`create table ${this.#table} as select * from ${subselect(this.#view)} v with no data;
      create index on ${this.#table} (${list(key)});
      comment on table ${this.#table} is 'Kept by Sluice: view ${name}'`);
    await this.#session.script(`set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on`);
    await this.#session.script(
      `insert into ${this.#table} select * from ${subselect(this.#view)} v where ${key.map(column => `${quoted(column)} is not null`).join(' and ')}`,
    );
    await this.#session.script(`set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off`);
  }

  /** Keys whose rows in the table are others than those of the select. Throws BAD_REQUEST where there are more than `max`. */
  async differing(max: number): Promise<DifferingKeys> {
    const { key, name } = this.#view;
    const told = key.map(column => `${quoted(column)} is not null`).join(' and ');
    const keyed = (source: string) => {
      const columns = key.map((column, at) => `v.${quoted(column)} as k${at}`).join(', ');
      const grouped = key.map(column => `v.${quoted(column)}`).join(', ');
      return `select ${columns}, string_agg(md5(v::text), '' order by md5(v::text)) as digest from ${source} v where ${told} group by ${grouped}`;
    };
    const same = key.map((_, at) => `w.k${at} = h.k${at}`).join(' and ');
    const found = await this.#session.ask(
      `with wanted as (${keyed(subselect(this.#view))}), held as (${keyed(this.#table)})
       select case when h.digest is null then 'missing' when w.digest is null then 'extra' else 'changed' end as kind,
         array[${key.map((_, at) => `coalesce(w.k${at}, h.k${at})::text`).join(', ')}] as parts
       from wanted w full join held h on ${same} where w.digest is distinct from h.digest limit ${max + 1}`,
    );
    if (found.length > max) throw tooMany(name, max);
    const [counted] = await this.#session.ask(`select count(*) as rows from ${this.#table}`);
    const keys = found.map(row => ({ kind: row['kind'] as DifferingKeys['keys'][number]['kind'], parts: row['parts'] as string[] }));
    return { rows: Number(counted!['rows']), keys };
  }

  /** Rows that the table has and its select has not, and the other way round. */
  async verify(): Promise<{ readonly missing: number; readonly surplus: number; readonly rows: number }> {
    const select = `select * from ${subselect(this.#view)} v where ${this.#view.key.map(column => `${quoted(column)} is not null`).join(' and ')}`;
    const as = (source: string) => `select v::text from (${source}) v`;
    const [found] = await this.#session.ask(
      `with wanted as (${as(select)}), held as (${as(`select * from ${this.#table}`)})
       select (select count(*) from (select * from wanted except all select * from held) x) as missing,
              (select count(*) from (select * from held except all select * from wanted) x) as surplus, (select count(*) from held) as rows`,
    );
    return { missing: Number(found!['missing']), surplus: Number(found!['surplus']), rows: Number(found!['rows']) };
  }
}
