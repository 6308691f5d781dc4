import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../../../contract/index.ts';
import { checkRetention } from '../event-checks.ts';
import type { AppendResult, EventStore, ExpectedVersion, StreamId, StreamRetention, StreamSlice, Upcasters } from '../event-store.ts';
import type { EventStorage, PreparedAppend, PreparedEvent, ReadRange, StateText, StoredState } from '../storage.ts';
import { StoredEventStore } from '../stored-event-store.ts';
import { Commits } from './commits.ts';
import { lockOwnership } from './ownership.ts';
import type { AppendedStream, Change } from './protocol.ts';
import { Reader } from './reader.ts';
import { WriterClient } from './writer-client.ts';

export type SqliteEventStoreOptions = {
  /** Holds `events.db`, and is made where it is not there. One process at a time has it. */
  readonly folder: string;
  readonly upcasters?: Upcasters;
  /**
   * Somebody publishes the events elsewhere: retention erases none that is not behind the position told by `published`, whatever it would let
   * go. Give what is known already, or 0n. Left out: retention minds nobody.
   */
  readonly publishedUpTo?: bigint;
  /** Of streams that have none of their own. Default: everything is kept. */
  readonly retention?: StreamRetention;
};

/** An event store in one file, in this process. */
export interface SqliteEventStore extends EventStore {
  /** Events up to that position are published: retention may erase them. For stores opened with `publishedUpTo`. */
  published(position: bigint): void;
}

class SqliteStorage implements EventStorage {
  readonly #lock: DatabaseSync;
  readonly #folder: string;
  readonly #retention: StreamRetention;
  readonly #commits = new Commits();
  #writer: WriterClient | null = null;
  #reader: Reader | null = null;
  /** Null: nobody publishes. */
  #published: bigint | null;
  #closed = false;

  /** Throws SluiceError STORE_UNAVAILABLE where another has the folder, EVENT_INVALID. */
  constructor({ folder, publishedUpTo, retention = { eventsMax: null, ageMsMax: null } }: SqliteEventStoreOptions) {
    checkRetention(retention);
    this.#folder = folder;
    this.#retention = retention;
    this.#published = publishedUpTo ?? null;
    this.#lock = lockOwnership(folder);
  }

  async open(): Promise<void> {
    try {
      await this.#ensureWriter().started();
      this.#reader = new Reader(this.#folder);
    } catch (thrown) {
      await this[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async append(appends: readonly PreparedAppend[]): Promise<readonly AppendResult[]> {
    const appended = (await this.#send({ kind: 'append', appends })) ?? [];
    return appended.map(({ version, created, repeated }, index) => ({
      stream: appends[index]!.stream,
      version: BigInt(version),
      created,
      repeated,
    }));
  }

  async read(stream: StreamId, range: ReadRange): Promise<StreamSlice> {
    return this.#opened().read(stream, range);
  }

  async readAll(after: bigint, limit: number) {
    return this.#opened().readAll(after, limit);
  }

  committed(after: bigint, abort: AbortSignal): Promise<void> {
    return this.#commits.behind(after, abort);
  }

  async delete(stream: StreamId, mode: 'soft' | 'hard', expectedVersion: ExpectedVersion, event: PreparedEvent): Promise<void> {
    await this.#send({ kind: 'delete', stream, mode, expectedVersion, event });
  }

  async setRetention(stream: StreamId, retention: StreamRetention): Promise<void> {
    await this.#send({ kind: 'setRetention', stream, retention });
  }

  async storedState(stream: StreamId, name: string): Promise<StoredState | null> {
    return this.#opened().storedState(stream, name);
  }

  async storeState(stream: StreamId, name: string, { version, timestampMs, text }: StateText): Promise<void> {
    const stored = { name, version: Number(version), timestampMs, text };
    await this.#send({ kind: 'storeState', stream, state: stored });
  }

  published(position: bigint): void {
    if (this.#published === null || position <= this.#published || this.#closed) return;
    this.#published = position;
    // Nobody waits for it: a writer that ends is followed by one that is told at its start.
    this.#send({ kind: 'published', position: Number(position) }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.end(closedError());
    await this.#writer?.close();
    this.#reader?.[Symbol.dispose]();
    this.#lock.close();
  }

  async #send(change: Change): Promise<readonly AppendedStream[] | null> {
    if (this.#closed) throw closedError();
    return this.#ensureWriter().send(change);
  }

  #opened(): Reader {
    if (this.#closed || this.#reader === null) throw closedError();
    return this.#reader;
  }

  /** The writer's thread; after one that ended, the next. */
  #ensureWriter(): WriterClient {
    if (this.#writer === null) {
      const heldForPublishing = this.#published === null ? null : { position: Number(this.#published) };
      const writer = new WriterClient(
        { folder: this.#folder, heldForPublishing, retention: this.#retention },
        position => this.#commits.reached(position),
        opened => {
          if (this.#writer === writer) this.#writer = null;
          // Subscribers wait for what it may have committed, and not told. One that could not even begin is tried again by the next append.
          if (opened && !this.#closed) this.#ensureWriter();
        },
      );
      this.#writer = writer;
    }
    return this.#writer;
  }
}

function closedError(): SluiceError {
  return new SluiceError('STORE_UNAVAILABLE', 'The event store is closed.');
}

class OwnedStore extends StoredEventStore implements SqliteEventStore {
  readonly #storage: SqliteStorage;

  constructor(storage: SqliteStorage, upcasters: Upcasters | undefined) {
    super(storage, upcasters);
    this.#storage = storage;
  }

  published(position: bigint): void {
    this.#storage.published(position);
  }
}

/**
 * Opens the event store of a folder, and makes it where there is none. The caller owns it and closes it (`await using`). Throws SluiceError
 * STORE_UNAVAILABLE (another process has it, the disk), STORE_FAILED (the file is no event store of this version), EVENT_INVALID (upcasters
 * that lead nowhere).
 */
export async function openSqliteEventStore(options: SqliteEventStoreOptions): Promise<SqliteEventStore> {
  const storage = new SqliteStorage(options);
  await storage.open();
  try {
    return new OwnedStore(storage, options.upcasters);
  } catch (thrown) {
    await storage[Symbol.asyncDispose]();
    throw thrown;
  }
}
