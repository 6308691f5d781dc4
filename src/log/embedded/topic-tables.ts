import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SluiceError, type TopicSpec } from '../../contract/index.ts';
import { partitionIdLimit } from './record-id.ts';

/** A partition as the writer knows it; `bytesAdded` are not yet counted in the file. */
export type PartitionState = { readonly id: number; nextOffset: number; bytesAdded: number };

export type TopicState = { readonly name: string; readonly partitions: readonly PartitionState[] };

/** Topics and partitions of the file, cached: the writer's thread is the only one that changes them. */
export class TopicTables {
  readonly #database: DatabaseSync;
  readonly #partitionsDefault: number;
  readonly #select: StatementSync;
  readonly #store: StatementSync;
  readonly #topics = new Map<string, TopicState>();
  readonly #touched = new Set<PartitionState>();

  constructor(database: DatabaseSync, partitionsDefault: number) {
    this.#database = database;
    this.#partitionsDefault = partitionsDefault;
    this.#select = database.prepare(
      'select p.id, p.next_offset from topics t join partitions p on p.topic_id = t.id where t.name = ? order by p.partition',
    );
    this.#store = database.prepare('update partitions set next_offset = ?, bytes = bytes + ? where id = ?');
  }

  /** Throws SluiceError TOPIC_UNKNOWN. */
  topic(name: string): TopicState {
    const known = this.#topics.get(name);
    if (known) return known;
    const rows = this.#select.all(name);
    if (rows.length === 0) throw new SluiceError('TOPIC_UNKNOWN', `There is no topic '${name}' in the embedded log.`);
    const partitions = rows.map(row => ({ id: Number(row['id']), nextOffset: Number(row['next_offset']), bytesAdded: 0 }));
    const topic = { name, partitions };
    this.#topics.set(name, topic);
    return topic;
  }

  /** A record was put at the partition's next offset. */
  appended(partition: PartitionState, bytes: number): void {
    partition.nextOffset++;
    partition.bytesAdded += bytes;
    this.#touched.add(partition);
  }

  /** Writes the ends of the partitions that grew; part of the transaction of their records. */
  store(): void {
    for (const partition of this.#touched) {
      this.#store.run(partition.nextOffset, partition.bytesAdded, partition.id);
      partition.bytesAdded = 0;
    }
    this.#touched.clear();
  }

  /** A transaction was rolled back: what is cached may be ahead of the file. */
  forget(): void {
    this.#topics.clear();
    this.#touched.clear();
  }

  /** Creates the topics that there are not. */
  ensure(specs: readonly TopicSpec[]): void {
    const insertTopic = this.#database.prepare('insert into topics (name, configs) values (?, ?) on conflict do nothing');
    const insertPartition = this.#database.prepare('insert into partitions (topic_id, partition) values (?, ?)');
    for (const { topic, partitions, configs } of specs) {
      const count = partitions === -1 ? this.#partitionsDefault : partitions;
      if (!Number.isInteger(count) || count < 1 || topic === '')
        throw new SluiceError('LOG_REFUSED', `Topic '${topic}' cannot have ${count} partitions.`, { remedy: 'Correct topic.creation.*.' });
      const { changes, lastInsertRowid } = insertTopic.run(topic, JSON.stringify(configs));
      if (changes === 0) continue;
      for (let partition = 0; partition < count; partition++) {
        const { lastInsertRowid: id } = insertPartition.run(lastInsertRowid, partition);
        if (id >= partitionIdLimit)
          throw new SluiceError(
            'LOG_REFUSED',
            `The embedded log has had its ${partitionIdLimit} partitions; topic '${topic}' is one too many.`,
            {
              remedy: 'Start over in a new data.dir, or use Kafka.',
            },
          );
      }
    }
  }

  /** The topics go at once, their records bit by bit (see Cleaner). */
  delete(names: readonly string[]): void {
    const orphan = this.#database.prepare('update partitions set topic_id = null where topic_id = (select id from topics where name = ?)');
    const forget = this.#database.prepare('delete from group_offsets where topic_id = (select id from topics where name = ?)');
    const remove = this.#database.prepare('delete from topics where name = ?');
    for (const name of names) {
      orphan.run(name);
      forget.run(name);
      remove.run(name);
      this.#topics.delete(name);
    }
  }
}
