import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { quoted } from '../../sql/identifiers.ts';
import type { ReducedRow } from '../../sql/reduced-rows.ts';
import type { SqliteSession } from '../../sql/sqlite-session.ts';
import { sqliteValue } from '../../sql/sqlite-value.ts';
import type { TableDefinition } from '../definition.ts';
import { deletedAtColumn, deletedColumn, list, rowsTable, versionColumn } from '../layout.ts';
import type { Led, LedTarget } from '../led.ts';

/** A value of a key. */
export type SqlitePart = Exclude<SQLOutputValue, null>;

/** Writes base rows, newer ones only, and tells what the old and the new ones lead to: row by row, by prepared statements. */
export class SqliteTableWriter {
  readonly #session: SqliteSession;
  readonly #table: TableDefinition;
  readonly #targets: readonly LedTarget[];
  readonly #rows: string;
  readonly #keyAt: readonly number[];
  readonly #nowMs: () => number;

  constructor(session: SqliteSession, table: TableDefinition, targets: readonly LedTarget[], nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#session = session;
    this.#table = table;
    this.#targets = targets;
    this.#rows = rowsTable(null, table.name);
    this.#keyAt = table.key.map(name => table.columns.findIndex(column => column.name === name));
  }

  async write(rows: Iterable<ReducedRow>, refilling: boolean): Promise<Led<SqlitePart>[]> {
    const led: Led<SqlitePart>[] = [];
    const newer = refilling ? '<=' : '<';
    const { columns, key, name } = this.#table;
    const where = key.map(column => `${quoted(column)} = ?`).join(' and ');
    const told = this.#targets.flatMap(({ expressions }) => expressions.map(text => `(${text})`));
    const lookup =
      told.length === 0
        ? null
        : `select ${told.map((text, at) => `${text} as e${at}`).join(', ')} from ${this.#rows} as ${quoted(name)} where ${where} and not ${deletedColumn}`;
    const old = lookup === null ? null : `${lookup} and ${versionColumn} ${newer} ?`;
    const own = [...columns.map(column => column.name), versionColumn, deletedColumn, deletedAtColumn];
    const nowMs = this.#nowMs();
    for (const row of rows) {
      const values = row.values.map(sqliteValue);
      const keys = this.#keyAt.map(at => values[at]!);
      if (old !== null) this.#tell(led, old, [...keys, row.version]);
      const told = (at: number) => at >= columns.length || row.deleted || row.values[at] !== undefined;
      const set = own.filter((_, at) => told(at)).map(column => `${quoted(column)} = excluded.${quoted(column)}`);
      const changed = this.#session.run(
        `insert into ${this.#rows} (${list(own)}) values (${own.map(() => '?').join(', ')})
         on conflict (${list(key)}) do update set ${set.join(', ')} where ${versionColumn} ${newer} excluded.${versionColumn}`,
        ...values,
        row.version,
        row.deleted ? 1 : 0,
        row.deleted ? nowMs : null,
      );
      if (lookup !== null && changed > 0 && !row.deleted) this.#tell(led, lookup, keys);
      await this.#session.breathe();
    }
    return led;
  }

  #tell(led: Led<SqlitePart>[], sql: string, values: readonly SQLInputValue[]): void {
    for (const row of this.#session.all(sql, ...values)) this.#split(led, Object.values(row));
  }

  #split(led: Led<SqlitePart>[], values: readonly SQLOutputValue[]): void {
    let at = 0;
    for (const [target, { expressions }] of this.#targets.entries()) {
      led.push({ target, parts: values.slice(at, at + expressions.length) });
      at += expressions.length;
    }
  }

  truncate(): Led<SqlitePart>[] {
    const led: Led<SqlitePart>[] = [];
    const told = this.#targets.flatMap(({ expressions }) => expressions.map(text => `(${text})`));
    if (told.length > 0)
      this.#tell(
        led,
        `select distinct ${told.map((text, at) => `${text} as e${at}`).join(', ')} from ${this.#rows} as ${quoted(this.#table.name)} where not ${deletedColumn}`,
        [],
      );
    this.#session.run(`update ${this.#rows} set ${deletedColumn} = 1, ${deletedAtColumn} = ? where not ${deletedColumn}`, this.#nowMs());
    return led;
  }
}
