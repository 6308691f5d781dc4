import { ColumnArray, columnArrays, withoutLength } from './column-arrays.ts';
import type { ComparedColumn, ComparedTable, ComparedTables, FoundRow, RelationName } from './compared-tables.ts';
import { literal, qualified, quoted } from './identifiers.ts';
import { type PostgresAddress, PostgresSession } from './postgres-session.ts';
import type { ColumnValues } from './row-reader.ts';
import { type TargetType, targetType } from './target-type.ts';

/** Rows that are held against a table in one statement. */
const rowsAtOnce = 1_000;

/** The place of a row among those that are asked for: no column has this name. */
const place = 'sluice place';

/** Types whose own equality says whether two values are the same; the others are compared as the texts of the type. */
const comparable = new Set<TargetType['family']>(['boolean', 'integer', 'float', 'numeric', 'bytes', 'temporal']);

/**
 * Holds rows against tables of Postgres in Postgres itself: the values go there as the sink would write them, become the columns' own types, and
 * are compared as those.
 */
export class PostgresComparison implements ComparedTables {
  readonly #session: PostgresSession;

  constructor(address: PostgresAddress) {
    this.#session = new PostgresSession(address, '-c jit=off');
  }

  async find(name: RelationName): Promise<ComparedTable | null> {
    const rows = await this.#session.ask(
      `select a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attgenerated <> '' as generated
       from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [qualified(name.schema, name.table)],
    );
    if (rows.length === 0) return null;
    return {
      name,
      columns: new Map(rows.filter(row => row['generated'] !== true).map(row => [String(row['attname']), targetType(String(row['type']))])),
      generated: new Set(rows.filter(row => row['generated'] === true).map(row => String(row['attname']))),
    };
  }

  async compare(table: ComparedTable, columns: readonly ComparedColumn[], rows: readonly ColumnValues[]): Promise<readonly FoundRow[]> {
    const answers = new Array<FoundRow>(rows.length);
    const byMissing = new Map<string, number[]>();
    for (const [index, row] of rows.entries()) {
      const missing = row.flatMap((value, at) => (value === undefined ? [at] : [])).join(',');
      byMissing.set(missing, [...(byMissing.get(missing) ?? []), index]);
    }
    for (const [missing, indexes] of byMissing) {
      const unsent = new Set(missing.split(',').filter(Boolean).map(Number));
      const told = columns.map((column, at) => (unsent.has(at) ? { ...column, compared: false } : column));
      for (let at = 0; at < indexes.length; at += rowsAtOnce) {
        const some = indexes.slice(at, at + rowsAtOnce);
        const arrays = columnArrays(
          some.map(index => ({ values: rows[index]! })),
          columns.length,
        );
        const found = await this.#session.ask(comparison(table, told), arrays);
        for (const { [place]: at, id, found: isFound, same, held } of found)
          answers[some[Number(at) - 1]!] = {
            id: String(id),
            found: isFound === true,
            same: same === true,
            held: held === null ? null : String(held),
          };
      }
    }
    return answers;
  }

  async *ids(table: ComparedTable, key: readonly string[], max: number, abort: AbortSignal): AsyncGenerator<readonly string[]> {
    const columns = key.map(name => `t.${quoted(name)}`).join(', ');
    const name = qualified(table.name.schema, table.name.table);
    let after: readonly string[] | null = null;
    for (;;) {
      abort.throwIfAborted();
      const where: string = after === null ? '' : ` where (${columns}) > (${after.map(literal).join(', ')})`;
      const rows = await this.#session.ask(`select ${nameOf('t', key)} as id from ${name} t${where} order by ${columns} limit ${max}`);
      if (rows.length === 0) return;
      const ids = rows.map(row => String(row['id']));
      yield ids;
      if (rows.length < max) return;
      after = JSON.parse(ids.at(-1)!) as string[];
    }
  }

  async held(table: ComparedTable, key: readonly string[], ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const held = new Map<string, string>();
    for (let at = 0; at < ids.length; at += rowsAtOnce) {
      const rows = await this.#session.ask(`select i.id, md5(t::text) as held from ${named(table, key)}`, [
        arrayOf(ids.slice(at, at + rowsAtOnce)),
      ]);
      for (const row of rows) held.set(String(row['id']), String(row['held']));
    }
    return held;
  }

  /** The live flow moves its offsets first in each transaction: it waits for ours. */
  async holding<T>(group: string, abort: AbortSignal, confirm: () => Promise<T>, work: (confirmed: T) => Promise<void>): Promise<void> {
    await this.#session.transaction('Removing rows', abort, async () => {
      const [offsets] = await this.#session.ask("select to_regclass('_sluice_offsets') is not null as there");
      if (offsets?.['there'] === true) await this.#session.ask('select 1 from _sluice_offsets where group_name = $1 for update', [group]);
      await work(await confirm());
    });
  }

  async remove(table: ComparedTable, key: readonly string[], ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const name = qualified(table.name.schema, table.name.table);
    await this.#session.ask(`delete from ${name} where ctid in (select t.ctid from ${named(table, key)})`, [arrayOf(ids)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

function arrayOf(texts: readonly string[]): string {
  const array = new ColumnArray();
  for (const text of texts) array.add(text);
  return array.literal();
}

/** The name of a row, of its key's columns in this alias. */
function nameOf(alias: string, key: readonly string[]): string {
  return `to_json(array[${key.map(name => `${alias}.${quoted(name)}::text`).join(', ')}])::text`;
}

/** The rows `t` of a table by names `i.id`, which are the first parameter. */
function named(table: ComparedTable, key: readonly string[]): string {
  const name = qualified(table.name.schema, table.name.table);
  const same = key.map((column, at) => `t.${quoted(column)} = (i.id::json->>${at})::${table.columns.get(column)!.name}`);
  return `unnest($1::text[]) as i (id) join ${name} t on ${same.join(' and ')}`;
}

/** The statement that holds arrays of values, one a column, against a table. */
function comparison(table: ComparedTable, columns: readonly ComparedColumn[]): string {
  const parameters = columns.map(({ type }, at) => `$${at + 1}::${type.family === 'array' ? 'text' : withoutLength(type.name)}[]`);
  // The column's whole type: what is finer than it is rounded as a write rounds it.
  const typed = columns.map(({ name, type }, at) => `c${at}::${type.name} as ${quoted(name)}`);
  const raw = columns.map((_, at) => `c${at}`).join(', ');
  const key = columns.filter(({ isKey }) => isKey).map(({ name }) => name);
  const same = columns.filter(({ compared }) => compared).map(({ name, type, moment }) => isSame(quoted(name), type, moment));
  // No key has a null, and a view has no ctid.
  const found = `t.${quoted(key[0]!)} is not null`;
  const on = key.map(name => `t.${quoted(name)} = i.${quoted(name)}`).join(' and ');
  return `with i as (select "${place}", ${typed.join(', ')} from unnest(${parameters.join(', ')}) with ordinality as u (${raw}, "${place}"))
select i."${place}", case when ${found} then ${nameOf('t', key)} else ${nameOf('i', key)} end as id, ${found} as found,
  ${same.length === 0 ? 'true' : same.join(' and ')} as same, case when ${found} then md5(t::text) end as held
from i left join ${qualified(table.name.schema, table.name.table)} t on ${on}`;
}

/** As `momentText`, of a column of texts. */
function momentOf(column: string): string {
  const zone = '(Z|[+-]\\d\\d:\\d\\d)?$';
  return `regexp_replace(regexp_replace(${column}::text, '(:\\d\\d\\.\\d*[1-9])0+${zone}', '\\1\\2'), '(:\\d\\d)\\.0+${zone}', '\\1\\2')`;
}

function isSame(column: string, { family, element }: TargetType, moment: boolean): string {
  if (moment && family === 'text') return `${momentOf(`t.${column}`)} is not distinct from ${momentOf(`i.${column}`)}`;
  const cast =
    family === 'json' ? '::text::jsonb' : comparable.has(family) || (element !== null && comparable.has(element.family)) ? '' : '::text';
  return `t.${column}${cast} is not distinct from i.${column}${cast}`;
}
