import type { ReducedRow } from '../sql/reduced-rows.ts';
import { ReducedRows } from '../sql/reduced-rows.ts';
import type { KnownTables } from './evolution.ts';
import type { JdbcConfig } from './options.ts';
import type { RecordAction, RecordRows } from './record-rows.ts';
import type { RowShape } from './row-shape.ts';
import type { FoundTable, RowGroup, TableColumn } from './tables.ts';

/** What is written at once: rows of one table, or its truncation. */
export type GroupOrTruncation = RowGroup | { readonly truncate: FoundTable };

type Open = { readonly table: FoundTable; readonly shape: RowShape; readonly reduced: ReducedRows | null; readonly rows: ReducedRow[] };

/**
 * Actions as groups of rows, each table's in their order: one ends where the columns change or the table is emptied. Makes and widens tables on
 * the way. `versioned`: rows are compared by the version that is kept of their key. Part of a transaction.
 */
export async function rowGroups(
  actions: readonly RecordAction[],
  config: JdbcConfig,
  known: KnownTables,
  reader: RecordRows,
  versioned: boolean,
): Promise<readonly GroupOrTruncation[]> {
  const done: GroupOrTruncation[] = [];
  const open = new Map<string, Open>();
  const keyed = hasOwnKey(config);
  const close = (id: string) => {
    const group = open.get(id);
    if (group === undefined) return;
    open.delete(id);
    done.push(...parts(group, config, versioned && keyed));
  };
  let last: RecordAction | null = null;
  let table: FoundTable | null = null;
  for (const action of actions) {
    // Most records are of the table and shape of the one before.
    const same =
      last !== null && last.shape === action.shape && last.table.table === action.table.table && last.table.schema === action.table.schema;
    if (!same || action.kind === 'truncate') table = await known.fitting(action);
    last = action;
    if (table === null) continue;
    const id = `${table.id}`;
    if (action.kind === 'truncate') {
      close(id);
      done.push({ truncate: table });
      last = null;
      continue;
    }
    const row = reader.row(action, table);
    let group = open.get(id);
    if (group !== undefined && !fits(group, action, table)) {
      close(id);
      group = undefined;
    }
    if (group === undefined) {
      const keys = Array.from({ length: action.shape.keys }, (_, at) => at);
      group = { table, shape: action.shape, reduced: keyed ? new ReducedRows(keys) : null, rows: [] };
      open.set(id, group);
    }
    const widened =
      action.kind === 'delete'
        ? { ...row, values: [...row.values, ...new Array<null>(Math.max(0, group.shape.columns.length - row.values.length)).fill(null)] }
        : row;
    if (group.reduced) group.reduced.add(widened);
    else group.rows.push(widened);
  }
  for (const id of [...open.keys()]) close(id);
  return done;
}

/** Whether rows have a key of their own, by which they have versions. */
export function hasOwnKey({ keyMode }: JdbcConfig): boolean {
  return keyMode !== 'none' && keyMode !== 'kafka';
}

/** A delete has the key's columns alone: it goes with any rows of the same key. */
function fits({ shape, table }: Open, action: RecordAction, now: FoundTable): boolean {
  if (table !== now) return false;
  if (shape === action.shape || sameColumns(shape, action.shape)) return true;
  if (action.kind !== 'delete' || shape.keys !== action.shape.keys) return false;
  return action.shape.columns.slice(0, shape.keys).every(({ name }, at) => shape.columns[at]!.name === name);
}

function sameColumns(one: RowShape, other: RowShape): boolean {
  return (
    one.keys === other.keys &&
    one.columns.length === other.columns.length &&
    one.columns.every(({ name }, at) => other.columns[at]!.name === name)
  );
}

function* parts({ table, shape, reduced, rows }: Open, { insertMode, rowsMax }: JdbcConfig, versioned: boolean): Iterable<RowGroup> {
  const columns: TableColumn[] = shape.columns.map(({ name }) => ({ name, type: table.columns.get(name)! }));
  const all = reduced ? [...reduced.rows()] : rows;
  for (let at = 0; at < all.length; at += rowsMax)
    yield { table, columns, keys: shape.keys, rows: all.slice(at, at + rowsMax), mode: insertMode, versioned };
}
