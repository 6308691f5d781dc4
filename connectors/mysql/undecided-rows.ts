import type { ConnectRecord } from '../../src/contract/index.ts';
import type { BinlogRow, RowLayout, RowsEvent } from './binlog/rows-event.ts';
import type { SeenChanges } from './seen-changes.ts';
import { keyTexts } from './snapshot-key.ts';
import type { StreamedTransaction } from './snapshot-view.ts';
import type { StreamedKey } from './stream-tables.ts';
import type { ReadableTable } from './tables.ts';

/** A row of an event; `index` counts the event's rows from 0. */
export type ChangedRow = { readonly before: BinlogRow | null; readonly after: BinlogRow | null; readonly index: number };

type KeyedRow = ChangedRow & { readonly oldKey: readonly string[] | null; readonly newKey: readonly string[] | null };

/** Rows whose fate depends on keys that the server has to compare: read now, since an event can be read during its handler's call only. */
export class UndecidedRows {
  readonly #table: ReadableTable;
  readonly #rows: readonly KeyedRow[];

  /** `isNew`: whether a row was not done before a restart. `key`: null where the table has none that a snapshot goes by. */
  constructor(event: RowsEvent, table: ReadableTable, layout: RowLayout, key: StreamedKey | null, isNew: () => boolean) {
    const rows: ChangedRow[] = [];
    const fresh: boolean[] = [];
    event.each(layout, (before, after, index) => {
      rows.push({ before, after, index });
      fresh.push(isNew());
    });
    const keys: Pick<KeyedRow, 'oldKey' | 'newKey'>[] = [];
    const texts = (row: BinlogRow | null) => (row === null || key === null ? null : keyTexts(table.model, key.columns, row));
    if (key !== null) event.each(key.layout, (before, after) => keys.push({ oldKey: texts(before), newKey: texts(after) }));
    this.#table = table;
    this.#rows = rows
      .map((row, index) => ({ ...row, ...(keys[index] ?? { oldKey: null, newKey: null }) }))
      .filter((_, index) => fresh[index]);
  }

  /** Appends to `out` what no view saw. `emit` appends a row's records. */
  async decide(seen: SeenChanges, transaction: StreamedTransaction, out: ConnectRecord[], emit: (row: ChangedRow) => void): Promise<void> {
    const { model } = this.#table;
    const saw = (key: readonly string[] | null) => (key === null ? null : seen.sawRow(model, key, transaction));
    for (const row of this.#rows) {
      const [sawOld, sawNew] = [await saw(row.oldKey), await saw(row.newKey)];
      if (sawOld !== false && sawNew !== false) continue;
      // A row that moved between two ranges: what one of the views saw of it is dropped.
      const from = out.length;
      emit(row);
      const emitted = out.splice(from);
      const moved = sawOld !== null && sawNew !== null && sawOld !== sawNew && emitted.length > 1;
      out.push(...(moved ? (sawOld ? emitted.slice(-1) : emitted.slice(0, -1)) : emitted));
    }
  }
}
