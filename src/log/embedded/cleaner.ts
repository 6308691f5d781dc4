import type { DatabaseSync } from 'node:sqlite';
import { compactPartition } from './compaction.ts';
import { baseId } from './record-id.ts';
import { type RetentionDefaults, topicRetention } from './topic-configs.ts';
import { inTransaction } from './transaction.ts';

/** Records looked at, or deleted, in one transaction: about 5 ms in which no append is taken. */
const sliceRecords = 500;

/** A partition as the file has it. */
export type StoredPartition = {
  readonly id: number;
  readonly topic: string | null;
  readonly configs: Readonly<Record<string, string>>;
  readonly startOffset: number;
  readonly nextOffset: number;
  readonly bytes: number;
  readonly compactedOffset: number;
  readonly compactedRecords: number;
};

function partitionsOf(database: DatabaseSync): readonly StoredPartition[] {
  return database
    .prepare('select p.*, t.name, t.configs from partitions p left join topics t on t.id = p.topic_id order by p.id')
    .all()
    .map(row => ({
      id: Number(row['id']),
      topic: row['name'] === null ? null : String(row['name']),
      configs: JSON.parse(String(row['configs'] ?? '{}')) as Readonly<Record<string, string>>,
      startOffset: Number(row['start_offset']),
      nextOffset: Number(row['next_offset']),
      bytes: Number(row['bytes']),
      compactedOffset: Number(row['compacted_offset']),
      compactedRecords: Number(row['compacted_records']),
    }));
}

/**
 * Deletes what retention, compaction and deleted topics leave, slice by slice: every step of the generator is one short transaction, so
 * that appends find their turn in between.
 */
export function* clean(database: DatabaseSync, defaults: RetentionDefaults, nowMs: number, all: boolean): Generator<void> {
  for (const partition of partitionsOf(database)) {
    if (partition.topic === null) {
      yield* removeOrphan(database, partition.id);
      continue;
    }
    const rules = topicRetention(partition.topic, partition.configs, defaults);
    if (rules.delete) {
      const oldestMs = rules.retentionMs < 0 ? Number.NEGATIVE_INFINITY : nowMs - rules.retentionMs;
      const bytesMax = rules.retentionBytes < 0 ? Number.POSITIVE_INFINITY : rules.retentionBytes;
      yield* retain(database, partition, oldestMs, bytesMax);
    }
    if (rules.compact) yield* compactPartition(database, partition, nowMs - rules.deleteRetentionMs, all);
  }
}

/** Deletes a partition's records before an offset; part of the caller's transaction. Of topics that are small: it is one step. */
export function truncatePartition(database: DatabaseSync, id: number, before: number): void {
  const base = baseId(id);
  const [row] = database.prepare('select start_offset, next_offset from partitions where id = ?').all(id);
  const end = Math.min(before, Number(row!['next_offset']));
  if (end <= Number(row!['start_offset'])) return;
  const bytes = database.prepare(
    'select sum(coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0) + 20) as freed from records where id >= ? and id < ?',
  );
  const freed = Number(bytes.get(base, base + BigInt(end))!['freed'] ?? 0);
  database.prepare('delete from records where id >= ? and id < ?').run(base, base + BigInt(end));
  database.prepare('update partitions set start_offset = ?, bytes = bytes - ? where id = ?').run(end, freed, id);
}

/** The records of a deleted topic's partition. */
function* removeOrphan(database: DatabaseSync, id: number): Generator<void> {
  const remove = database.prepare('delete from records where id in (select id from records where id >= ? and id < ? limit ?)');
  for (;;) {
    const { changes } = inTransaction(database, () => remove.run(baseId(id), baseId(id + 1), sliceRecords));
    if (changes === 0) break;
    yield;
  }
  database.prepare('delete from partitions where id = ?').run(id);
}

/** Deletes from the front what is older than `oldestMs`, or more than `bytesMax`. A record that stays keeps those behind it. */
function* retain(database: DatabaseSync, partition: StoredPartition, oldestMs: number, bytesMax: number): Generator<void> {
  const base = baseId(partition.id);
  const front = database.prepare(`
    select id - ?1 as "offset", timestamp_ms, coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0) + 20 as bytes
    from records where id >= ?1 and id < ?2 order by id limit ${sliceRecords}`);
  const remove = database.prepare('delete from records where id >= ? and id < ?');
  const move = database.prepare('update partitions set start_offset = ?, bytes = bytes - ? where id = ?');
  let bytesLeft = partition.bytes;
  for (;;) {
    let start = -1;
    let freed = 0;
    for (const row of front.iterate(base, baseId(partition.id + 1))) {
      if (Number(row['timestamp_ms']) >= oldestMs && bytesLeft <= bytesMax) break;
      start = Number(row['offset']) + 1;
      freed += Number(row['bytes']);
      bytesLeft -= Number(row['bytes']);
    }
    if (start < 0) return;
    inTransaction(database, () => {
      remove.run(base, base + BigInt(start));
      move.run(start, freed, partition.id);
    });
    yield;
  }
}
