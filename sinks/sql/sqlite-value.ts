import type { SQLInputValue } from 'node:sqlite';
import type { ColumnValue } from './value-text.ts';

/** A column's value as SQLite takes it: booleans are 0 and 1, a number that is none is null. */
export function sqliteValue(value: ColumnValue | undefined): SQLInputValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  // A whole number bound as a double would be stored as one in a column without affinity.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : Number.isNaN(value) ? null : value;
  return value;
}
