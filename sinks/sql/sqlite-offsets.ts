import type { Consumed, PartitionOffset, SinkAssignment, TopicPartition } from '../../src/contract/index.ts';
import { type AppliedOffset, fenced, type Owner, type ReachedVersion } from './postgres-offsets.ts';
import type { SqliteSession } from './sqlite-session.ts';

/** As PostgresOffsets, in a table of a SQLite file: same rules, same columns. */
export class SqliteOffsets {
  readonly #session: SqliteSession;
  readonly #table: string;
  readonly #eras = new Map<string, number>();

  /** `table`: its quoted name. */
  constructor(session: SqliteSession, table: string) {
    this.#session = session;
    this.#table = table;
  }

  create(): void {
    this.#session.exec(
      `create table if not exists ${this.#table} (group_name text not null, topic text not null, part integer not null,
         next_offset integer, era integer, version integer, generation integer not null, owner text not null, primary key (group_name, topic, part)) without rowid`,
    );
  }

  assign({ group, generation, partitions }: SinkAssignment, owner: string): PartitionOffset[] {
    return partitions.flatMap(({ topic, partition, era }) => {
      this.#eras.set(`${topic}-${partition}`, era);
      const [row] = this.#session.all(
        `insert into ${this.#table} as o (group_name, topic, part, era, generation, owner) values (?, ?, ?, ?, ?, ?)
         on conflict (group_name, topic, part) do update set generation = excluded.generation, owner = excluded.owner, era = excluded.era,
           next_offset = case when o.next_offset = 0 or o.era = excluded.era then o.next_offset end
         returning next_offset`,
        group,
        topic,
        partition,
        era,
        generation,
        owner,
      );
      const next = row?.['next_offset'];
      return typeof next === 'bigint' ? [{ topic, partition, offset: next }] : [];
    });
  }

  move({ group, generation, next }: Consumed, owner: Owner, versions: ReadonlyMap<string, bigint> = new Map()): void {
    if (generation < owner.generation) throw fenced(group);
    for (const { topic, partition, offset } of next) {
      const changed = this.#session.run(
        `insert into ${this.#table} as o (group_name, topic, part, next_offset, version, era, generation, owner) values (?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (group_name, topic, part) do update set next_offset = excluded.next_offset,
           version = coalesce(max(o.version, excluded.version), o.version, excluded.version) where o.owner = excluded.owner`,
        group,
        topic,
        partition,
        offset,
        versions.get(`${topic}-${partition}`) ?? null,
        this.#eras.get(`${topic}-${partition}`) ?? null,
        generation,
        owner.id,
      );
      if (changed !== 1) throw fenced(group);
    }
  }

  forget(group: string, topic: string): void {
    this.#session.run(
      `update ${this.#table} set next_offset = 0 where group_name = ? and topic = ? and next_offset is not null`,
      group,
      topic,
    );
  }

  drop(group: string, partitions: readonly TopicPartition[] | null): void {
    if (partitions === null) this.#session.run(`update ${this.#table} set next_offset = null where group_name = ?`, group);
    for (const { topic, partition } of partitions ?? [])
      this.#session.run(
        `update ${this.#table} set next_offset = null where group_name = ? and topic = ? and part = ?`,
        group,
        topic,
        partition,
      );
  }

  /** What the partitions have reached, wherever the group's offsets have been set to since. */
  reached(group: string): ReachedVersion[] {
    return this.#session
      .all(`select topic, part, version from ${this.#table} where group_name = ? and version is not null`, group)
      .map(row => ({ topic: String(row['topic']), partition: Number(row['part']), version: row['version'] as bigint }));
  }

  offsets(group: string): AppliedOffset[] {
    return this.#session
      .all(
        `select topic, part, next_offset, version from ${this.#table} where group_name = ? and next_offset is not null order by topic, part`,
        group,
      )
      .map(row => ({
        topic: String(row['topic']),
        partition: Number(row['part']),
        offset: row['next_offset'] as bigint,
        version: row['version'] as bigint | null,
      }));
  }
}
