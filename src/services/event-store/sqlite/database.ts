import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../../../contract/index.ts';
import { storeError } from './sqlite-errors.ts';

const formatVersion = 1;
const pageBytes = 4096;

/** How long a connection waits for the moments in which SQLite recovers its write-ahead log. */
const recoveryTimeoutMs = 2000;

/** Appended pages after which SQLite moves them from the write-ahead log into the file: 8 MB, so that no append waits long for it. */
const checkpointPages = 2000;
const walBytesKept = 64 * 1024 * 1024;

/**
 * The file's tables. A stream's events from `kept_from` on are there; those before are erased, bit by bit (`erased_before`). Those up to
 * `deleted_version` are deleted softly. `closed`: deleted for good. The view is for people: `select * from log where aggregate_id = '4711'`.
 */
const tables = `
  create table streams (
    id integer primary key, aggregate_type text not null, aggregate_id text not null, version integer not null,
    deleted_version integer not null, kept_from integer not null, erased_before integer not null, closed integer not null,
    events_max integer, age_ms_max integer,
    unique (aggregate_type, aggregate_id));
  create index streams_to_erase on streams (id) where erased_before < kept_from;
  create table events (
    position integer primary key, stream integer not null, version integer not null, id text not null, type text not null,
    data text not null, metadata text not null, schema_version integer not null, timestamp_ms integer not null);
  create unique index events_of_stream on events (stream, version);
  create unique index events_by_id on events (id);
  create table states (
    stream integer not null, name text not null, version integer not null, timestamp_ms integer not null, state text not null,
    primary key (stream, name));
  create view log as
    select e.position, s.aggregate_type, s.aggregate_id, e.version, e.type, e.data, e.metadata, e.id as event_id, e.schema_version, e.timestamp_ms
    from events e join streams s on s.id = e.stream where e.version >= s.kept_from;
`;

/** The store's one file (with SQLite's -wal and -shm beside it). */
export function eventsFile(folder: string): string {
  return join(folder, 'events.db');
}

function checkVersion(database: DatabaseSync, file: string): void {
  const found = database.prepare('pragma user_version').get()?.['user_version'];
  if (found === formatVersion) return;
  throw new SluiceError('STORE_FAILED', `${file} has format ${found}, this version reads format ${formatVersion}.`, {
    remedy: 'Run the version of Sluice that wrote the file, or name another folder.',
  });
}

/** Opens the file for its only writer, and creates it where there is none. Throws SluiceError. */
export function openForWriting(folder: string): DatabaseSync {
  const file = eventsFile(folder);
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(folder, { recursive: true });
    database = new DatabaseSync(file, { timeout: recoveryTimeoutMs });
    database.exec(`pragma page_size = ${pageBytes}; pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -32000;`);
    database.exec(`pragma wal_autocheckpoint = ${checkpointPages}; pragma journal_size_limit = ${walBytesKept};`);
    // What is erased is overwritten, and not only no longer pointed at.
    database.exec('pragma secure_delete = on');
    // A kill in between leaves nothing: the version is part of the transaction.
    if (database.prepare('pragma user_version').get()?.['user_version'] === 0)
      database.exec(`begin immediate; ${tables} pragma user_version = ${formatVersion}; commit;`);
    checkVersion(database, file);
    return database;
  } catch (thrown) {
    database?.close();
    throw storeError(`open ${file}`, thrown);
  }
}

/** Opens the file for reading beside its writer. Throws SluiceError. */
export function openForReading(folder: string): DatabaseSync {
  const file = eventsFile(folder);
  if (!existsSync(file)) throw new SluiceError('STORE_UNAVAILABLE', `There is no event store at ${file}.`);
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: recoveryTimeoutMs });
    checkVersion(database, file);
    return database;
  } catch (thrown) {
    database?.close();
    throw storeError(`open ${file}`, thrown);
  }
}

/** Runs `work` in one transaction: whole, or, where it throws, not at all. */
export function inTransaction<T>(database: DatabaseSync, begin: 'begin immediate' | 'begin', work: () => T): T {
  database.exec(begin);
  try {
    const result = work();
    database.exec('commit');
    return result;
  } catch (thrown) {
    // SQLite rolls back by itself after some errors, a full disk among them.
    if (database.isTransaction) database.exec('rollback');
    throw thrown;
  }
}
