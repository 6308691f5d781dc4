import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Consumed, type PartitionOffset, SluiceError, type TopicPartition } from '../../contract/index.ts';
import { nextEra } from '../era.ts';

/**
 * What consumer groups need of the file. Topics are named by their ids, which are never used again: offsets of a topic that was deleted mean
 * nothing to one of the same name. Eras stay when their topics go; so do generations when their groups go.
 */
const tables = `
  create table if not exists topic_eras (topic text primary key, topic_id integer not null, era integer not null) without rowid;
  create table if not exists consumer_groups (name text primary key, generation integer not null) without rowid;
  create table if not exists group_offsets (
    group_name text not null, topic_id integer not null, partition integer not null, "offset" integer not null,
    primary key (group_name, topic_id, partition)) without rowid;
`;

/** Makes the tables in a file that was written before there were consumers. */
export function ensureGroupTables(database: DatabaseSync): void {
  database.exec(tables);
  raiseEras(database, Date.now());
}

/** Gives topics that were made, or made again, their era; part of the caller's transaction. */
export function raiseEras(database: DatabaseSync, nowMs: number): void {
  const fresh = database
    .prepare('select t.id, t.name, e.era from topics t left join topic_eras e on e.topic = t.name where e.topic_id is not t.id')
    .all();
  const put = database.prepare(
    'insert into topic_eras values (?, ?, ?) on conflict do update set topic_id = excluded.topic_id, era = excluded.era',
  );
  for (const { id, name, era } of fresh) put.run(String(name), Number(id), nextEra(era === null ? null : Number(era), nowMs));
}

/** Changes of groups, each part of the caller's transaction. The writer's thread is the only one that makes any. */
export class GroupTables {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #generations = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#put = database.prepare(`
      insert into group_offsets select ?, id, ?, ? from topics where name = ?
      on conflict do update set "offset" = excluded."offset"`);
  }

  /** A new assignment begins: from here on what members commit by an older one is refused. */
  raiseGeneration(group: string): void {
    const generation = this.#generation(group) + 1;
    this.#database
      .prepare('insert into consumer_groups values (?, ?) on conflict do update set generation = excluded.generation')
      .run(group, generation);
    this.#generations.set(group, generation);
  }

  /** Throws FENCED where the partitions have been assigned anew since. */
  check({ group, generation }: Consumed): void {
    const current = this.#generation(group);
    if (generation !== current)
      throw new SluiceError(
        'FENCED',
        `Group ${group} has assigned its partitions anew (generation ${current}); offsets of generation ${generation} come too late.`,
        { remedy: 'The partitions’ new owner goes on at the committed offsets; nothing is lost.' },
      );
  }

  /** Offsets whose `check` was passed in the same turn. Those of topics that are gone are nothing. */
  commit({ group, next }: Consumed): void {
    for (const { topic, partition, offset } of next) this.#put.run(group, partition, Number(offset), topic);
  }

  /** From outside: whoever still holds partitions has lost them. */
  alter(group: string, offsets: readonly (TopicPartition & { readonly offset: bigint | null })[]): void {
    this.raiseGeneration(group);
    const remove = this.#database.prepare(
      'delete from group_offsets where group_name = ? and partition = ? and topic_id = (select id from topics where name = ?)',
    );
    for (const { topic, partition, offset } of offsets) {
      if (offset === null) remove.run(group, partition, topic);
      else if (this.#put.run(group, partition, Number(offset), topic).changes === 0)
        throw new SluiceError('TOPIC_UNKNOWN', `There is no topic '${topic}' in the embedded log.`);
    }
  }

  remove(group: string): void {
    const { changes } = this.#database.prepare('delete from group_offsets where group_name = ?').run(group);
    if (changes > 0) this.raiseGeneration(group);
  }

  /** A transaction was rolled back. */
  forget(): void {
    this.#generations.clear();
  }

  #generation(group: string): number {
    const known = this.#generations.get(group) ?? readGeneration(this.#database, group);
    this.#generations.set(group, known);
    return known;
  }
}

/** The last generation of a group; 0 for one that never had any. */
export function readGeneration(database: DatabaseSync, group: string): number {
  return Number(database.prepare('select generation from consumer_groups where name = ?').get(group)?.['generation'] ?? 0);
}

/** A group's committed offsets, of topics that there are. */
export function readGroupOffsets(database: DatabaseSync, group: string): readonly PartitionOffset[] {
  // A file that only is read may be from before there were consumers.
  if (!database.prepare("select 1 from sqlite_master where name = 'group_offsets'").get()) return [];
  return database
    .prepare(
      `select t.name, g.partition, g."offset" from group_offsets g join topics t on t.id = g.topic_id
       where g.group_name = ? order by t.name, g.partition`,
    )
    .all(group)
    .map(row => ({ topic: String(row['name']), partition: Number(row['partition']), offset: BigInt(Number(row['offset'])) }));
}

/** A partition as consumers see it. */
export type GroupPartition = TopicPartition & {
  /** Of the partition in the file. */
  readonly id: number;
  readonly era: number;
  readonly start: number;
  readonly end: number;
};

/** The partitions of the topics named, or of all whose name `matches`. */
export function readGroupPartitions(database: DatabaseSync, matches: (topic: string) => boolean): readonly GroupPartition[] {
  return database
    .prepare(
      `select t.name, p.partition, p.id, p.start_offset, p.next_offset, e.era from topics t join partitions p on p.topic_id = t.id
       join topic_eras e on e.topic = t.name order by t.name, p.partition`,
    )
    .all()
    .filter(row => matches(String(row['name'])))
    .map(row => ({
      topic: String(row['name']),
      partition: Number(row['partition']),
      id: Number(row['id']),
      era: Number(row['era']),
      start: Number(row['start_offset']),
      end: Number(row['next_offset']),
    }));
}
