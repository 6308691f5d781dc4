import { ColumnArray, columnArray, unnestType } from '../sql/column-arrays.ts';
import { qualified, quoted } from '../sql/identifiers.ts';
import type { PostgresSession } from '../sql/postgres-session.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import type { RowGroup } from './tables.ts';
import { versionKey } from './version-key.ts';

/** Rows of one statement. */
const rowsAtOnce = 1_000;

/**
 * Rows as one statement: unnest makes them of one array a column, versions decide which are newer than what the table has had, and those are
 * inserted, changed and deleted. The versions stand in a table beside, deleted rows' as well, so that nothing old comes back.
 */
export class BulkWrite {
  readonly #session: PostgresSession;
  readonly #versions: string;
  readonly #nowMs: () => number;
  readonly #statements = new Map<string, string>();
  #running: Promise<unknown> | null = null;

  constructor(session: PostgresSession, versions: string, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#session = session;
    this.#versions = versions;
  }

  /** Resolves when the last of the rows are on their way: the server works on one statement while the next is made. */
  async write(group: RowGroup): Promise<void> {
    for (const [missing, all] of byMissing(group.rows)) {
      for (let at = 0; at < all.length; at += rowsAtOnce) {
        const rows = all.length <= rowsAtOnce ? all : all.slice(at, at + rowsAtOnce);
        const { text, values } = this.#made(group, missing, rows);
        await this.settle();
        this.#running = this.#session.query(text, values);
        // Whoever settles hears of it.
        this.#running.catch(() => undefined);
      }
    }
  }

  /** Resolves when the statement that is on its way is done; rejects, once, with what it has failed with. */
  async settle(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running;
  }

  #made(
    group: RowGroup,
    missing: string,
    rows: readonly ReducedRow[],
  ): { readonly text: string; readonly values: readonly (string | Buffer)[] } {
    const arrays: (string | Buffer)[] = group.columns.map(({ binary }, at) => columnArray(binary, rows, at));
    if (group.versioned) {
      const keys = new ColumnArray();
      for (const row of rows) keys.add(versionKey(row.values, group.keys));
      arrays.push(keys.literal(), `{${rows.map(({ version }) => version).join(',')}}`);
    }
    const deletes = rows.some(({ deleted }) => deleted);
    if (deletes) arrays.push(`{${rows.map(({ deleted }) => (deleted ? 't' : 'f')).join(',')}}`);
    if (deletes && group.versioned) arrays.push(String(this.#nowMs()));
    return { text: this.#statement(group, missing, deletes), values: arrays };
  }

  #statement(group: RowGroup, missing: string, deletes: boolean): string {
    const { table, columns, mode, versioned } = group;
    const id = JSON.stringify([table.id, columns.map(({ name, type }) => [name, type.name]), mode, missing, deletes, versioned]);
    let statement = this.#statements.get(id);
    if (statement === undefined) {
      statement = this.#text(group, new Set(missing.split(',').filter(Boolean).map(Number)), deletes);
      this.#statements.set(id, statement);
    }
    return statement;
  }

  #text({ table, columns, keys, mode, versioned }: RowGroup, missing: ReadonlySet<number>, deletes: boolean): string {
    const target = qualified(table.name.schema, table.name.table);
    const types = columns.map(({ type }) => unnestType(type));
    const further = [
      ...(versioned
        ? [
            ['_key', 'text[]'],
            ['_version', 'bigint[]'],
          ]
        : []),
      ...(deletes ? [['_deleted', 'boolean[]']] : []),
    ];
    const parameters = [...types.map(({ array }) => array), ...further.map(([, type]) => type)].map((type, at) => `$${at + 1}::${type}`);
    const inner = columns.map((_, at) => `c${at}`);
    const read = columns.map((_, at) => `c${at}${types[at]!.cast} as c${at}`);
    const named = [...inner, ...further.map(([name]) => name)].join(', ');
    const incoming = `incoming as (select ${[...read, ...further.map(([name]) => name)].join(', ')} from unnest(${parameters.join(', ')}) as t (${named}))`;
    const deletedAt = deletes ? `case when _deleted then $${parameters.length + 1}::bigint end` : 'null::bigint';
    const won = `won as (insert into ${this.#versions} as v (relation, key, version, deleted_ms) select ${table.id}, _key, _version, ${deletedAt} from incoming
  on conflict (relation, key) do update set version = excluded.version, deleted_ms = excluded.deleted_ms where v.version < excluded.version returning key)`;
    const same = columns
      .slice(0, keys)
      .map(({ name }, at) => `t.${quoted(name)} = i.c${at}`)
      .join(' and ');
    const gone = `gone as (delete from ${target} t using incoming i where i._deleted${versioned ? ' and i._key in (select key from won)' : ''} and ${same})`;
    const ctes = [incoming, ...(versioned ? [won] : []), ...(deletes ? [gone] : [])];
    const conditions = [...(deletes ? ['not i._deleted'] : []), ...(versioned ? ['i._key in (select key from won)'] : [])];
    const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '';
    const told = columns.flatMap(({ name }, at) => (missing.has(at) || at < keys ? [] : [{ name, at }]));
    if (mode === 'update') {
      const set = told.map(({ name, at }) => `${quoted(name)} = i.c${at}`);
      if (set.length === 0) return `with ${ctes.join(',\n')}\nselect 1 where false`;
      return `with ${ctes.join(',\n')}\nupdate ${target} t set ${set.join(', ')} from incoming i where ${[...conditions, same].join(' and ')}`;
    }
    const set = told.map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`);
    const conflict =
      keys === 0 || (mode === 'insert' && columns[0]!.name !== '__connect_topic')
        ? ''
        : ` on conflict (${columns
            .slice(0, keys)
            .map(({ name }) => quoted(name))
            .join(', ')}) do ${mode === 'insert' || set.length === 0 ? 'nothing' : `update set ${set.join(', ')}`}`;
    const overriding = table.overriding ? ' overriding system value' : '';
    return `with ${ctes.join(',\n')}
insert into ${target} (${columns.map(({ name }) => quoted(name)).join(', ')})${overriding} select ${inner.map(name => `i.${name}`).join(', ')} from incoming i${where}${conflict}`;
  }
}

/** By what the rows do not tell: those columns keep what they hold. */
export function byMissing(rows: readonly ReducedRow[]): Map<string, ReducedRow[]> {
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
