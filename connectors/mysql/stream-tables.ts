import { SluiceError } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { RowLayout, RowsEvent } from './binlog/rows-event.ts';
import type { TableMap } from './binlog/table-map.ts';
import type { TableModels } from './ddl/table-models.ts';
import { isHiddenColumn, type TextReading } from './reconcile.ts';
import { rowLayout } from './row-layout.ts';
import type { RecordMakers } from './settings.ts';
import { type KeyColumn, keyColumnsOf, keyReaders } from './snapshot-key.ts';
import type { TableModel } from './table-model.ts';
import type { ReadableTable, Tables } from './tables.ts';

/** A table map, ready for its rows. */
export type StreamedTable = {
  /** null: not captured; its rows are only counted. */
  readonly table: ReadableTable | null;
  readonly layout: RowLayout;
};

/** How the key of a change is read, for tables whose rows two views of a snapshot share. */
export type StreamedKey = { readonly columns: readonly KeyColumn[]; readonly layout: RowLayout };

type Readers = ReadableTable['readers'];

/** By the table map's columns: hidden ones have no reader. */
function byColumn(map: TableMap, readers: Readers): Readers {
  let next = 0;
  return map.columns.map(column => (isHiddenColumn(column) ? null : (readers[next++] ?? null)));
}

/** How the rows of each table map are read: compiled once for a map and a version of its table. */
export class StreamTables {
  readonly #tables: Tables;
  readonly #models: TableModels;
  readonly #makers: RecordMakers;
  readonly #reading: TextReading;
  readonly #meet: (id: TableId) => void;
  #compiled = new WeakMap<TableMap, StreamedTable>();

  /** `meet`: hears of each captured table before its columns are looked for. */
  constructor(tables: Tables, models: TableModels, makers: RecordMakers, reading: TextReading, meet: (id: TableId) => void) {
    this.#meet = meet;
    this.#tables = tables;
    this.#models = models;
    this.#makers = makers;
    this.#reading = reading;
  }

  /** A statement may have changed tables. */
  changed(): void {
    this.#compiled = new WeakMap();
  }

  compile(model: TableModel): ReadableTable {
    return this.#tables.compile(model);
  }

  /** Throws SluiceError SCHEMA_UNKNOWN where the columns of a captured table are not known. */
  of({ table: map }: RowsEvent): StreamedTable {
    const known = this.#compiled.get(map);
    if (known !== undefined) return known;
    const id = { catalog: map.database, schema: '', table: map.table };
    if (this.#makers.includesTable(id)) this.#meet(id);
    const table = this.#makers.includesTable(id) ? this.#tables.compile(this.#models.reconcile(id, map, this.#reading)) : null;
    const readers = table === null ? map.columns.map(() => null) : byColumn(map, table.readers);
    const streamed = {
      table,
      layout: fitting(
        map,
        rowLayout(map, readers, reader => table?.isNeeded(reader) ?? false),
      ),
    };
    this.#compiled.set(map, streamed);
    return streamed;
  }

  /** null: the table has no key that a snapshot could have gone on behind. */
  key(map: TableMap, { model }: Pick<ReadableTable, 'model'>): StreamedKey | null {
    const columns = keyColumnsOf(model);
    return columns === null ? null : { columns, layout: fitting(map, rowLayout(map, byColumn(map, keyReaders(model)))) };
  }
}

function fitting(map: TableMap, made: ReturnType<typeof rowLayout>): RowLayout {
  if ('layout' in made) return made.layout;
  const name = qualifiedName({ catalog: map.database, schema: '', table: map.table });
  throw new SluiceError(
    'SCHEMA_UNKNOWN',
    `The columns of table ${name} are not known: its rows hold other types in ${made.unfit.join(', ') || 'another number of columns'}.`,
  );
}
