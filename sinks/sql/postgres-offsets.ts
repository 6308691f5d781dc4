import { type Consumed, type PartitionOffset, type SinkAssignment, SluiceError, type TopicPartition } from '../../src/contract/index.ts';
import { ColumnArray } from './column-arrays.ts';
import type { PostgresSession } from './postgres-session.ts';

/** A partition's offset, and the version of the latest record applied of it; null before the first. */
export type AppliedOffset = PartitionOffset & { readonly version: bigint | null };

/** The version of the latest record applied of a partition. */
export type ReachedVersion = TopicPartition & { readonly version: bigint };

/** What fences a task: its last assignment. */
export type Owner = { readonly id: string; readonly generation: number };

/**
 * The group's offsets in a table of the target, so that they become durable in the transaction of what they cover (invariant 4). Each row
 * says who owns the partition: the last to have been assigned it. A former owner's transaction ends with FENCED before it has changed anything.
 */
export class PostgresOffsets {
  readonly #session: PostgresSession;
  readonly #table: string;
  /** Of the partitions assigned, by `topic-partition`. */
  readonly #eras = new Map<string, number>();

  /** `table`: its qualified, quoted name. */
  constructor(session: PostgresSession, table: string) {
    this.#session = session;
    this.#table = table;
  }

  /** Part of a transaction. */
  async create(): Promise<void> {
    await this.#session.script(
      `create table if not exists ${this.#table} (group_name text not null, topic text not null, part integer not null,
         next_offset bigint, era bigint, version bigint, generation bigint not null, owner text not null, primary key (group_name, topic, part))`,
    );
  }

  /** Takes the partitions over; what it answers are their offsets, where there are any of this era. Part of a transaction. */
  async assign({ group, generation, partitions }: SinkAssignment, owner: string): Promise<PartitionOffset[]> {
    const topics = new ColumnArray();
    const parts = new ColumnArray();
    const eras = new ColumnArray();
    for (const { topic, partition, era } of partitions) {
      topics.add(topic);
      parts.add(partition);
      eras.add(era);
      this.#eras.set(`${topic}-${partition}`, era);
    }
    const { rows } = await this.#session.query(
      `insert into ${this.#table} as o (group_name, topic, part, era, generation, owner)
       select $1::text, topic, part, era, $2::bigint, $3::text from unnest($4::text[], $5::integer[], $6::bigint[]) as p (topic, part, era)
        order by topic, part
       on conflict (group_name, topic, part) do update set generation = excluded.generation, owner = excluded.owner, era = excluded.era,
         next_offset = case when o.next_offset = 0 or o.era = excluded.era then o.next_offset end
       returning topic, part, next_offset`,
      [group, generation, owner, topics.literal(), parts.literal(), eras.literal()],
    );
    return rows.flatMap(({ topic, part, next_offset: next }) =>
      next === null ? [] : [{ topic: String(topic), partition: Number(part), offset: BigInt(String(next)) }],
    );
  }

  /**
   * Moves the offsets, as the first statement of a transaction: it holds the rows until the end, so that of two owners one waits, and then is
   * refused. `versions`: of the latest record applied, by `topic-partition`. Throws FENCED.
   */
  async move({ group, generation, next }: Consumed, owner: Owner, versions: ReadonlyMap<string, bigint> = new Map()): Promise<void> {
    if (generation < owner.generation) throw fenced(group);
    if (next.length === 0) return;
    const arrays = [new ColumnArray(), new ColumnArray(), new ColumnArray(), new ColumnArray(), new ColumnArray()] as const;
    for (const { topic, partition, offset } of next) {
      arrays[0].add(topic);
      arrays[1].add(partition);
      arrays[2].add(offset);
      arrays[3].add(versions.get(`${topic}-${partition}`));
      arrays[4].add(this.#eras.get(`${topic}-${partition}`));
    }
    const { rowCount } = await this.#session.query(
      `insert into ${this.#table} as o (group_name, topic, part, next_offset, version, era, generation, owner)
       select $1::text, topic, part, next, version, era, $2::bigint, $3::text
         from unnest($4::text[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[]) as p (topic, part, next, version, era) order by topic, part
       on conflict (group_name, topic, part) do update set next_offset = excluded.next_offset, version = greatest(o.version, excluded.version) where o.owner = excluded.owner`,
      [group, generation, owner.id, ...arrays.map(array => array.literal())],
    );
    if (rowCount !== next.length) throw fenced(group);
  }

  /** Makes partitions of a topic begin anew at their next assignment. Part of a transaction. */
  async forget(group: string, topic: string): Promise<void> {
    await this.#session.query(
      `update ${this.#table} set next_offset = 0 where group_name = $1 and topic = $2 and next_offset is not null`,
      [group, topic],
    );
  }

  /** Forgets where these partitions go on (null: all of the group's). Part of a transaction. */
  async drop(group: string, partitions: readonly TopicPartition[] | null): Promise<void> {
    const topics = new ColumnArray();
    const parts = new ColumnArray();
    for (const { topic, partition } of partitions ?? []) {
      topics.add(topic);
      parts.add(partition);
    }
    await this.#session.query(
      `update ${this.#table} set next_offset = null
        where group_name = $1 and ($2::boolean or (topic, part) in (select * from unnest($3::text[], $4::integer[])))`,
      [group, partitions === null, topics.literal(), parts.literal()],
    );
  }

  async offsets(group: string): Promise<AppliedOffset[]> {
    const rows = await this.#session.ask(
      `select topic, part, next_offset, version from ${this.#table} where group_name = $1 and next_offset is not null order by topic, part`,
      [group],
    );
    return rows.map(appliedOffset);
  }
}

/** An offset as a row of the table has it. */
export function appliedOffset(row: Readonly<Record<string, unknown>>): AppliedOffset {
  return {
    topic: String(row['topic']),
    partition: Number(row['part']),
    offset: BigInt(String(row['next_offset'])),
    version: row['version'] === null ? null : BigInt(String(row['version'])),
  };
}

export function fenced(group: string): SluiceError {
  return new SluiceError('FENCED', `Another task of group ${group} has taken over partitions that this one wrote.`);
}
