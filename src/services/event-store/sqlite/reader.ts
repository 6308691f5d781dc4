import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseExactIntegers } from '../../../contract/index.ts';
import type { EventJson, EventMetadata, RecordedEvent, StreamId, StreamSlice } from '../event-store.ts';
import type { ReadRange, StoredState } from '../storage.ts';
import { inTransaction, openForReading } from './database.ts';
import { storeError } from './sqlite-errors.ts';
import { exists } from './stream-table.ts';

/** Events read without a pause: a few milliseconds of the caller's thread. */
const pageEvents = 1000;

/** A row as an array, which costs less: by its columns' places. */
type Row = Readonly<Record<number, SQLOutputValue>>;
type Page = { readonly events: readonly RecordedEvent[]; readonly version: number; readonly exists: boolean };

const columns = 'e.version, e.position, e.id, e.type, e.data, e.metadata, e.schema_version, e.timestamp_ms';

function eventOf(row: Row, stream: StreamId): RecordedEvent {
  const metadata = String(row[5]);
  return {
    id: String(row[2]),
    stream,
    type: String(row[3]),
    version: BigInt(Number(row[0])),
    position: BigInt(Number(row[1])),
    data: parseExactIntegers(String(row[4])) as EventJson,
    metadata: metadata === '{}' ? {} : (parseExactIntegers(metadata) as EventMetadata),
    schemaVersion: Number(row[6]),
    timestampMs: Number(row[7]),
  };
}

/** Reads beside the writer, over a connection of its own. A page is read at once; between pages other work has its turn. */
export class Reader implements Disposable {
  readonly #database: DatabaseSync;
  readonly #stream: StatementSync;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;
  readonly #all: StatementSync;
  readonly #state: StatementSync;

  /** Throws SluiceError. */
  constructor(folder: string) {
    this.#database = openForReading(folder);
    const prepare = (sql: string) => {
      const statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#stream = this.#database.prepare(
      'select id, version, deleted_version, kept_from, closed from streams where aggregate_type = ? and aggregate_id = ?',
    );
    const ofStream = `select ${columns} from events e where e.stream = ? and e.version between ? and ?`;
    this.#forwards = prepare(`${ofStream} order by e.version limit ?`);
    this.#backwards = prepare(`${ofStream} order by e.version desc limit ?`);
    this.#all = prepare(
      `select ${columns}, s.aggregate_type, s.aggregate_id from events e cross join streams s on s.id = e.stream
       where e.position > ? and e.version >= s.kept_from order by e.position limit ?`,
    );
    this.#state = this.#database.prepare(
      `select t.version, t.timestamp_ms, t.state from streams s join states t on t.stream = s.id
       where s.aggregate_type = ? and s.aggregate_id = ? and t.name = ? and s.closed = 0 and t.version > s.deleted_version`,
    );
  }

  /** Throws SluiceError. */
  async read(stream: StreamId, range: ReadRange): Promise<StreamSlice> {
    const { direction } = range;
    const step = direction === 'forwards' ? 1n : -1n;
    for (;;) {
      const events: RecordedEvent[] = [];
      let { from } = range;
      for (;;) {
        const wanted = Math.min(pageEvents, range.limit - events.length);
        const page = this.#page(stream, { ...range, from, limit: wanted });
        const [first] = page.events;
        // Something of the stream was deleted between two pages: from the beginning.
        if (events.length > 0 && (!page.exists || (first && first.version !== from))) break;
        events.push(...page.events);
        if (page.events.length < wanted || events.length >= range.limit)
          return { events, version: BigInt(page.version), exists: page.exists };
        from = events.at(-1)!.version + step;
        if (from < 1n) return { events, version: BigInt(page.version), exists: page.exists };
        await nextTurn();
      }
    }
  }

  /** Throws SluiceError. */
  async readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let position = Number(after);
    for (;;) {
      const wanted = Math.min(pageEvents, limit - events.length);
      const rows = this.#run('read events', () => this.#all.all(position, wanted));
      for (const row of rows) events.push(eventOf(row, { type: String(row[8]), id: String(row[9]) }));
      if (rows.length < wanted || events.length >= limit) return events;
      position = Number(rows.at(-1)![1]);
      await nextTurn();
    }
  }

  /** Throws SluiceError. */
  storedState(stream: StreamId, name: string): StoredState | null {
    const found = this.#run('read a stored state', () => this.#state.get(stream.type, stream.id, name));
    if (!found) return null;
    return {
      version: BigInt(Number(found['version'])),
      timestampMs: Number(found['timestamp_ms']),
      state: parseExactIntegers(String(found['state'])) as EventJson,
    };
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #page(stream: StreamId, { from, to, direction, limit }: ReadRange): Page {
    return this.#run('read a stream', () =>
      inTransaction(this.#database, 'begin', () => {
        const found = this.#stream.get(stream.type, stream.id);
        if (!found) return { events: [], version: 0, exists: false };
        const number = (column: string) => Number(found[column]);
        const [version, deletedVersion, closed] = [number('version'), number('deleted_version'), found['closed'] === 1];
        if (!exists({ version, deletedVersion, closed })) return { events: [], version, exists: false };
        const lowest = Math.max(deletedVersion + 1, number('kept_from'));
        const forwards = direction === 'forwards';
        const low = forwards && from !== null ? Math.max(lowest, Number(from)) : lowest;
        const high = Math.min(version, Number((forwards ? to : from) ?? version));
        const rows = (forwards ? this.#forwards : this.#backwards).all(number('id'), low, high, limit);
        return { events: rows.map(row => eventOf(row, stream)), version, exists: true };
      }),
    );
  }

  #run<T>(doing: string, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw storeError(doing, thrown);
    }
  }
}
