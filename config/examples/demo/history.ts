import type { LogRecord } from '../../../src/contract/index.ts';

/** A row as a record's JSON has it. */
type Row = Readonly<Record<string, unknown>>;

export type Operation = 'r' | 'c' | 'u' | 'd';

/** The envelope, as far as the demo looks at it. */
export type Change = {
  readonly table: string;
  readonly op: Operation;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly committedAtMs: number;
  /** Where it stands in the database's log: the commit before it, then itself. Null in the snapshot, which stands nowhere. */
  readonly position: readonly [commit: bigint, change: bigint] | null;
};

/** Reads a record of the demo's topics; null for a tombstone. */
export function readChange(record: LogRecord): Change | null {
  if (record.value === null) return null;
  const { op, before, after, source } = JSON.parse(Buffer.from(record.value).toString('utf8'));
  const [commit, change] = JSON.parse(source.sequence) as [string | null, string];
  const position = op === 'r' ? null : ([BigInt(commit ?? 0), BigInt(change)] as const);
  return { table: source.table, op, before, after, committedAtMs: source.ts_ms, position };
}

/** A row's content as text, its columns in the order of their names. */
function contentOf(row: Row): string {
  return JSON.stringify(
    Object.keys(row)
      .sort()
      .map(name => [name, row[name]]),
  );
}

const faultsKept = 20;

/**
 * Follows every row through the log. Each change carries the row as it was before (REPLICA IDENTITY FULL), so that a change that is missing,
 * doubled or out of order does not fit what the log said before of the same row. Across rows, positions in the database's log only rise.
 */
export class History {
  /** Content by row, by table. */
  readonly #tables = new Map<string, Map<string, string>>();
  readonly #positions = new Map<string, NonNullable<Change['position']>>();
  readonly counts = new Map<string, Map<Operation, number>>();
  /** The first few, in words. */
  readonly faults: string[] = [];
  faultCount = 0;

  apply(change: Change): void {
    const { table, op, before, after } = change;
    const counts = this.counts.get(table) ?? new Map<Operation, number>();
    counts.set(op, (counts.get(op) ?? 0) + 1);
    this.counts.set(table, counts);
    const rows = this.#tables.get(table) ?? new Map<string, string>();
    this.#tables.set(table, rows);
    const id = String((after ?? before)?.['id']);
    const known = rows.get(id);
    const expected = before === null ? undefined : contentOf(before);
    if (known !== expected)
      this.#fault(
        `${table} ${id}: its "${op}" does not follow on the state that the log has of the row (missing, doubled or out of order)`,
      );
    else if (!this.#rises(change)) this.#fault(`${table} ${id}: its "${op}" stands behind a later change (doubled or out of order)`);
    if (after === null) rows.delete(id);
    else rows.set(id, contentOf(after));
  }

  /** Whether the change stands behind all before it, of its table. */
  #rises({ table, position }: Change): boolean {
    if (position === null) return true;
    const last = this.#positions.get(table);
    this.#positions.set(table, position);
    return last === undefined || position[0] > last[0] || (position[0] === last[0] && position[1] > last[1]);
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
    if (this.faults.length < faultsKept) this.faults.push(text);
  }
}
