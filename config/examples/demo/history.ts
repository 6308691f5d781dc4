import type { LogRecord } from '../../../src/contract/index.ts';
import type { Row } from './shop.ts';

export type Operation = 'r' | 'c' | 'u' | 'd';

/** A change, as far as the demo looks at it. */
export type Change = {
  readonly table: string;
  readonly op: Operation;
  readonly before: Row | null;
  readonly after: Row | null;
  /** Null where the source tells whole seconds only. */
  readonly committedAtMs: number | null;
  /** Where it stands in the database's log, rising. Null in the snapshot, which stands nowhere, and of MongoDB, which tells no place. */
  readonly position: readonly bigint[] | null;
};

/** Reads a record of the demo's topics; null for a tombstone. */
export function readChange(record: LogRecord): Change | null {
  if (record.value === null) return null;
  const value = JSON.parse(Buffer.from(record.value).toString('utf8'));
  const table = record.topic.slice(record.topic.lastIndexOf('.') + 1);
  const { op, before, after, source } = value;
  // It tells whole seconds, and no place.
  if (source.connector === 'mongodb')
    return { table, op, before: documentOf(before), after: documentOf(after), committedAtMs: null, position: null };
  const committedAtMs = source.connector === 'mariadb' ? null : source.ts_ms;
  return { table, op, before, after, committedAtMs, position: op === 'r' ? null : positionOf(source) };
}

/** MongoDB's, from its text: a row whose id is the document's. */
function documentOf(text: string | null): Row | null {
  if (text === null) return null;
  const { _id: id, ...others } = JSON.parse(text);
  return { id, ...others };
}

function positionOf({ sequence, file, pos, row }: Readonly<Record<string, string | number>>): readonly bigint[] | null {
  // Postgres: the commit before it, then itself. MySQL: the binlog's number, the event, the row within.
  if (typeof sequence === 'string') return (JSON.parse(sequence) as (string | null)[]).map(part => BigInt(part ?? 0));
  if (file === undefined) return null;
  return [BigInt(/\d+$/.exec(String(file))?.[0] ?? 0), BigInt(pos ?? 0), BigInt(row ?? 0)];
}

/** A row's content as text, its columns in the order of their names. Times and documents count by what they say, however it is written. */
export function contentOf(row: Row): string {
  return JSON.stringify(
    Object.keys(row)
      .sort()
      .map(name => [name, normal(row[name])]),
  );
}

function normal(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return value;
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return new Date(value).toISOString();
  return value.startsWith('{') ? JSON.parse(value) : value;
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
    const differing = last?.findIndex((part, index) => part !== position[index]) ?? 0;
    return last === undefined || (differing >= 0 && position[differing]! > last[differing]!);
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
