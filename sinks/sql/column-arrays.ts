import type { BinaryForm, ColumnRows } from './binary-form.ts';
import { elementText } from './composite-text.ts';
import type { ColumnValues } from './row-reader.ts';
import type { ColumnValue } from './value-text.ts';

/** A Postgres array literal that is built value by value: a column of many rows, as one parameter of `unnest`. */
export class ColumnArray {
  #parts: string[] = [];

  add(value: ColumnValue | undefined): void {
    this.#parts.push(value === null || value === undefined ? 'NULL' : elementText(value));
  }

  literal(): string {
    return `{${this.#parts.join(',')}}`;
  }
}

/** Rows as one array literal a column. */
export function columnArrays(rows: Iterable<{ readonly values: ColumnValues }>, columns: number): string[] {
  const arrays = Array.from({ length: columns }, () => new ColumnArray());
  for (const { values } of rows) for (let at = 0; at < columns; at++) arrays[at]!.add(values[at]);
  return arrays.map(array => array.literal());
}

/** A column of many rows as one parameter: binary where the column has such a form and all values fit it. */
export function columnArray(binary: BinaryForm | null, rows: ColumnRows, column: number): string | Buffer {
  const made = binary?.array(rows, column) ?? null;
  if (made !== null) return made;
  const array = new ColumnArray();
  const text = binary?.text ?? null;
  for (const { values } of rows) {
    const value = values[column] ?? null;
    array.add(text === null || value === null ? value : text(value));
  }
  return array.literal();
}

/**
 * How a column's parameter is declared and read. Without its length: a cast to `varchar(5)` would cut the value where the column itself
 * refuses it. Arrays of arrays would be flattened by unnest, so those columns come as text.
 */
export function unnestType(type: { readonly name: string; readonly family: string }): { readonly array: string; readonly cast: string } {
  const bare = withoutLength(type.name);
  return type.family === 'array' ? { array: 'text[]', cast: `::${bare}` } : { array: `${bare}[]`, cast: '' };
}

/** A type without length or precision; `bit` and `char` alone would mean a length of one. */
export function withoutLength(name: string): string {
  const bare = name.replace(/ ?\(\d+(, ?\d+)?\)/, '');
  return bare.replace(/^bit\b(?! varying)/i, '"bit"').replace(/^char(acter)?\b(?! varying)/i, 'bpchar');
}
