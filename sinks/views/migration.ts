import { type SinkAssignment, SluiceError } from '../../src/contract/index.ts';
import { qualified, quoted } from '../sql/identifiers.ts';
import type { Bookkeeping, Database, Refill, StoredTable } from './bookkeeping.ts';
import { type Definitions, fingerprint, placed, type TableDefinition, type ViewDefinition } from './definition.ts';
import { createDeletedIndex, createIndexes, createRowsView, createTable, deletedAtColumn, deletedColumn, rowsTable } from './layout.ts';
import { restoredView } from './restored-view.ts';

/** What is kept up from now on. */
export type Active = {
  readonly tables: readonly TableDefinition[];
  /** Views as they are kept now: where one waits for a table to be read again, the one there was before. */
  readonly views: readonly ViewDefinition[];
  /** Views of the file that wait for that. */
  readonly waiting: readonly ViewDefinition[];
  /** Tables that are being read again, up to these offsets. */
  readonly refills: ReadonlyMap<string, Refill>;
};

/** Brings the target's tables to what the file says. All of it is part of one transaction. */
export class Migration {
  readonly #database: Database;
  readonly #books: Bookkeeping;
  readonly #schema: string | null;
  readonly #viewSchema: string | null;
  readonly #fill: (view: ViewDefinition, replace: boolean) => Promise<void> | void;
  readonly #nowMs: () => number;

  /** `schemas`: of base rows and of views; null in SQLite. `fill` makes a view's table. */
  constructor(
    database: Database,
    books: Bookkeeping,
    schemas: { readonly rows: string | null; readonly views: string | null },
    fill: (view: ViewDefinition, replace: boolean) => Promise<void> | void,
    nowMs: () => number,
  ) {
    this.#nowMs = nowMs;
    this.#database = database;
    this.#books = books;
    this.#schema = schemas.rows;
    this.#viewSchema = schemas.views;
    this.#fill = fill;
  }

  async run(definitions: Definitions, assignment: SinkAssignment): Promise<Active> {
    const stored = await this.#books.tables();
    const refills = new Map<string, Refill>();
    for (const table of definitions.tables) {
      const known = stored.get(table.name);
      if (known && known.definition.deletedAt !== true) await this.#addDeletedAt(table, known.definition, known.refill);
      const refill = known
        ? await this.#alter(table, known.definition, known.refill, definitions, assignment)
        : await this.#create(table, assignment);
      if (refill) refills.set(table.name, refill);
    }
    const active = await this.#views(definitions, refills);
    for (const [name] of stored) {
      if (definitions.tables.some(table => table.name === name)) continue;
      await this.#database.script(
        `drop view if exists ${qualified(this.#schema, name)}; drop table if exists ${rowsTable(this.#schema, name)}`,
      );
      await this.#books.forget('_tables', name);
    }
    return active;
  }

  /** What is kept up now, as the task that has the partitions has made it; changes nothing. Throws TARGET_UNAVAILABLE where it is not made yet. */
  async asItIs(definitions: Definitions): Promise<Active> {
    const stored = await this.#books.tables();
    const lacking = definitions.tables.find(({ name }) => !stored.has(name));
    if (lacking !== undefined) throw new SluiceError('TARGET_UNAVAILABLE', `The table ${lacking.name} has not been made yet.`);
    const known = await this.#books.views();
    const views = definitions.views.flatMap(view => {
      const print = known.get(view.name);
      if (print === undefined) return [];
      const kept = print === fingerprint(view) ? view : restoredView(view.name, print, definitions);
      return kept === null ? [] : [kept];
    });
    const refills = new Map([...stored].flatMap(([name, { refill }]) => (refill === null ? [] : [[name, refill] as const])));
    return { tables: definitions.tables, views, waiting: [], refills };
  }

  async #create(table: TableDefinition, { group }: SinkAssignment): Promise<null> {
    await this.#database.script(createTable(this.#schema, table));
    await this.#books.storeTable(table, typesOf(table), null);
    // The topic may have been read before there was a table for it.
    await this.#books.offsets.forget(group, table.topic);
    return null;
  }

  /** What was deleted before counts as deleted now. */
  async #addDeletedAt({ name, key }: TableDefinition, { columns }: StoredTable, refill: Refill | null): Promise<void> {
    const rows = rowsTable(this.#schema, name);
    await this.#database.script(
      `alter table ${rows} add column ${deletedAtColumn} bigint;
       update ${rows} set ${deletedAtColumn} = ${this.#nowMs()} where ${deletedColumn};
       ${createDeletedIndex(this.#schema, name)}`,
    );
    await this.#books.storeTable({ name, key }, columns, refill);
  }

  async #alter(
    table: TableDefinition,
    stored: StoredTable,
    refill: Refill | null,
    { file }: Definitions,
    { group }: SinkAssignment,
  ): Promise<Refill | null> {
    const columns = typesOf(table);
    const changed = Object.keys(columns).find(name => stored.columns[name] !== undefined && stored.columns[name] !== columns[name]);
    if (changed !== undefined || stored.key.join() !== table.key.join()) {
      const what = changed === undefined ? 'another key' : `another type of column ${changed}`;
      const message = placed(file, { place: table.place, message: `Table ${table.name} has ${what} than the base rows that are kept.` });
      throw new SluiceError('CONFIG_INVALID', message, {
        remedy: 'Give the table a new name: it is then filled from the log anew, and the old one is dropped.',
      });
    }
    const added = table.columns.filter(({ name }) => stored.columns[name] === undefined);
    const live = qualified(this.#schema, table.name);
    const same = Object.keys(columns).length === Object.keys(stored.columns).length && added.length === 0;
    if (same) return refill;
    for (const { name, type } of added)
      await this.#database.script(`alter table ${rowsTable(this.#schema, table.name)} add column ${quoted(name)} ${type.name}`);
    await this.#database.script(`drop view ${live}; ${createRowsView(this.#schema, table)}`);
    if (added.length === 0) {
      await this.#books.storeTable(table, { ...stored.columns, ...columns }, refill);
      return refill;
    }
    const until = (await this.#books.offsets.offsets(group)).filter(({ topic }) => topic === table.topic);
    const wanted =
      until.length === 0
        ? null
        : Object.fromEntries(until.map(({ partition, offset }) => [partition, String(later(offset, refill?.[partition]))]));
    await this.#books.storeTable(table, { ...stored.columns, ...columns }, wanted);
    await this.#books.offsets.forget(group, table.topic);
    return wanted;
  }

  async #views(definitions: Definitions, refills: ReadonlyMap<string, Refill>): Promise<Active> {
    const stored = await this.#books.views();
    const views: ViewDefinition[] = [];
    const waiting: ViewDefinition[] = [];
    for (const view of definitions.views) {
      for (const { sql } of createIndexes(this.#schema, view)) await this.#database.script(sql);
      const known = stored.get(view.name);
      if (known === fingerprint(view)) {
        views.push(view);
        continue;
      }
      if ([...view.routes.keys()].some(table => refills.has(table))) {
        waiting.push(view);
        const before = known === undefined ? null : restoredView(view.name, known, definitions);
        if (before) views.push(before);
        continue;
      }
      await this.#made(view, known !== undefined);
      views.push(view);
    }
    for (const [name] of stored) {
      if (definitions.views.some(view => view.name === name)) continue;
      await this.#database.script(`drop table if exists ${qualified(this.#viewSchema, name)}`);
      await this.#books.forget('_views', name);
    }
    return { tables: definitions.tables, views, waiting, refills };
  }

  async #made(view: ViewDefinition, replace: boolean): Promise<void> {
    await this.#fill(view, replace);
    await this.#books.storeView(view.name, fingerprint(view));
  }

  /** What of `active` is so when tables have been read again: their views are filled. */
  async settle(active: Active, group: string): Promise<Active> {
    const offsets = await this.#books.offsets.offsets(group);
    const at = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
    const refills = new Map(active.refills);
    for (const [name, refill] of active.refills) {
      const { topic } = active.tables.find(table => table.name === name)!;
      if (!Object.entries(refill).every(([partition, until]) => (at.get(`${topic}-${partition}`) ?? 0n) >= BigInt(until))) continue;
      await this.#books.refilled(name);
      refills.delete(name);
    }
    const ready = active.waiting.filter(view => ![...view.routes.keys()].some(table => refills.has(table)));
    for (const view of ready)
      await this.#made(
        view,
        active.views.some(({ name }) => name === view.name),
      );
    const names = new Set(ready.map(({ name }) => name));
    return {
      ...active,
      refills,
      views: [...active.views.filter(({ name }) => !names.has(name)), ...ready],
      waiting: active.waiting.filter(({ name }) => !names.has(name)),
    };
  }
}

function typesOf(table: TableDefinition): Record<string, string> {
  return Object.fromEntries(table.columns.map(({ name, type }) => [name, type.name]));
}

function later(offset: bigint, other: string | undefined): bigint {
  const before = BigInt(other ?? 0);
  return before > offset ? before : offset;
}
