import { SluiceError } from '../../src/contract/index.ts';
import { columnTypes } from './binlog/event-types.ts';
import type { RowColumn, RowLayout } from './binlog/rows-event.ts';
import type { TableMap } from './binlog/table-map.ts';
import type { ColumnReader } from './column.ts';
import { cellMeasure, cellSkipper } from './values/cells.ts';
import { decimalBytes } from './values/decimals.ts';

/**
 * How the rows of a table map are read, for RowsEvent.each: a row then has one value for each reader that is not null and that `needs` asks
 * for null or not: columns nobody shows keep their place in the row, as null. `readers` has one entry for each column of the table map; null
 * leaves the column out of rows. Answers the names of the columns whose definition does not fit the table map's type, where there are any:
 * the definition is then another version's.
 */
export function rowLayout(
  map: TableMap,
  readers: readonly (ColumnReader | null)[],
  needed: (reader: ColumnReader) => boolean = () => true,
): { readonly layout: RowLayout } | { readonly unfit: readonly string[] } {
  if (readers.length !== map.columns.length) return { unfit: [] };
  const unfit: string[] = [];
  const layout = map.columns.map((column, index): RowColumn => {
    const reader = readers[index]!;
    const skip = cellSkipper(column, decimalBytes);
    if (skip === null)
      throw new SluiceError('MALFORMED_MESSAGE', `Table ${map.database}.${map.table} has a column of an unknown type (${column.type}).`, {
        remedy: 'Exclude the table; please report the type.',
      });
    const name = reader?.name ?? column.name ?? String(index + 1);
    const plain = { whenNull: null, unavailable: null, costly: false } as const;
    if (reader === null) return { name, shown: false, read: nothing, skip, ...plain, patch: null };
    if (!needed(reader)) {
      const skipped = (cursor: Parameters<typeof skip>[0]) => {
        skip(cursor);
        return null;
      };
      return { name, shown: true, read: skipped, skip, ...plain, patch: skipped };
    }
    const read = reader.binlog(column);
    if (read === null) unfit.push(name);
    const { patch, instead } = reader;
    return {
      name,
      shown: true,
      read: read ?? nothing,
      skip,
      costly: cellMeasure(column) !== null || column.type === columnTypes.NEWDECIMAL,
      whenNull: reader.whenNull,
      unavailable: reader.unavailable,
      ...(instead && { instead }),
      patch: patch && ((cursor, before) => patch(cursor.view(cursor.uint32()), before)),
    };
  });
  return unfit.length > 0 ? { unfit } : { layout };
}

function nothing(): null {
  return null;
}
