import type { Schema } from './schema.ts';
import { Struct, type Value } from './value.ts';

/** What stands in place of a text's beginning where a cell is a number, or a value that is made already. */
const numberForm = -1;
const valueForm = -2;

/** Makes the value of a number, as the column's schema has it (a bigint of an int64's, bytes of a Decimal's). */
export type ValueOfNumber = (number: number) => Value;

/** How the cells of one column are read. */
export type UnreadColumn = {
  /** Null where none is a number. */
  readonly valueOfNumber: ValueOfNumber | null;
  /** What bytes[start, end) stand for; null where they are the UTF-8 of the value itself. */
  readonly valueOfText: ((bytes: Buffer, start: number, end: number) => Value) | null;
};

/**
 * Rows as a database sent them, of which most are only ever written out again: where each column's text lies, or what number it is. A value is
 * made when somebody asks for it. The cells of all rows are columns of numbers, so that a row is one small object and leaves little behind
 * (measured on MySQL's snapshot: a fifth of what rows of values left).
 *
 *     rows.row(bytes);                // begins a row; then each of its cells, in any order
 *     rows.text(0, start, end);
 *     rows.number(1, 42);
 *     rows.value(2, null);
 */
export class UnreadRows {
  readonly #columns: readonly UnreadColumn[];
  readonly #starts: Int32Array;
  /** Where texts end; of a value that is made, its place in `#values`. */
  readonly #ends: Int32Array;
  readonly #numbers: Float64Array;
  readonly #values: Value[] = [];
  /** The first cell of the row that was begun last, and the one behind the last row that has room. */
  #first: number;
  readonly #cells: number;

  constructor(columns: readonly UnreadColumn[], rowsMax: number) {
    this.#columns = columns;
    this.#cells = columns.length * rowsMax;
    this.#starts = new Int32Array(this.#cells);
    this.#ends = new Int32Array(this.#cells);
    this.#numbers = new Float64Array(this.#cells);
    this.#first = -columns.length;
  }

  /** No other row has room. */
  get full(): boolean {
    return this.#first + 2 * this.#columns.length > this.#cells;
  }

  /** Begins a row whose texts lie in these bytes, which nobody changes any more. Every cell must be told before the row is used. */
  row(bytes: Buffer): UnreadRow {
    this.#first += this.#columns.length;
    return new UnreadRow(this, bytes, this.#first);
  }

  /** A cell of the row begun, whose text is bytes[start, end). */
  text(column: number, start: number, end: number): void {
    this.#starts[this.#first + column] = start;
    this.#ends[this.#first + column] = end;
  }

  /** A whole number that a double holds exactly, of an integer's schema, or unscaled of a Decimal's. */
  number(column: number, number: number): void {
    this.#starts[this.#first + column] = numberForm;
    this.#numbers[this.#first + column] = number;
  }

  /** A value that is made. */
  value(column: number, value: Value): void {
    this.#starts[this.#first + column] = valueForm;
    this.#ends[this.#first + column] = this.#values.push(value) - 1;
  }

  /** Where the text of a cell begins; negative: it is none. */
  startAt(cell: number): number {
    return this.#starts[cell]!;
  }

  endAt(cell: number): number {
    return this.#ends[cell]!;
  }

  isNumberAt(cell: number): boolean {
    return this.#starts[cell] === numberForm;
  }

  numberAt(cell: number): number {
    return this.#numbers[cell]!;
  }

  valueAt(bytes: Buffer, first: number, column: number): Value {
    const start = this.#starts[first + column]!;
    if (start === valueForm) return this.#values[this.#ends[first + column]!]!;
    const { valueOfNumber, valueOfText } = this.#columns[column]!;
    if (start === numberForm) return valueOfNumber!(this.#numbers[first + column]!);
    const end = this.#ends[first + column]!;
    return valueOfText === null ? bytes.toString('utf8', start, end) : valueOfText(bytes, start, end);
  }
}

/** Cells of the first rows' memory: it grows fourfold, so that a table of a few rows takes little. */
const cellsMin = 256;

/** Where a reader of rows finds room for the next one. */
export class UnreadRowMemory {
  readonly #columns: readonly UnreadColumn[];
  readonly #cellsMax: number;
  #cells = cellsMin;
  #rows: UnreadRows | null = null;

  /** `columns` as of `UnreadRows`; `cellsMax`: of the rows that are in memory together for as long as one of them is. */
  constructor(columns: readonly UnreadColumn[], cellsMax: number) {
    this.#columns = columns;
    this.#cellsMax = cellsMax;
  }

  /** With room for one row more. */
  rows(): UnreadRows {
    if (this.#rows !== null && !this.#rows.full) return this.#rows;
    if (this.#rows !== null) this.#cells = Math.min(this.#cellsMax, this.#cells * 4);
    this.#rows = new UnreadRows(this.#columns, Math.max(1, Math.floor(this.#cells / Math.max(1, this.#columns.length))));
    return this.#rows;
  }
}

/** One row of them, by the number of its column. */
export class UnreadRow {
  /** Where its texts lie. */
  readonly bytes: Buffer;
  readonly #rows: UnreadRows;
  readonly #first: number;

  constructor(rows: UnreadRows, bytes: Buffer, first: number) {
    this.#rows = rows;
    this.bytes = bytes;
    this.#first = first;
  }

  /** Where a text begins, of a string schema the value's UTF-8; negative: the column is none. */
  start(column: number): number {
    return this.#rows.startAt(this.#first + column);
  }

  /** Where it ends. */
  end(column: number): number {
    return this.#rows.endAt(this.#first + column);
  }

  /** Whether `number` has what the column holds. */
  isNumber(column: number): boolean {
    return this.#rows.isNumberAt(this.#first + column);
  }

  /** An integer, or the unscaled value of a Decimal. */
  number(column: number): number {
    return this.#rows.numberAt(this.#first + column);
  }

  /** The value as records have it: made anew by each call. */
  value(column: number): Value {
    return this.#rows.valueAt(this.bytes, this.#first, column);
  }
}

/** Which of a row's columns a struct shows: by field, the column, and what becomes of its value (null: it stays; `maps` null: all stay). */
export type UnreadFields = { readonly columns: readonly number[]; readonly maps: readonly (((value: Value) => Value) | null)[] | null };

const noValues: readonly Value[] = [];

/** A struct of an unread row. Whoever asks for its `values` gets them as of any other; a converter may write what lies in the row instead. */
export class UnreadStruct extends Struct {
  readonly row: UnreadRow;
  readonly #fields: UnreadFields;
  #made: readonly Value[] | null = null;

  constructor(schema: Schema, row: UnreadRow, fields: UnreadFields) {
    super(schema, noValues);
    this.row = row;
    this.#fields = fields;
  }

  override get values(): readonly Value[] {
    this.#made ??= this.#fields.columns.map((_, index) => this.value(index));
    return this.#made;
  }

  /** The column that a field shows as it is; -1: its value is another. */
  column(field: number): number {
    const { columns, maps } = this.#fields;
    return maps === null || maps[field] === null ? columns[field]! : -1;
  }

  /** Made anew by each call. */
  override value(field: number): Value {
    const { columns, maps } = this.#fields;
    const value = this.row.value(columns[field]!);
    const map = maps === null ? null : maps[field]!;
    return map === null ? value : map(value);
  }
}
