import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SluiceError, StreamConflictError } from '../../../contract/index.ts';
import type { StreamId, StreamRetention } from '../event-store.ts';
import { streamDeleted } from '../expected-version.ts';
import type { PreparedAppend } from '../storage.ts';
import { inTransaction, openForWriting } from './database.ts';
import { Erasure, keepsAll } from './erasure.ts';
import { EventTable } from './event-table.ts';
import type { AppendedStream, Change, ErrorMessage, Reply, Request, StateToStore, ThreadOptions } from './protocol.ts';
import { storeError } from './sqlite-errors.ts';
import { StreamTable } from './stream-table.ts';

/** Requests in one transaction; what comes beyond waits for the next. */
const transactionRequestsMax = 2000;

type Answered = (replies: readonly Reply[], position: number) => void;
export function errorMessage(error: SluiceError): ErrorMessage {
  const { code, message, remedy } = error;
  return { code, message, remedy, currentVersion: error instanceof StreamConflictError ? error.currentVersion : null };
}

/** The only writer of the file: group commit. Takes requests in the order of their arrival, and answers when they are durable, or undone. */
export class WriterLoop {
  readonly #database: DatabaseSync;
  readonly #streams: StreamTable;
  readonly #events: EventTable;
  readonly #erasure: Erasure;
  readonly #storeState: StatementSync;
  readonly #answered: Answered;
  #erasing = false;
  #waitingForErasure: number[] = [];
  #closed = false;

  /** Throws SluiceError. */
  constructor({ folder, heldForPublishing, retention }: ThreadOptions, answered: Answered) {
    this.#answered = answered;
    this.#database = openForWriting(folder);
    this.#streams = new StreamTable(this.#database);
    this.#events = new EventTable(this.#database, this.#streams);
    this.#erasure = new Erasure(this.#database, this.#streams, retention, heldForPublishing?.position ?? null);
    this.#storeState = this.#database.prepare(
      `insert into states (stream, name, version, timestamp_ms, state) values (?, ?, ?, ?, ?)
       on conflict (stream, name) do update set version = excluded.version, timestamp_ms = excluded.timestamp_ms, state = excluded.state
       where excluded.version > version`,
    );
    // What a process that ended left over.
    this.#eraseLater();
  }

  get position(): number {
    return this.#events.position;
  }

  /** Carries all of them out. True: the last one closed the file. */
  take(requests: readonly Request[]): boolean {
    for (let begin = 0; begin < requests.length; begin += transactionRequestsMax)
      this.#transaction(requests.slice(begin, begin + transactionRequestsMax));
    return this.#closed;
  }

  /** One transaction and one fsync. A request that is refused has written nothing, and does not trouble the others. */
  #transaction(requests: readonly Request[]): void {
    const replies: Reply[] = [];
    const nowMs = Date.now();
    let waiting: number[] = [];
    try {
      inTransaction(this.#database, 'begin immediate', () => {
        for (const { id, change } of requests) {
          if (change.kind === 'close') continue;
          const reply = this.#attempt(id, change, nowMs);
          if (reply === null) waiting.push(id);
          else replies.push(reply);
        }
        this.#streams.store();
      });
    } catch (thrown) {
      this.#streams.forget();
      this.#events.forget();
      const error = errorMessage(storeError('write', thrown));
      waiting = [];
      replies.length = 0;
      for (const { id, change } of requests) if (change.kind !== 'close') replies.push({ id, ok: false, error });
    }
    this.#waitingForErasure.push(...waiting);
    if (waiting.length > 0) this.#eraseLater();
    for (const { id, change } of requests) if (change.kind === 'close') replies.push(this.#close(id));
    this.#answered(replies, this.#events.position);
  }

  /** Null: it is answered when what it deleted is erased. Throws what is no refusal: the transaction is lost then. */
  #attempt(id: number, change: Change, nowMs: number): Reply | null {
    try {
      if (change.kind === 'append') return { id, ok: true, appended: this.#append(change.appends, nowMs) };
      if (change.kind === 'delete') {
        const { stream, mode, expectedVersion, event } = change;
        if (this.#events.delete(stream, mode, expectedVersion, event) !== null) return null;
      } else if (change.kind === 'setRetention') this.#setRetention(change.stream, change.retention);
      else if (change.kind === 'storeState') this.#putState(change.stream, change.state);
      else if (change.kind === 'published') this.#erasure.published(change.position);
      return { id, ok: true, appended: null };
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      return { id, ok: false, error: errorMessage(thrown) };
    }
  }

  #append(appends: readonly PreparedAppend[], nowMs: number): readonly AppendedStream[] {
    const { appended, grown } = this.#events.append(appends);
    for (const row of grown) {
      this.#erasure.trim(row, nowMs);
      if (row.erasedBefore < row.keptFrom) this.#eraseLater();
    }
    return appended;
  }

  #setRetention(stream: StreamId, { eventsMax, ageMsMax }: StreamRetention): void {
    if (this.#streams.find(stream)?.closed) throw streamDeleted(stream);
    const row = this.#streams.ensure(stream);
    // A stream that is to keep everything has a retention of its own.
    row.eventsMax = eventsMax === null && ageMsMax === null ? keepsAll : eventsMax;
    row.ageMsMax = ageMsMax;
    this.#streams.changed(row);
  }

  #putState(stream: StreamId, { name, version, timestampMs, text }: StateToStore): void {
    const row = this.#streams.find(stream);
    if (row === null || row.closed || row.deletedVersion >= version) return;
    this.#storeState.run(row.id, name, version, timestampMs, text);
  }

  /** Erases between the requests, slice by slice. */
  #eraseLater(): void {
    if (this.#erasing) return;
    this.#erasing = true;
    setImmediate(() => this.#eraseSlice());
  }

  #eraseSlice(): void {
    this.#erasing = false;
    if (this.#closed) return;
    const waiting = this.#waitingForErasure;
    try {
      const more = inTransaction(this.#database, 'begin immediate', () => {
        const found = this.#erasure.slice();
        this.#streams.store();
        return found;
      });
      if (more) {
        this.#eraseLater();
        return;
      }
      if (waiting.length === 0) return;
      // Until it is moved into the file, what was erased still stands in the write-ahead log.
      this.#database.exec('pragma wal_checkpoint(truncate)');
      this.#waitingForErasure = [];
      this.#answered(
        waiting.map(id => ({ id, ok: true, appended: null })),
        this.#events.position,
      );
    } catch (thrown) {
      // The next start, or the next thing to erase, goes on with it.
      this.#streams.forget();
      const error = errorMessage(storeError('erase deleted events', thrown));
      this.#waitingForErasure = [];
      this.#answered(
        waiting.map(id => ({ id, ok: false, error })),
        this.#events.position,
      );
    }
  }

  #close(id: number): Reply {
    this.#closed = true;
    const error = errorMessage(
      new SluiceError('STORE_UNAVAILABLE', 'The event store is closed; what is left is erased at its next start.'),
    );
    const replies = this.#waitingForErasure.map(waiting => ({ id: waiting, ok: false, error }) as const);
    this.#waitingForErasure = [];
    if (replies.length > 0) this.#answered(replies, this.#events.position);
    this.#database.close();
    return { id, ok: true, appended: null };
  }
}
