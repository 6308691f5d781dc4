import type { ReducedRow } from '../sql/reduced-rows.ts';
import { ReducedRows } from '../sql/reduced-rows.ts';
import type { KnownTables } from './evolution.ts';
import type { JdbcConfig } from './options.ts';
import type { Layout, RecordAction, RecordRows } from './record-rows.ts';
import type { FoundTable, RowGroup, WrittenColumn } from './tables.ts';

/** What is written at once: rows of one table, or its truncation. */
export type GroupOrTruncation = RowGroup | { readonly truncate: FoundTable };

type Open = { readonly layout: Layout; readonly reduced: ReducedRows | null; readonly rows: ReducedRow[] };

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
  const open = new Map<number, Open>();
  const keyed = hasOwnKey(config);
  const close = (id: number) => {
    const group = open.get(id);
    if (group === undefined) return;
    open.delete(id);
    done.push(...parts(group, config, versioned && keyed));
  };
  let last: RecordAction | null = null;
  let layout: Layout | null = null;
  let group: Open | undefined;
  for (const action of actions) {
    // Most records are of the table and shape of the one before.
    if (last === null || layout === null || action.kind === 'truncate' || !isAlike(last, action)) {
      const table = await known.fitting(action);
      [last, group, layout] = [action, undefined, null];
      if (table === null) continue;
      if (action.kind === 'truncate') {
        close(table.id);
        done.push({ truncate: table });
        last = null;
        continue;
      }
      layout = reader.layout(action, table);
      group = open.get(table.id);
      if (group !== undefined && !fits(group.layout, layout, action)) {
        close(table.id);
        group = undefined;
      }
      if (group === undefined) {
        const keys = Array.from({ length: action.shape.keys }, (_, at) => at);
        group = { layout, reduced: keyed ? new ReducedRows(keys) : null, rows: [] };
        open.set(table.id, group);
      }
    }
    if (group === undefined) continue;
    let row = reader.row(action, layout);
    const lacking = group.layout.columns.length - row.values.length;
    if (lacking > 0) row = { ...row, values: [...row.values, ...new Array<null>(lacking).fill(null)] };
    if (group.reduced) group.reduced.add(row);
    else group.rows.push(row);
  }
  for (const id of [...open.keys()]) close(id);
  return done;
}

/** Of one table and shape. */
function isAlike(one: RecordAction, other: RecordAction): boolean {
  return one.shape === other.shape && one.table.table === other.table.table && one.table.schema === other.table.schema;
}

/** Whether rows have a key of their own, by which they have versions. */
export function hasOwnKey({ keyMode }: JdbcConfig): boolean {
  return keyMode !== 'none' && keyMode !== 'kafka';
}

/** A delete has the key's columns alone: it goes with any rows of the same key. */
function fits(group: Layout, layout: Layout, { kind }: RecordAction): boolean {
  if (group === layout) return true;
  if (group.table !== layout.table || group.shape.keys !== layout.shape.keys) return false;
  if (kind === 'delete') return group.shape.columns.length >= layout.shape.keys && agree(group, layout, layout.shape.keys);
  return group.columns.length === layout.columns.length && agree(group, layout, layout.columns.length);
}

/** Whether the first columns have the same names, and values of the same form. */
function agree(one: Layout, other: Layout, count: number): boolean {
  for (let at = 0; at < count; at++)
    if (one.shape.columns[at]!.name !== other.shape.columns[at]!.name || one.columns[at]!.binary !== other.columns[at]!.binary)
      return false;
  return true;
}

function* parts({ layout, reduced, rows }: Open, { insertMode, rowsMax }: JdbcConfig, versioned: boolean): Iterable<RowGroup> {
  const { table, shape } = layout;
  const columns = shape.columns.map(
    ({ name }, at): WrittenColumn => ({ name, type: table.columns.get(name)!, binary: layout.columns[at]!.binary }),
  );
  const all = reduced ? [...reduced.rows()] : rows;
  for (let at = 0; at < all.length; at += rowsMax)
    yield { table, columns, keys: shape.keys, rows: all.slice(at, at + rowsMax), mode: insertMode, versioned };
}
