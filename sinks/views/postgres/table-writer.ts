import { columnArrays, unnestType } from '../../sql/column-arrays.ts';
import { quoted } from '../../sql/identifiers.ts';
import type { PostgresSession } from '../../sql/postgres-session.ts';
import type { ReducedRow } from '../../sql/reduced-rows.ts';
import type { TableDefinition } from '../definition.ts';
import { deletedAtColumn, deletedColumn, list, rowsTable, versionColumn } from '../layout.ts';
import type { Led, LedTarget } from '../led.ts';

/** Writes base rows, newer ones only, and tells what the old and the new ones lead to. */
export class TableWriter {
  readonly #session: PostgresSession;
  readonly #schema: string;
  readonly #table: TableDefinition;
  readonly #targets: readonly LedTarget[];
  readonly #nowMs: () => number;
  readonly #statements = new Map<string, string>();

  constructor(session: PostgresSession, schema: string, table: TableDefinition, targets: readonly LedTarget[], nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#session = session;
    this.#schema = schema;
    this.#table = table;
    this.#targets = targets;
  }

  /** `refilling`: a record that is the row's own version fills columns that it did not have. Part of a transaction. */
  async write(rows: Iterable<ReducedRow>, refilling: boolean): Promise<Led<string>[]> {
    const led: Led<string>[] = [];
    for (const [missing, group] of this.#grouped(rows)) led.push(...(await this.#writeGroup(group, missing, refilling)));
    return led;
  }

  /** By what the rows do not tell: those columns keep what they hold. */
  #grouped(rows: Iterable<ReducedRow>): Map<string, ReducedRow[]> {
    const groups = new Map<string, ReducedRow[]>();
    for (const row of rows) {
      let missing = '';
      if (!row.deleted) for (let at = 0; at < row.values.length; at++) if (row.values[at] === undefined) missing += `${at},`;
      const group = groups.get(missing);
      if (group) group.push(row);
      else groups.set(missing, [row]);
    }
    return groups;
  }

  async #writeGroup(rows: readonly ReducedRow[], missing: string, refilling: boolean): Promise<Led<string>[]> {
    const arrays = columnArrays(rows, this.#table.columns.length);
    const versions = `{${rows.map(({ version }) => version).join(',')}}`;
    const deleted = `{${rows.map(row => (row.deleted ? 't' : 'f')).join(',')}}`;
    const key = `${missing}${refilling ? 'r' : ''}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#statement(new Set(missing.split(',').filter(Boolean).map(Number)), refilling);
      this.#statements.set(key, statement);
    }
    const { rows: found } = await this.#session.query(statement, [...arrays, versions, deleted, this.#nowMs()]);
    return found.map(row => ({ target: Number(row['target']), parts: row['texts'] as (string | null)[] }));
  }

  #statement(missing: ReadonlySet<number>, refilling: boolean): string {
    const { name, columns, key } = this.#table;
    const rows = rowsTable(this.#schema, name);
    const own = [...columns.map(column => column.name), versionColumn, deletedColumn];
    const types = [...columns.map(({ type }) => unnestType(type)), { array: 'bigint[]', cast: '' }, { array: 'boolean[]', cast: '' }];
    const parameters = types.map(({ array }, at) => `$${at + 1}::${array}`).join(', ');
    const selected = own.map((column, at) => `${quoted(column)}${types[at]!.cast} as ${quoted(column)}`);
    selected.push(`case when ${deletedColumn} then $${types.length + 1}::bigint end as ${deletedAtColumn}`);
    const written = [...own, deletedAtColumn];
    const set = written.filter((_, at) => !missing.has(at)).map(column => `${quoted(column)} = excluded.${quoted(column)}`);
    const newer = refilling ? '<=' : '<';
    const same = key.map(column => `r.${quoted(column)} = i.${quoted(column)}`).join(' and ');
    const tells = this.#targets.map(
      ({ expressions }, at) =>
        `select ${at} as target, array[${expressions.map(text => `(${text})::text`).join(', ')}] as texts from changed as ${quoted(name)}`,
    );
    return `with incoming as (select ${selected.join(', ')} from unnest(${parameters}) as t (${list(own)})),
old as (select r.* from incoming i join ${rows} r on ${same} where not r.${deletedColumn} and r.${versionColumn} ${newer} i.${versionColumn}),
applied as (
  insert into ${rows} as r (${list(written)}) select ${list(written)} from incoming
  on conflict (${list(key)}) do update set ${set.join(', ')} where r.${versionColumn} ${newer} excluded.${versionColumn}
  returning *),
changed as (select * from old union all select * from applied where not ${deletedColumn})
${tells.length === 0 ? 'select 0 as target, null::text[] as texts where false' : tells.join('\nunion ')}`;
  }

  /** Deletes all rows, as a TRUNCATE does; what they led to. Part of a transaction. */
  async truncate(): Promise<Led<string>[]> {
    const { name } = this.#table;
    const tells = this.#targets.map(
      ({ expressions }, at) =>
        `select ${at} as target, array[${expressions.map(text => `(${text})::text`).join(', ')}] as texts from gone as ${quoted(name)}`,
    );
    const { rows } = await this.#session.query(
      `with gone as (update ${rowsTable(this.#schema, name)} set ${deletedColumn} = true, ${deletedAtColumn} = $1 where not ${deletedColumn} returning *)
${tells.length === 0 ? 'select 0 as target, null::text[] as texts where false' : tells.join('\nunion ')}`,
      [this.#nowMs()],
    );
    return rows.map(row => ({ target: Number(row['target']), parts: row['texts'] as (string | null)[] }));
  }
}
