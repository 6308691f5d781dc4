import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';

/** Asserts that a log's file holds each unit of `owner.ts` up to `last` whole and nothing else: by nothing but SQL. */
export function assertWholeUnits(file: string, last: number): void {
  using database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare(`select cast(value as text) as unit, count(*) as records from log where topic = 'torn' group by 1`).all();
  assert.deepEqual(
    rows.map(row => [Number(row['unit']), Number(row['records'])]).toSorted((a, b) => a[0]! - b[0]!),
    Array.from({ length: last }, (_, index) => [index + 1, 20]),
  );
}
