import type pg from 'pg';
import { SluiceError } from '../../../contract/index.ts';
import type { AppendResult } from '../event-store.ts';
import type { PreparedAppend } from '../storage.ts';
import { formatStream } from '../stream-id.ts';
import { type BatchedAppend, type BatchOutcome, runBatch } from './append-batch.ts';
import { isConnectionError, isLockTimeout, isRace, storeError } from './store-error.ts';
import type { StorePlace, StoreTables } from './tables.ts';

/** Bounds of one transaction's batch. */
const batchEventsMax = 1_000;
const batchStreamsMax = 500;
const batchBytesMax = 8 * 1024 * 1024;
/** Appends that wait or are under way. */
const appendsMax = 20_000;
/** Attempts of an append by itself that raced with another transaction's. */
const attemptsMax = 5;
/** Before an append is tried again because the server could not be reached. */
const retryMs = 250;

export type AppendQueueParts = {
  readonly pool: pg.Pool;
  readonly place: StorePlace;
  /** Transactions at a time. */
  readonly writersMax: number;
  readonly lockMsMax: number;
  /** How long an append is tried again while the server cannot be reached. */
  readonly unavailableMsMax: number;
  readonly onCommitted: () => void;
};

class Entry implements BatchedAppend {
  readonly appends: readonly PreparedAppend[];
  readonly names: readonly string[];
  readonly events: number;
  readonly bytes: number;
  readonly settled = Promise.withResolvers<readonly AppendResult[]>();
  readonly sinceMs = performance.now();
  uncertain = false;
  alone = false;
  attempts = 0;

  constructor(appends: readonly PreparedAppend[]) {
    this.appends = appends;
    this.names = appends.map(({ stream }) => formatStream(stream));
    this.events = appends.reduce((sum, { events }) => sum + events.length, 0);
    this.bytes = appends.reduce(
      (sum, { events }) => sum + events.reduce((all, e) => all + e.dataText.length + e.metadataText.length, 0),
      0,
    );
  }
}

/**
 * Brings concurrent appends of this process together: whatever waits when a transaction is free goes into it, so many appends share one commit.
 * Appends to a stream keep their order. What is refused, or hinders a batch, is refused by itself.
 */
export class AppendQueue implements AsyncDisposable {
  readonly #parts: AppendQueueParts;
  #waiting: Entry[] = [];
  readonly #busy = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #aloneRunning = 0;
  #pending = 0;
  #closed = false;

  constructor(parts: AppendQueueParts) {
    this.#parts = parts;
  }

  append(appends: readonly PreparedAppend[]): Promise<readonly AppendResult[]> {
    if (this.#closed) return Promise.reject(closed(this.#parts.place.tables));
    if (this.#pending >= appendsMax)
      return Promise.reject(
        new SluiceError('STORE_UNAVAILABLE', `${appendsMax} appends to ${this.#parts.place.tables.name} wait already.`),
      );
    const entry = new Entry(appends);
    this.#pending++;
    this.#waiting.push(entry);
    this.#fill();
    return entry.settled.promise;
  }

  #fill(): void {
    while (this.#running.size < this.#parts.writersMax) {
      const batch = this.#take();
      if (batch.length === 0) return;
      const alone = batch[0]!.alone;
      if (alone) this.#aloneRunning++;
      const names = batch.flatMap(entry => entry.names);
      for (const name of names) this.#busy.add(name);
      const running = this.#run(batch).finally(() => {
        if (alone) this.#aloneRunning--;
        for (const name of names) this.#busy.delete(name);
        this.#running.delete(running);
        this.#fill();
      });
      this.#running.add(running);
    }
  }

  /** The next batch: in the order in which they came, but for what waits for a stream that is under way. */
  #take(): Entry[] {
    const batch: Entry[] = [];
    const left: Entry[] = [];
    const heldBack = new Set<string>();
    // One transaction at least is left to those that wait for nobody.
    const takesAlone = this.#aloneRunning < Math.max(1, this.#parts.writersMax - 1);
    let [events, streams, bytes, full] = [0, 0, 0, false];
    for (const entry of this.#waiting) {
      const blocked = entry.names.some(name => this.#busy.has(name) || heldBack.has(name));
      const over =
        batch.length > 0 &&
        (entry.alone ||
          events + entry.events > batchEventsMax ||
          streams + entry.names.length > batchStreamsMax ||
          bytes + entry.bytes > batchBytesMax);
      if (full || blocked || over || (entry.alone && !takesAlone)) {
        left.push(entry);
        for (const name of entry.names) heldBack.add(name);
        continue;
      }
      batch.push(entry);
      events += entry.events;
      streams += entry.names.length;
      bytes += entry.bytes;
      full = entry.alone;
    }
    this.#waiting = left;
    return batch;
  }

  async #run(batch: readonly Entry[]): Promise<void> {
    const { pool, place, lockMsMax, onCommitted } = this.#parts;
    let client: pg.PoolClient | null = null;
    let committing = false;
    try {
      client = await pool.connect();
      const outcomes = await runBatch(client, place, batch, batch[0]!.alone ? lockMsMax : null, () => {
        committing = true;
      });
      client.release();
      onCommitted();
      for (const [index, entry] of batch.entries()) this.#settle(entry, outcomes[index]!);
    } catch (error) {
      await rollBack(client, error);
      if (committing) for (const entry of batch) entry.uncertain = true;
      this.#failed(batch, error);
    }
  }

  #settle(entry: Entry, outcome: BatchOutcome): void {
    if (outcome === 'locked') {
      entry.alone = true;
      this.#again([entry]);
      return;
    }
    this.#pending--;
    if (outcome instanceof SluiceError) entry.settled.reject(outcome);
    else entry.settled.resolve(entry.uncertain ? outcome.map(certain) : outcome);
  }

  #failed(batch: readonly Entry[], error: unknown): void {
    const { place, unavailableMsMax } = this.#parts;
    const now = performance.now();
    const [again, over]: [Entry[], Entry[]] = [[], []];
    const lost = isConnectionError(error);
    for (const entry of batch) {
      if (lost) (now - entry.sinceMs < unavailableMsMax && !this.#closed ? again : over).push(entry);
      else if (batch.length > 1) again.push(Object.assign(entry, { alone: true }));
      else (isRace(error) && ++entry.attempts < attemptsMax ? again : over).push(entry);
    }
    const doing = isLockTimeout(error)
      ? 'A stream is held by another transaction for too long'
      : `The event store ${place.tables.name} cannot store an append`;
    for (const entry of over) {
      this.#pending--;
      entry.settled.reject(storeError(error, doing));
    }
    if (!lost) this.#again(again);
    else if (again.length > 0) setTimeout(() => this.#again(again), retryMs);
  }

  /** In front of those that came later. */
  #again(entries: readonly Entry[]): void {
    this.#waiting = [...entries, ...this.#waiting];
    if (this.#closed) this.#refuseWaiting();
    else this.#fill();
  }

  #refuseWaiting(): void {
    for (const entry of this.#waiting.splice(0)) {
      this.#pending--;
      entry.settled.reject(closed(this.#parts.place.tables));
    }
  }

  /** What is under way is finished, what waits is refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#refuseWaiting();
    await Promise.all(this.#running);
  }
}

/** Its ids were not stored before its first attempt: found now, they are of that attempt. */
function certain(result: AppendResult): AppendResult {
  return { ...result, repeated: false };
}

function closed(tables: StoreTables): SluiceError {
  return new SluiceError('STORE_UNAVAILABLE', `The event store ${tables.name} is closed.`);
}

/** Ends a failed transaction; a connection that cannot is thrown away. */
export async function rollBack(client: pg.PoolClient | null, error: unknown): Promise<void> {
  if (client === null) return;
  if (isConnectionError(error)) return client.release(true);
  try {
    await client.query('rollback');
    client.release();
  } catch {
    client.release(true);
  }
}
