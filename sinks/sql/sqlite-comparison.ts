import { createHash } from 'node:crypto';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { momentText, SluiceError } from '../../src/contract/index.ts';
import type { ComparedColumn, ComparedTable, ComparedTables, FoundRow, RelationName } from './compared-tables.ts';
import { quoted } from './identifiers.ts';
import type { ColumnValues } from './row-reader.ts';
import { SqliteSession } from './sqlite-session.ts';
import { sqliteValue } from './sqlite-value.ts';
import { targetType } from './target-type.ts';

/** How often the file's lock is asked for, and how long is waited in between. */
const attemptsMax = 400;
const attemptMs = 25;

/** Holds rows against tables of a SQLite file, row by row; values are compared as SQLite does, by the columns' affinities. */
export class SqliteComparison implements ComparedTables {
  readonly #session: SqliteSession;

  constructor(file: string) {
    this.#session = new SqliteSession(file);
  }

  async find(name: RelationName): Promise<ComparedTable | null> {
    const rows = this.#session.all('select name, type, hidden from pragma_table_xinfo(?)', tableOf(name));
    if (rows.length === 0) return null;
    const generated = rows.filter(row => Number(row['hidden']) > 1);
    const written = rows.filter(row => !generated.includes(row));
    return {
      name,
      columns: new Map(written.map(row => [String(row['name']), targetType(String(row['type']) || 'text')])),
      generated: new Set(generated.map(row => String(row['name']))),
    };
  }

  async compare(table: ComparedTable, columns: readonly ComparedColumn[], rows: readonly ColumnValues[]): Promise<readonly FoundRow[]> {
    const answers: FoundRow[] = [];
    const keyAt = columns.flatMap(({ isKey }, at) => (isKey ? [at] : []));
    const where = keyAt.map(at => `${quoted(columns[at]!.name)} = ?`).join(' and ');
    for (const values of rows) {
      const told = columns.flatMap(({ compared }, at) => (compared && values[at] !== undefined ? [at] : []));
      const inSql = told.filter(at => !columns[at]!.moment);
      const same = inSql.length === 0 ? '1' : inSql.map(at => isSame(columns[at]!)).join(' and ');
      const key = keyAt.map(at => sqliteValue(values[at]));
      const [row] = this.#session.all(
        `select ${same} as "same of all", * from ${quoted(tableOf(table.name))} where ${where}`,
        ...inSql.map(at => sqliteValue(values[at])),
        ...key,
      );
      if (row === undefined) answers.push({ id: nameOf(key), found: false, same: false, held: null });
      else {
        const { 'same of all': isSame, ...held } = row;
        const moments = told.every(at => !columns[at]!.moment || isSameMoment(held[columns[at]!.name] ?? null, sqliteValue(values[at])));
        const stored = keyAt.map(at => held[columns[at]!.name] ?? null);
        answers.push({ id: nameOf(stored), found: true, same: Number(isSame) === 1 && moments, held: digestOf(held) });
      }
      await this.#session.breathe();
    }
    return answers;
  }

  async *ids(table: ComparedTable, key: readonly string[], max: number, abort: AbortSignal): AsyncGenerator<readonly string[]> {
    const columns = key.map(quoted).join(', ');
    const places = key.map(() => '?').join(', ');
    let after: readonly SQLInputValue[] = [];
    for (;;) {
      abort.throwIfAborted();
      const where: string = after.length === 0 ? '' : ` where (${columns}) > (${places})`;
      const rows = this.#session.all(
        `select ${columns} from ${quoted(tableOf(table.name))}${where} order by ${columns} limit ${max}`,
        ...after,
      );
      if (rows.length === 0) return;
      yield rows.map(row => nameOf(key.map(name => row[name] ?? null)));
      if (rows.length < max) return;
      after = key.map(name => rows.at(-1)![name] ?? null);
      await this.#session.breathe();
    }
  }

  async held(table: ComparedTable, key: readonly string[], ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const held = new Map<string, string>();
    const where = key.map(name => `${quoted(name)} = ?`).join(' and ');
    for (const id of ids) {
      const [row] = this.#session.all(`select * from ${quoted(tableOf(table.name))} where ${where}`, ...valuesOf(id));
      if (row !== undefined) held.set(id, digestOf(row));
      if (!this.#session.database.isTransaction) await this.#session.breathe();
    }
    return held;
  }

  /**
   * The one write transaction that the file can have: the live flow, in this very thread, may be in the midst of its own, so nobody is waited for with
   * the thread held up, and within ours nothing is awaited that takes a turn.
   */
  async holding<T>(_group: string, abort: AbortSignal, confirm: () => Promise<T>, work: (confirmed: T) => Promise<void>): Promise<void> {
    this.#session.exec('pragma busy_timeout = 0');
    for (let attempt = 1; ; attempt++) {
      const confirmed = await confirm();
      try {
        return await this.#session.transaction('Removing rows', abort, () => work(confirmed));
      } catch (error) {
        if (!(error instanceof SluiceError) || error.retry !== 'backoff' || attempt >= attemptsMax || abort.aborted) throw error;
      }
      await setTimeout(attemptMs, undefined, { signal: abort }).catch(() => {});
    }
  }

  async remove(table: ComparedTable, key: readonly string[], ids: readonly string[]): Promise<void> {
    const where = key.map(name => `${quoted(name)} = ?`).join(' and ');
    for (const id of ids) this.#session.run(`delete from ${quoted(tableOf(table.name))} where ${where}`, ...valuesOf(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
  }
}

function isSame({ name, json }: ComparedColumn): string {
  const column = quoted(name);
  return json ? `case when json_valid(${column}) then json(${column}) else ${column} end is json(?)` : `${column} is ?`;
}

function isSameMoment(held: SQLOutputValue, value: SQLInputValue): boolean {
  return typeof held === 'string' && typeof value === 'string' ? momentText(held) === momentText(value) : held === value;
}

function tableOf({ schema, table }: RelationName): string {
  return schema === null ? table : `${schema}.${table}`;
}

/** The name of a row: numbers as their digits, bytes in an object of their own. */
function nameOf(key: readonly (SQLInputValue | SQLOutputValue)[]): string {
  return JSON.stringify(key.map(part => (part instanceof Uint8Array ? { base64: Buffer.from(part).toString('base64') } : String(part))));
}

/** The key's values of a name: a column's affinity makes numbers of digits. */
function valuesOf(id: string): SQLInputValue[] {
  const parts = JSON.parse(id) as (string | { readonly base64: string })[];
  return parts.map(part => (typeof part === 'string' ? part : Buffer.from(part.base64, 'base64')));
}

function digestOf(row: Readonly<Record<string, SQLOutputValue>>): string {
  const hash = createHash('sha256');
  for (const value of Object.values(row)) {
    const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
    hash.update(`${typeof value}${text.length}:${text}`);
  }
  return hash.digest('base64');
}
