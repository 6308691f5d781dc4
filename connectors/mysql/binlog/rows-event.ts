import { SluiceError, type Value } from '../../../src/contract/index.ts';
import type { EventCursor } from './cursor.ts';
import { malformed } from './malformed.ts';
import type { TableMap } from './table-map.ts';

/** Reads one value of a column at the cursor and moves it behind. Throws MALFORMED_MESSAGE, or CONVERSION_FAILED behind the value. */
export type CellReader = (cursor: EventCursor) => Value;

/** How one column of a table map is read into a row. */
export type RowColumn = {
  /** For messages. */
  readonly name: string;
  /** false: the column keeps its place in the event and gives no value. */
  readonly shown: boolean;
  readonly read: CellReader;
  /** Moves behind a value without reading it. */
  readonly skip: (cursor: EventCursor) => void;
  /** Reading takes longer than comparing: of an update, what is as it was before is not read again. */
  readonly costly: boolean;
  /** Stands for NULL. */
  readonly whenNull: Value;
  /** Stands for a value that the row image left out (binlog_row_image MINIMAL, NOBLOB). */
  readonly unavailable: Value;
  /** Stands for a value that its schema cannot hold; left out: the error is thrown. */
  instead?(error: SluiceError): Value;
  /** Reads the changes of a partial update at the cursor and applies them to the former value (binlog_row_value_options=PARTIAL_JSON). */
  readonly patch: ((cursor: EventCursor, before: Value) => Value) | null;
};

/** Every column of the table map, in its order. */
export type RowLayout = readonly RowColumn[];

/** A row as the event has it: one value for each shown column. */
export type BinlogRow = Value[];

/** Called for each row of an event: `before` is null for inserts, `after` for deletes; `index` counts the event's rows from 0. */
export type RowHandler = (before: BinlogRow | null, after: BinlogRow | null, index: number) => void;

/** WRITE, UPDATE and DELETE_ROWS: read when asked for, so that the rows of tables nobody captures cost nothing. */
export class RowsEvent {
  kind: 'insert' | 'update' | 'delete' = 'insert';
  table: TableMap;
  /** The last row event of its statement. */
  endOfStatement = false;
  #cursor: EventCursor;
  #start = 0;
  #presentBefore: Buffer | null = null;
  #presentAfter: Buffer | null = null;
  #partial = false;
  /** Values a row. */
  #width = 0;
  readonly #former = new FormerCells();

  constructor(table: TableMap, cursor: EventCursor) {
    this.table = table;
    this.#cursor = cursor;
  }

  /** The rows begin at the cursor; `present...`: one bit a column, null: all of them are there. */
  set(
    kind: RowsEvent['kind'],
    table: TableMap,
    images: { before: Buffer | null; after: Buffer | null; partial: boolean },
    endOfStatement: boolean,
  ): void {
    this.kind = kind;
    this.table = table;
    this.endOfStatement = endOfStatement;
    this.#start = this.#cursor.at;
    this.#presentBefore = images.before;
    this.#presentAfter = images.after;
    this.#partial = images.partial;
  }

  /** The row image left columns out: their values are the columns' `unavailable`. */
  get incomplete(): boolean {
    return this.#presentBefore !== null || this.#presentAfter !== null;
  }

  /**
   * Reads every row. Only during the handler's call for this event. Throws SluiceError MALFORMED_MESSAGE, or CONVERSION_FAILED for a value
   * that its schema cannot hold and nothing may stand for; both name the column.
   */
  each(layout: RowLayout, handle: RowHandler): void {
    if (layout.length !== this.table.columns.length)
      throw malformed(`a row of ${this.table.columns.length} columns where its table has ${layout.length}`);
    const cursor = this.#cursor;
    cursor.at = this.#start;
    this.#width = shownColumns(layout);
    let index = 0;
    while (cursor.left > 0) {
      const start = cursor.at;
      const cells = this.kind === 'update' ? this.#former.of(layout.length) : null;
      const before = this.kind === 'insert' ? null : readImage(cursor, layout, this.#width, this.#presentBefore, null, null, cells);
      const after = this.kind === 'delete' ? null : this.#after(layout, before);
      // A table whose columns are all absent: its rows have no bytes.
      if (cursor.at === start) throw malformed('a row without bytes');
      handle(before, after, index++);
    }
  }

  #after(layout: RowLayout, before: BinlogRow | null): BinlogRow {
    const cursor = this.#cursor;
    if (!this.#partial)
      return readImage(cursor, layout, this.#width, this.#presentAfter, null, before, before === null ? null : this.#former);
    const valueOptions = cursor.packedInt();
    return readImage(
      cursor,
      layout,
      this.#width,
      this.#presentAfter,
      (valueOptions & 1) === 1 ? this.#partialColumns(layout) : null,
      before,
    );
  }

  /** One bit for each JSON column of the table: it comes as a list of changes. */
  #partialColumns(layout: RowLayout): readonly boolean[] {
    const { columns } = this.table;
    const count = columns.filter(({ type }) => type === 245).length;
    const bits = this.#cursor.view((count + 7) >> 3);
    let place = 0;
    return layout.map((_, index) => {
      if (columns[index]!.type !== 245) return false;
      const bit = place++;
      return ((bits[bit >> 3]! >> (bit & 7)) & 1) === 1;
    });
  }
}

/** So few bytes are compared one by one: a call costs more. */
const shortBytes = 16;

/** Where the costly cells of an update's former row lie, by column. */
class FormerCells {
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);

  /** For a row of so many columns, none of which is known yet. */
  of(columns: number): this {
    if (this.#starts.length < columns) {
      this.#starts = new Int32Array(columns);
      this.#ends = new Int32Array(columns);
    }
    this.#starts.fill(-1, 0, columns);
    return this;
  }

  set(column: number, start: number, end: number): void {
    this.#starts[column] = start;
    this.#ends[column] = end;
  }

  /** Moves the cursor behind a cell of the same bytes as the former one; false: it is another. A cell's bytes tell where it ends. */
  passSame(column: number, cursor: EventCursor): boolean {
    const start = this.#starts[column]!;
    const size = this.#ends[column]! - start;
    if (start < 0 || size > cursor.left) return false;
    const { bytes, at } = cursor;
    if (size > shortBytes) {
      if (bytes.compare(bytes, start, start + size, at, at + size) !== 0) return false;
    } else for (let index = 0; index < size; index++) if (bytes[start + index] !== bytes[at + index]) return false;
    cursor.take(size);
    return true;
  }
}

function shownColumns(layout: RowLayout): number {
  let shown = 0;
  for (const column of layout) if (column.shown) shown++;
  return shown;
}

/** How many of the bits are set among the first `count`. */
function setBits(bits: Buffer, count: number): number {
  let set = 0;
  for (let index = 0; index < count; index++) set += (bits[index >> 3]! >> (index & 7)) & 1;
  return set;
}

/**
 * A row: a null bit for each present column, then the values that are not null. `before`: of an update, the former row, whose cells are
 * in `cells`; without it, `cells` is to be filled.
 */
function readImage(
  cursor: EventCursor,
  layout: RowLayout,
  width: number,
  present: Buffer | null,
  partial: readonly boolean[] | null = null,
  before: BinlogRow | null = null,
  cells: FormerCells | null = null,
): BinlogRow {
  const count = layout.length;
  const nullBits = cursor.take(((present === null ? count : setBits(present, count)) + 7) >> 3);
  const { bytes } = cursor;
  // Of its full size at once: a growing list is copied as it grows.
  const row = new Array<Value>(width);
  let place = -1;
  let bit = 0;
  for (let index = 0; index < count; index++) {
    const column = layout[index]!;
    const { shown } = column;
    if (shown) place++;
    if (present !== null && ((present[index >> 3]! >> (index & 7)) & 1) === 0) {
      // What an update leaves out, it leaves as it was.
      if (shown) row[place] = before === null ? column.unavailable : before[place]!;
      continue;
    }
    const isNull = ((bytes[nullBits + (bit >> 3)]! >> (bit & 7)) & 1) === 1;
    bit++;
    if (isNull) {
      if (shown) row[place] = column.whenNull;
    } else if (!shown) column.skip(cursor);
    else if (partial?.[index] === true) row[place] = readPatched(cursor, column, before?.[place]);
    else if (cells === null || !column.costly) row[place] = readCell(cursor, column);
    else if (before !== null && cells.passSame(index, cursor)) row[place] = before[place]!;
    else {
      const start = cursor.at;
      row[place] = readCell(cursor, column);
      if (before === null) cells.set(index, start, cursor.at);
    }
  }
  return row;
}

function readCell(cursor: EventCursor, column: RowColumn): Value {
  try {
    return column.read(cursor);
  } catch (error) {
    return afterError(column, error);
  }
}

function readPatched(cursor: EventCursor, column: RowColumn, former: Value | undefined): Value {
  try {
    if (column.patch === null) throw malformed('a partial update of a column that is no JSON');
    if (former === undefined) throw malformed('a partial update without the former row');
    return column.patch(cursor, former);
  } catch (error) {
    return afterError(column, error);
  }
}

function afterError(column: RowColumn, error: unknown): Value {
  if (!(error instanceof SluiceError))
    throw new SluiceError('MALFORMED_MESSAGE', `Column "${column.name}": its value cannot be read.`, { cause: error });
  if (error.code === 'CONVERSION_FAILED' && column.instead) return column.instead(error);
  throw new SluiceError(error.code, `Column "${column.name}": ${error.message}`, { cause: error, remedy: error.remedy });
}
