import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../../contract/index.ts';
import { ensureGroupTables } from './group-tables.ts';
import { logError } from './sqlite-errors.ts';

const formatVersion = 1;
const pageBytes = 8192;

/** How long an opening connection, or one in another process, waits for the moments in which SQLite recovers its write-ahead log. */
export const recoveryTimeoutMs = 2000;

/** Appended pages after which SQLite moves them from the write-ahead log into the file: 32 MB, so that no commit waits long for it. */
const checkpointPages = 4000;
const walBytesKept = 64 * 1024 * 1024;

/**
 * The file's tables. A record's `id` is its partition's id times 2^44 plus its offset; the view `log` shows records as a reader wants them, so
 * that the sqlite3 command reads everything: `select * from log where topic = 'srv.public.customers'`.
 * Headers are JSON: an array of [key, text], [key, null] or [key, {"base64": bytes}]. A partition whose topic_id is null waits for the deletion
 * of its records.
 */
const tables = `
  create table meta (name text primary key, value text not null) without rowid;
  create table topics (id integer primary key autoincrement, name text not null unique, configs text not null);
  create table partitions (
    id integer primary key autoincrement, topic_id integer, partition integer not null,
    start_offset integer not null default 0, next_offset integer not null default 0, bytes integer not null default 0,
    compacted_offset integer not null default 0, compacted_records integer not null default 0);
  create index partitions_of_topic on partitions (topic_id, partition);
  create table records (id integer primary key, timestamp_ms integer not null, headers text, key blob, value blob);
  create view log as
    select t.name as topic, p.partition, r.id - (p.id << 44) as "offset", r.timestamp_ms, r.headers, r.key, r.value
    from topics t join partitions p on p.topic_id = t.id
    join records r on r.id >= (p.id << 44) and r.id < ((p.id + 1) << 44);
  create table source_offsets (connector text not null, partition text not null, "offset" text not null,
    primary key (connector, partition)) without rowid;
  create table connectors (name text primary key, config text not null, target_state text not null) without rowid;
  create table active_topics (connector text not null, topic text not null, primary key (connector, topic)) without rowid;
  create table statuses (connector text not null, task integer not null, state text not null, trace text,
    primary key (connector, task)) without rowid;
`;

/** The log's one file (with SQLite's -wal and -shm beside it). */
export function logFile(dataDir: string): string {
  return join(dataDir, 'log.db');
}

function checkVersion(database: DatabaseSync, file: string): void {
  const row = database.prepare('pragma user_version').get();
  if (row?.['user_version'] === formatVersion) return;
  throw new SluiceError('LOG_REFUSED', `${file} has format ${row?.['user_version']}, this version reads format ${formatVersion}.`, {
    remedy: 'Run the version of Sluice that wrote the file, or name another data.dir.',
  });
}

function createTables(database: DatabaseSync): void {
  // A kill in between leaves nothing: the version is part of the transaction.
  database.exec(`begin immediate; ${tables} pragma user_version = ${formatVersion};`);
  database.prepare("insert into meta values ('cluster_id', ?)").run(randomBytes(16).toString('base64url'));
  database.exec('commit');
}

/** Opens the file for its only writer, and creates it where there is none. Throws SluiceError. */
export function openForWriting(dataDir: string, bytesMax: number | null = null): DatabaseSync {
  const file = logFile(dataDir);
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(dataDir, { recursive: true });
    database = new DatabaseSync(file, { timeout: recoveryTimeoutMs });
    database.exec(`pragma page_size = ${pageBytes}; pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16000;`);
    database.exec(`pragma wal_autocheckpoint = ${checkpointPages}; pragma journal_size_limit = ${walBytesKept};`);
    if (database.prepare('pragma user_version').get()?.['user_version'] === 0) createTables(database);
    checkVersion(database, file);
    ensureGroupTables(database);
    if (bytesMax !== null) database.exec(`pragma max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
    return database;
  } catch (thrown) {
    database?.close();
    throw logError(`open ${file}`, thrown);
  }
}

/** Opens the file for reading beside its writer, from this process or another one. Throws SluiceError. */
export function openForReading(dataDir: string, timeoutMs: number): DatabaseSync {
  const file = logFile(dataDir);
  if (!existsSync(file)) throw new SluiceError('LOG_UNAVAILABLE', `There is no log at ${file}.`, { remedy: 'Check data.dir.' });
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: timeoutMs });
    checkVersion(database, file);
    return database;
  } catch (thrown) {
    database?.close();
    throw logError(`open ${file}`, thrown);
  }
}
