import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { SluiceError } from '../../../contract/index.ts';
import type { AppendResult, ExpectedVersion, RecordedEvent, StreamId, StreamRetention, StreamSlice } from '../event-store.ts';
import type { EventStorage, PreparedAppend, PreparedEvent, ReadRange, StateText, StoredState } from '../storage.ts';
import { formatStream } from '../stream-id.ts';
import { AppendQueue, rollBack } from './append-queue.ts';
import { deleteWithin, retainWithin } from './deletion.ts';
import { HeadWatch } from './head-watch.ts';
import { checkStorable } from './jsonb-limits.ts';
import { readAll, readHead, readStream } from './reading.ts';
import { readState, writeState } from './states.ts';
import { isConnectionError, isRace, storeError } from './store-error.ts';
import type { StorePlace, StoreTables } from './tables.ts';

/** Between two attempts of what found no server. */
const retryMs = 250;
/** Attempts of a transaction that raced with another. */
const attemptsMax = 5;

export type PostgresStorageParts = {
  /** Its owner is the storage. */
  readonly pool: pg.Pool;
  readonly place: StorePlace;
  readonly writersMax: number;
  readonly lockMsMax: number;
  readonly unavailableMsMax: number;
};

/** Events in tables of a PostgreSQL database. */
export class PostgresStorage implements EventStorage {
  readonly #parts: PostgresStorageParts;
  readonly #queue: AppendQueue;
  readonly #head: HeadWatch;
  /** What the pool must not be ended under: it would never have its connection. */
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(parts: PostgresStorageParts) {
    this.#parts = parts;
    this.#head = new HeadWatch(() => readHead(parts.pool, parts.place.tables));
    this.#queue = new AppendQueue({ ...parts, onCommitted: () => this.#head.hint() });
  }

  get #tables(): StoreTables {
    return this.#parts.place.tables;
  }

  async append(appends: readonly PreparedAppend[]): Promise<readonly AppendResult[]> {
    checkStorable(appends);
    return this.#queue.append(appends);
  }

  read(stream: StreamId, range: ReadRange): Promise<StreamSlice> {
    const { pool } = this.#parts;
    const tables = this.#tables;
    return this.#again(`cannot read ${formatStream(stream)}`, () => readStream(pool, tables, stream, range));
  }

  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    const { pool } = this.#parts;
    const tables = this.#tables;
    return this.#again('cannot read what it holds', () => readAll(pool, tables, after, limit));
  }

  async committed(after: bigint, abort: AbortSignal): Promise<void> {
    this.#check();
    await this.#head.wait(after, abort);
  }

  delete(stream: StreamId, mode: 'soft' | 'hard', expectedVersion: ExpectedVersion, event: PreparedEvent): Promise<void> {
    const tables = this.#tables;
    return this.#again(`cannot delete ${formatStream(stream)}`, () =>
      this.#transaction(client => deleteWithin(client, tables, stream, { mode, expectedVersion, event })),
    );
  }

  setRetention(stream: StreamId, retention: StreamRetention): Promise<void> {
    const tables = this.#tables;
    return this.#again(`cannot set the retention of ${formatStream(stream)}`, () =>
      this.#transaction(client => retainWithin(client, tables, stream, retention)),
    );
  }

  storedState(stream: StreamId, name: string): Promise<StoredState | null> {
    const { pool } = this.#parts;
    const tables = this.#tables;
    return this.#again(`cannot read the state of ${formatStream(stream)}`, () => readState(pool, tables, stream, name));
  }

  storeState(stream: StreamId, name: string, state: StateText): Promise<void> {
    const { pool } = this.#parts;
    const tables = this.#tables;
    return this.#again(`cannot store the state of ${formatStream(stream)}`, () => writeState(pool, tables, stream, name, state));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#head.close(), this.#queue[Symbol.asyncDispose](), ...this.#running]);
    await this.#parts.pool.end();
  }

  #check(): void {
    if (this.#closed) throw new SluiceError('STORE_UNAVAILABLE', `The event store ${this.#tables.name} is closed.`);
  }

  #again<T>(failing: string, action: () => Promise<T>): Promise<T> {
    const running = this.#attempts(failing, action);
    const settled = running.then(
      () => {},
      () => {},
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return running;
  }

  /** Does what may be done twice, and again while the server cannot be reached, within the bound. */
  async #attempts<T>(failing: string, action: () => Promise<T>): Promise<T> {
    const sinceMs = performance.now();
    for (let races = 0; ; ) {
      this.#check();
      try {
        return await action();
      } catch (error) {
        const lost = isConnectionError(error) && performance.now() - sinceMs < this.#parts.unavailableMsMax;
        if (!lost && !(isRace(error) && ++races < attemptsMax)) throw storeError(error, `The event store ${this.#tables.name} ${failing}`);
        if (lost) await delay(retryMs);
      }
    }
  }

  async #transaction(action: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const { pool, lockMsMax } = this.#parts;
    const client = await pool.connect();
    try {
      await client.query(`begin isolation level read committed read write; set local lock_timeout = ${lockMsMax}`);
      await action(client);
      await client.query('commit');
      client.release();
    } catch (error) {
      await rollBack(client, error);
      throw error;
    }
    this.#head.hint();
  }
}
