import type { DatabaseSync } from 'node:sqlite';
import type { StoredPartition } from './cleaner.ts';
import { baseId } from './record-id.ts';
import { inTransaction } from './transaction.ts';

const sliceRecords = 500;
/** Keys remembered in one pass, and their bytes; more than that wait for the next pass. */
const keysMax = 200_000;
const keyBytesMax = 32 * 1024 * 1024;
/** New records below which a pass is not worth its reading, and their least share of what an earlier pass left. */
const dirtyRecordsMin = 1000;
const dirtyShareMin = 0.5;

/** The last offset of each key in the part that no pass has seen, and where that part ends. */
type LastOffsets = { readonly byKey: ReadonlyMap<string, number>; readonly end: number };

/**
 * cleanup.policy=compact: of the records with one key only the last stays, and a tombstone goes once it is older than `tombstonesBeforeMs`.
 * Records without key stay. Offsets of what stays do not change. In slices, as the rest of the cleaner.
 */
export function* compactPartition(
  database: DatabaseSync,
  partition: StoredPartition,
  tombstonesBeforeMs: number,
  all: boolean,
): Generator<void> {
  const dirty = partition.nextOffset - partition.compactedOffset;
  if (!all && (dirty < dirtyRecordsMin || dirty < partition.compactedRecords * dirtyShareMin)) return;
  const last = yield* lastOffsets(database, partition);
  const kept = yield* removeOutdated(database, partition, last, tombstonesBeforeMs);
  database.prepare('update partitions set compacted_offset = ?, compacted_records = ? where id = ?').run(last.end, kept, partition.id);
}

function* lastOffsets(database: DatabaseSync, { id, compactedOffset }: StoredPartition): Generator<void, LastOffsets> {
  const page = database.prepare(
    `select id - ?1 as "offset", key from records where id >= ?2 and id < ?3 order by id limit ${sliceRecords}`,
  );
  const byKey = new Map<string, number>();
  const base = baseId(id);
  let end = compactedOffset;
  let keyBytes = 0;
  while (byKey.size < keysMax && keyBytes < keyBytesMax) {
    const rows = page.all(base, base + BigInt(end), baseId(id + 1));
    if (rows.length === 0) break;
    for (const row of rows) {
      end = Number(row['offset']) + 1;
      const key = keyText(row['key']);
      if (key === null) continue;
      if (!byKey.has(key)) keyBytes += key.length;
      byKey.set(key, end - 1);
    }
    yield;
  }
  return { byKey, end };
}

function* removeOutdated(
  database: DatabaseSync,
  { id }: StoredPartition,
  { byKey, end }: LastOffsets,
  tombstonesBeforeMs: number,
): Generator<void, number> {
  const page = database.prepare(`
    select id - ?1 as "offset", key, timestamp_ms, value is null as tombstone,
      coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0) + 20 as bytes
    from records where id >= ?2 and id < ?3 order by id limit ${sliceRecords}`);
  const remove = database.prepare('delete from records where id = ?');
  const count = database.prepare('update partitions set bytes = bytes - ? where id = ?');
  const base = baseId(id);
  let kept = 0;
  for (let at = 0; ; ) {
    const rows = page.all(base, base + BigInt(at), base + BigInt(end));
    if (rows.length === 0) return kept;
    inTransaction(database, () => {
      let freed = 0;
      for (const row of rows) {
        const offset = Number(row['offset']);
        at = offset + 1;
        const key = keyText(row['key']);
        const outdated = key !== null && offset < (byKey.get(key) ?? -1);
        const forgotten = key !== null && row['tombstone'] === 1 && Number(row['timestamp_ms']) < tombstonesBeforeMs;
        if (!outdated && !forgotten) {
          kept++;
          continue;
        }
        remove.run(base + BigInt(offset));
        freed += Number(row['bytes']);
      }
      if (freed > 0) count.run(freed, id);
    });
    yield;
  }
}

function keyText(key: unknown): string | null {
  return key instanceof Uint8Array ? Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1') : null;
}
