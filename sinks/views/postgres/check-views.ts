import { randomBytes } from 'node:crypto';
import { qualified, quoted } from '../../sql/identifiers.ts';
import type { PostgresSession } from '../../sql/postgres-session.ts';
import { targetError } from '../../sql/target-errors.ts';
import type { DefinitionFault, Definitions, Place, PlacedText, TableDefinition, ViewDefinition } from '../definition.ts';
import { createIndexes, createTable, rowsTable, selectAt, subselect } from '../layout.ts';
import { unreached } from './reach.ts';
import { volatileFaults } from './volatile.ts';

/** Ends the transaction of a check. */
class Done extends Error {}

/**
 * Tries all definitions in empty tables of a schema that is rolled back: what is wrong with them, with the places in the file. Rejects
 * TARGET_UNAVAILABLE or TARGET_REFUSED where the server cannot be asked.
 */
export async function checkViews(session: PostgresSession, definitions: Definitions, abort: AbortSignal): Promise<DefinitionFault[]> {
  const faults: DefinitionFault[] = [];
  const schema = `_sluice_check_${randomBytes(6).toString('hex')}`;
  try {
    await session.transaction('Checking the views', abort, async () => {
      await session.script(`create schema ${quoted(schema)}; set local search_path to ${quoted(schema)}`);
      const checker = new Checker(session, schema, faults);
      for (const table of definitions.tables) await checker.table(table);
      if (faults.length === 0) for (const view of definitions.views) await checker.view(view, definitions.tables);
      throw new Done();
    });
  } catch (error) {
    if (!((error as Error).cause instanceof Done)) throw error;
  }
  return faults;
}

class Checker {
  readonly #session: PostgresSession;
  readonly #schema: string;
  readonly #faults: DefinitionFault[];

  constructor(session: PostgresSession, schema: string, faults: DefinitionFault[]) {
    this.#session = session;
    this.#schema = schema;
    this.#faults = faults;
  }

  /** Does a step; what the server refuses of it is a fault at `place`, or where the server points to in `text`, which begins at `at`. */
  async #step(
    what: string,
    place: Place,
    work: () => Promise<void>,
    text?: { readonly placed: PlacedText; readonly at: number },
  ): Promise<boolean> {
    await this.#session.script('savepoint step');
    try {
      await work();
      return true;
    } catch (error) {
      const { code, message, position } = error as { code?: string; message: string; position?: string };
      if (code === undefined || !/^(42|0A|22|23|3F|2B)/.test(code) || code === '42501') throw error;
      await this.#session.script('rollback to savepoint step');
      const offset = text && position !== undefined ? Number(position) - 1 - text.at : -1;
      const exact = text && offset >= 0 && offset <= text.placed.text.length ? text.placed.placeOf(offset) : place;
      this.#faults.push({ place: exact, message: `${what}: ${message}` });
      return false;
    }
  }

  async table(table: TableDefinition): Promise<void> {
    await this.#step(`Table ${table.name}`, table.place, () => this.#session.script(createTable(this.#schema, table)));
  }

  async view(view: ViewDefinition, tables: readonly TableDefinition[]): Promise<void> {
    const name = qualified(this.#schema, view.name);
    const made = `create view ${name} as select * from `;
    const created = await this.#step(
      `The select of view ${view.name}`,
      view.place,
      () => this.#session.script(`${made}${subselect(view)} v`),
      { placed: view.select, at: made.length + selectAt },
    );
    if (!created) return;
    const before = this.#faults.length;
    await this.#keyColumns(view);
    if (this.#faults.length > before) return;
    for (const [table] of view.routes) await this.#route(view, tables.find(known => known.name === table)!);
    if (this.#faults.length > before) return;
    const index = createIndexes(this.#schema, view);
    for (const { sql, route } of index)
      await this.#step(`The way to the key of view ${view.name}`, route.place, () => this.#session.script(sql));
    this.#faults.push(...(await volatileFaults(this.#session, name, view)));
    if (this.#faults.length > before) return;
    const { faults, read } = await unreached(this.#session, this.#schema, view);
    const unnamed = [...read].filter(table => !view.routes.has(table));
    for (const table of unnamed)
      this.#faults.push({
        place: view.place,
        message: `View ${view.name} reads table ${table}, whose topic does not lead to its key: from must name it, with its way.`,
      });
    if (unnamed.length === 0) this.#faults.push(...faults);
    for (const [table, route] of view.routes)
      if (!read.has(table) && !isPassed(view, table))
        this.#faults.push({ place: route.place, message: `View ${view.name} does not read table ${table}.`, warning: true });
  }

  async #keyColumns(view: ViewDefinition): Promise<void> {
    const rows = await this.#session.ask(`select attname from pg_attribute where attrelid = $1::regclass and attnum > 0`, [
      qualified(this.#schema, view.name),
    ]);
    const columns = rows.map(row => String(row['attname']));
    for (const column of view.key)
      if (!columns.includes(column))
        this.#faults.push({
          place: view.place,
          message: `The select of view ${view.name} has no column '${column}', its key; it has ${columns.join(', ')}.`,
        });
  }

  /** That each expression can be computed, and compared to its key column. */
  async #route(view: ViewDefinition, table: TableDefinition): Promise<void> {
    const route = view.routes.get(table.name)!;
    if (route.kind === 'through') return;
    for (const [at, expression] of route.expressions.entries()) {
      const what = `The way from table ${table.name} to the key of view ${view.name}`;
      const before = 'select count(*) from (select (';
      const source = `${rowsTable(this.#schema, table.name)} as ${quoted(table.name)}`;
      await this.#step(
        what,
        route.place,
        () =>
          this.#session.script(
            `${before}${expression.text}) as k from ${source}) r join ${qualified(this.#schema, view.name)} v on v.${quoted(view.key[at]!)} = r.k`,
          ),
        { placed: expression, at: before.length },
      );
    }
  }
}

function isPassed(view: ViewDefinition, table: string): boolean {
  return [...view.routes.values()].some(route => route.kind === 'through' && route.table === table);
}

/** A failure of the check itself. */
export function checkError(error: unknown): ReturnType<typeof targetError> {
  return targetError(error, 'Checking the views');
}
