import type { LogRecord } from '../../../src/contract/index.ts';

/** A row as a record's JSON has it. */
type Row = Readonly<Record<string, unknown>>;

/** The envelope, as far as the demo looks at it. */
export type Change = {
  readonly table: string;
  readonly op: 'r' | 'c' | 'u' | 'd';
  readonly before: Row | null;
  readonly after: Row | null;
  readonly committedAtMs: number;
};

/** Reads a record of the demo's topics; null for a tombstone. */
export function readChange(record: LogRecord): Change | null {
  if (record.value === null) return null;
  const { op, before, after, source } = JSON.parse(Buffer.from(record.value).toString('utf8'));
  return { table: source.table, op, before, after, committedAtMs: source.ts_ms };
}

/** A row's content as text, its columns in the order of their names. */
function contentOf(row: Row): string {
  return JSON.stringify(
    Object.keys(row)
      .sort()
      .map(name => [name, row[name]]),
  );
}

/**
 * Follows every row through the log. Each change carries the row as it was before (REPLICA IDENTITY FULL), so that a change that is missing,
 * doubled or out of order does not fit what the log said before of the same row.
 */
export class History {
  /** Content by row, by table. */
  readonly #tables = new Map<string, Map<string, string>>();
  readonly counts = new Map<string, Map<Change['op'], number>>();
  /** The first few, in words. */
  readonly faults: string[] = [];
  faultCount = 0;

  apply(change: Change): void {
    const { table, op, before, after } = change;
    const counts = this.counts.get(table) ?? new Map<Change['op'], number>();
    counts.set(op, (counts.get(op) ?? 0) + 1);
    this.counts.set(table, counts);
    const rows = this.#tables.get(table) ?? new Map<string, string>();
    this.#tables.set(table, rows);
    const id = String((after ?? before)?.['id']);
    const known = rows.get(id);
    const expected = before === null ? undefined : contentOf(before);
    if (known !== expected)
      this.#fault(
        `${table} ${id}: the "${op}" follows another state of the row than the one the log has (missing, doubled or out of order)`,
      );
    if (after === null) rows.delete(id);
    else rows.set(id, contentOf(after));
  }

  /** Compares the state the log leads to with the rows of the database, as the same JSON. */
  compare(table: string, databaseRows: readonly Row[]): void {
    const rows = this.#tables.get(table) ?? new Map<string, string>();
    for (const row of databaseRows) {
      const id = String(row['id']);
      const known = rows.get(id);
      if (known === undefined) this.#fault(`${table} ${id}: in the database, not in the log`);
      else if (known !== contentOf(row)) this.#fault(`${table} ${id}: the log's last state differs from the database's row`);
    }
    const ids = new Set(databaseRows.map(row => String(row['id'])));
    for (const id of rows.keys()) if (!ids.has(id)) this.#fault(`${table} ${id}: in the log, not in the database`);
  }

  #fault(text: string): void {
    this.faultCount++;
    if (this.faults.length < 20) this.faults.push(text);
  }
}
