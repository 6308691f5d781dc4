import type { ColumnValues } from './row-reader.ts';
import type { ColumnValue } from './value-text.ts';

/** The last state of a row in a batch. */
export type ReducedRow = {
  /** In the order of the table's columns; of a deleted row only the key's. */
  readonly values: ColumnValues;
  readonly deleted: boolean;
  readonly version: bigint;
};

/**
 * The rows of one table in a batch, each key once, in its latest version: a statement cannot write a row twice. Values that a later record
 * does not tell come from the one before it.
 */
export class ReducedRows {
  readonly #keyAt: readonly number[];
  readonly #rows = new Map<string | number | bigint, ReducedRow>();

  /** `keyAt`: which columns are the key. */
  constructor(keyAt: readonly number[]) {
    this.#keyAt = keyAt;
  }

  get size(): number {
    return this.#rows.size;
  }

  rows(): Iterable<ReducedRow> {
    return this.#rows.values();
  }

  add(row: ReducedRow): void {
    const key = this.#keyOf(row.values);
    const known = this.#rows.get(key);
    if (known === undefined) {
      this.#rows.set(key, row);
      return;
    }
    if (row.version < known.version) return;
    const merge = !row.deleted && !known.deleted && row.values.includes(undefined);
    this.#rows.set(key, merge ? { ...row, values: row.values.map((value, at) => (value === undefined ? known.values[at] : value)) } : row);
  }

  #keyOf(values: ColumnValues): string | number | bigint {
    if (this.#keyAt.length === 1) {
      const key = values[this.#keyAt[0]!];
      if (typeof key === 'bigint' || typeof key === 'string') return key;
      // A number and the bigint of the same column would be two keys of a Map.
      if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : key;
    }
    return this.#keyAt.map(at => keyPart(values[at])).join('\u0000');
  }
}

function keyPart(value: ColumnValue | undefined): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
