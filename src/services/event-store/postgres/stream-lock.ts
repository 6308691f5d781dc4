import { createHash } from 'node:crypto';
import type { StreamId } from '../event-store.ts';
import { formatStream } from '../stream-id.ts';
import type { StoreTables } from './tables.ts';

/**
 * The advisory lock of a stream, as a bigint's text. It is taken before anything is written, so before the transaction has an id: whoever had the lock
 * before has a lower id, and a stream's positions rise with its versions.
 */
export function streamLock(tables: StoreTables, stream: StreamId): string {
  return createHash('sha1')
    .update(`${tables.name}\n${formatStream(stream)}`)
    .digest()
    .readBigInt64BE(0)
    .toString();
}

/** The locks of these streams, each once, in the order in which everybody takes them. */
export function streamLocks(tables: StoreTables, streams: readonly StreamId[]): readonly string[] {
  const keys = new Set(streams.map(stream => streamLock(tables, stream)));
  return [...keys].sort();
}

/** Waits for all of them; they are held until the transaction ends. */
export function lockAll(locks: readonly string[]): string {
  return `select pg_advisory_xact_lock(k) from unnest('{${locks.join(',')}}'::bigint[]) k`;
}

/** Takes those that are free: rows of `lock` and `held`. */
export function tryLocks(locks: readonly string[]): string {
  return `select k::text as lock, pg_try_advisory_xact_lock(k) as held from unnest('{${locks.join(',')}}'::bigint[]) k`;
}
