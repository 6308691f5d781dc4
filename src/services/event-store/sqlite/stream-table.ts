import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StreamId } from '../event-store.ts';
import type { StreamNow } from '../expected-version.ts';
import { formatStream } from '../stream-id.ts';

/** A stream as its row has it, or will have it when the transaction ends. Versions are numbers here: 2^53 events are enough for a stream. */
export type StreamRow = {
  readonly id: number;
  readonly stream: StreamId;
  version: number;
  deletedVersion: number;
  keptFrom: number;
  erasedBefore: number;
  closed: boolean;
  eventsMax: number | null;
  ageMsMax: number | null;
};

const rowsKept = 20_000;

export function exists({ version, deletedVersion, closed }: Pick<StreamRow, 'version' | 'deletedVersion' | 'closed'>): boolean {
  return !closed && version > deletedVersion;
}

/** A stream as an append finds it; null: it never was. */
export function streamNow(row: StreamRow | null): StreamNow {
  return row === null ? { version: 0n, exists: false } : { version: BigInt(row.version), exists: exists(row) };
}

/** The streams of the writer's connection, the only one that changes them: so those used lately stay in memory. */
export class StreamTable {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #lastId: StatementSync;
  readonly #rows = new Map<string, StreamRow>();
  readonly #changed = new Set<StreamRow>();
  readonly #added = new Set<StreamRow>();
  #nextId: number | null = null;

  constructor(database: DatabaseSync) {
    const columns = 'version, deleted_version, kept_from, erased_before, closed, events_max, age_ms_max';
    this.#select = database.prepare(`select id, ${columns} from streams where aggregate_type = ? and aggregate_id = ?`);
    this.#insert = database.prepare(
      `insert into streams (id, aggregate_type, aggregate_id, ${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(`update streams set (${columns}) = (?, ?, ?, ?, ?, ?, ?) where id = ?`);
    this.#lastId = database.prepare('select coalesce(max(id), 0) as id from streams');
  }

  find(stream: StreamId): StreamRow | null {
    const name = formatStream(stream);
    const known = this.#rows.get(name);
    if (known) return known;
    const found = this.#select.get(stream.type, stream.id);
    if (!found) return null;
    const number = (column: string) => Number(found[column]);
    const optional = (column: string) => (found[column] === null ? null : Number(found[column]));
    const row: StreamRow = {
      ...{ id: number('id'), stream, version: number('version'), deletedVersion: number('deleted_version') },
      ...{ keptFrom: number('kept_from'), erasedBefore: number('erased_before'), closed: number('closed') === 1 },
      ...{ eventsMax: optional('events_max'), ageMsMax: optional('age_ms_max') },
    };
    this.#rows.set(name, row);
    return row;
  }

  /** A stream that has no row yet gets one. */
  ensure(stream: StreamId): StreamRow {
    const known = this.find(stream);
    if (known) return known;
    this.#nextId ??= Number(this.#lastId.get()!['id']) + 1;
    const row: StreamRow = {
      ...{ id: this.#nextId++, stream, version: 0, deletedVersion: 0, keptFrom: 1, erasedBefore: 1 },
      ...{ closed: false, eventsMax: null, ageMsMax: null },
    };
    this.#rows.set(formatStream(stream), row);
    this.#added.add(row);
    return row;
  }

  /** The row was altered. */
  changed(row: StreamRow): void {
    if (!this.#added.has(row)) this.#changed.add(row);
  }

  /** Writes what was altered, once a stream and transaction. */
  store(): void {
    for (const row of this.#added) this.#insert.run(row.id, row.stream.type, row.stream.id, ...values(row));
    for (const row of this.#changed) this.#update.run(...values(row), row.id);
    this.#added.clear();
    this.#changed.clear();
    if (this.#rows.size > rowsKept) this.#rows.clear();
  }

  /** The transaction was undone. */
  forget(): void {
    this.#rows.clear();
    this.#added.clear();
    this.#changed.clear();
    this.#nextId = null;
  }
}

function values(row: StreamRow): (number | null)[] {
  const { version, deletedVersion, keptFrom, erasedBefore, closed, eventsMax, ageMsMax } = row;
  return [version, deletedVersion, keptFrom, erasedBefore, closed ? 1 : 0, eventsMax, ageMsMax];
}
