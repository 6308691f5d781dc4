import { constants, DatabaseSync } from 'node:sqlite';
import { quoted } from '../../sql/identifiers.ts';
import type { DefinitionFault, Definitions, Place, PlacedText, ViewDefinition } from '../definition.ts';
import { createIndexes, createTable, rowsTable, subselect } from '../layout.ts';
import { wholeTable } from '../whole-table.ts';

const clockLiteral = /'(now|localtime)'/i;
/** Date functions without a time read the clock. */
const clockCall = /\b(?:(?:date|time|datetime|julianday|unixepoch)\s*\(\s*\)|strftime\s*\(\s*'[^']*'\s*\))/i;

/** Tries all definitions in a database in memory: what is wrong with them, with the places in the file. */
export function checkInMemory(definitions: Definitions): DefinitionFault[] {
  const database = new DatabaseSync(':memory:');
  try {
    const checker = new Checker(database);
    for (const table of definitions.tables) checker.step(`Table ${table.name}`, table.place, () => database.exec(createTable(null, table)));
    if (checker.faults.length === 0) for (const view of definitions.views) checker.view(view);
    return checker.faults;
  } finally {
    database.close();
  }
}

class Checker {
  readonly faults: DefinitionFault[] = [];
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Does a step; what SQLite refuses of it is a fault, placed where the word that it names stands in `text`. */
  step(what: string, place: Place, work: () => void, text?: PlacedText): boolean {
    try {
      work();
      return true;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code !== 'ERR_SQLITE_ERROR') throw error;
      const word = /near "(.+?)"|no such (?:column|table|function): (?:main\.)?(\S+)|ambiguous column name: (\S+)/.exec(message);
      const name = word?.[1] ?? word?.[2] ?? word?.[3];
      const at = text && name !== undefined ? text.text.indexOf(name) : -1;
      this.faults.push({ place: at >= 0 ? text!.placeOf(at) : place, message: `${what}: ${message}` });
      return false;
    }
  }

  view(view: ViewDefinition): void {
    const before = this.faults.length;
    const name = quoted(view.name);
    this.step(
      `The select of view ${view.name}`,
      view.place,
      () => {
        this.#database.exec(`create view ${name} as select * from ${subselect(view)} v`);
        this.#database.prepare(`select * from ${name}`);
      },
      view.select,
    );
    if (this.faults.length > before) return;
    const columns = this.#database
      .prepare(`select name from pragma_table_info(?)`)
      .all(view.name)
      .map(row => String(row['name']));
    for (const column of view.key)
      if (!columns.includes(column))
        this.#fault(view.place, `The select of view ${view.name} has no column '${column}', its key; it has ${columns.join(', ')}.`);
    for (const [table, route] of view.routes) {
      if (route.kind === 'through') continue;
      for (const expression of route.expressions)
        this.step(
          `The way from table ${table} to the key of view ${view.name}`,
          route.place,
          () => void this.#database.prepare(`select (${expression.text}) from ${rowsTable(null, table)} as ${quoted(table)}`),
          expression,
        );
    }
    if (this.faults.length > before) return;
    for (const { sql, route } of createIndexes(null, view))
      this.step(`The way to the key of view ${view.name}`, route.place, () => this.#database.exec(sql));
    if (this.faults.length === before) this.#depends(view);
  }

  #fault(place: Place, message: string): void {
    this.faults.push({ place, message });
  }

  /** What the rows of one key are computed from: only deterministic functions, only rows reached from the key. */
  #depends(view: ViewDefinition): void {
    const keyed = `select * from ${subselect(view)} v where ${view.key.map(column => `v.${quoted(column)} = ?`).join(' and ')}`;
    const { functions, read } = this.#uses(keyed);
    const { text } = view.select;
    const decided = 'and a view is decided by its rows alone.';
    for (const name of functions) {
      if (!this.#isRandom(name)) continue;
      const at = text.toLowerCase().indexOf(name.toLowerCase());
      this.#fault(
        view.select.placeOf(Math.max(0, at)),
        `The select of view ${view.name} calls ${name}: its answer changes by itself, ${decided}`,
      );
    }
    const clock = clockLiteral.exec(text) ?? clockCall.exec(text);
    if (clock)
      this.#fault(view.select.placeOf(clock.index), `The select of view ${view.name} has ${clock[0]}: it reads the clock, ${decided}`);
    const unnamed = [...read].filter(table => !view.routes.has(table));
    for (const table of unnamed)
      this.#fault(
        view.place,
        `View ${view.name} reads table ${table}, whose topic does not lead to its key: from must name it, with its way.`,
      );
    if (unnamed.length > 0) return;
    const plan = this.#database
      .prepare(`explain query plan ${keyed}`)
      .all(...view.key.map(() => null))
      .map(row => String(row['detail']));
    const whole = new Set(
      plan.flatMap(detail => /^(?:SCAN _rows_(\w+)|SEARCH _rows_(\w+) USING AUTOMATIC)/.exec(detail)?.slice(1).find(Boolean) ?? []),
    );
    for (const table of whole) this.#fault(view.select.placeOf(0), wholeTable(view, table));
    for (const [table, route] of view.routes) {
      const passed = [...view.routes.values()].some(other => other.kind === 'through' && other.table === table);
      if (!read.has(table) && !passed)
        this.faults.push({ place: route.place, message: `View ${view.name} does not read table ${table}.`, warning: true });
    }
  }

  #uses(sql: string): { readonly functions: ReadonlySet<string>; readonly read: ReadonlySet<string> } {
    const functions = new Set<string>();
    const read = new Set<string>();
    this.#database.setAuthorizer((action, first, second) => {
      if (action === constants.SQLITE_FUNCTION && second !== null) functions.add(second);
      if (action === constants.SQLITE_READ && first?.startsWith('_rows_')) read.add(first.slice('_rows_'.length));
      return constants.SQLITE_OK;
    });
    try {
      this.#database.prepare(sql);
    } finally {
      this.#database.setAuthorizer(null);
    }
    return { functions, read };
  }

  /** A scalar function without SQLite's mark of determinism (SQLITE_DETERMINISTIC, 0x800). */
  #isRandom(name: string): boolean {
    const [row] = this.#database
      .prepare(`select count(*) as n from pragma_function_list where name = ? collate nocase and type = 's' and flags & 2048 = 0`)
      .all(name);
    return Number(row?.['n']) > 0;
  }
}
