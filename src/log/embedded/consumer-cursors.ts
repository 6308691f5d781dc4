import type { AssignedPartition, ConsumerOptions, LogRecord, PartitionLag, PartitionOffset, TopicPartition } from '../../contract/index.ts';
import { SluiceError } from '../../contract/index.ts';
import type { GroupPartition } from './group-tables.ts';
import type { PartitionCursor, Reader } from './reader.ts';

/** Where one member stands in each of its partitions. */
export class ConsumerCursors {
  readonly #reader: Reader;
  readonly #group: string;
  readonly #reset: ConsumerOptions['reset'];
  #cursors: PartitionCursor[] = [];
  /** The partition that is read first the next time: they take turns. */
  #turn = 0;

  constructor(reader: Reader, group: string, reset: ConsumerOptions['reset']) {
    this.#reader = reader;
    this.#group = group;
    this.#reset = reset;
  }

  /** Owns these partitions from now on. Throws OFFSET_UNKNOWN. */
  assign(partitions: readonly GroupPartition[], committed: readonly PartitionOffset[]): readonly AssignedPartition[] {
    const offsets = new Map(committed.map(({ topic, partition, offset }) => [keyOf({ topic, partition }), Number(offset)]));
    this.#cursors = partitions.map(({ topic, partition, id, start, end }) => {
      const next = offsets.get(keyOf({ topic, partition })) ?? null;
      const within = next !== null && next >= start && next <= end;
      return { topic, partition, id, next: within ? next : this.#resetTo({ topic, partition }, next, start, end) };
    });
    this.#turn = 0;
    return this.#cursors.map(({ topic, partition, next }, index) => ({
      topic,
      partition,
      offset: BigInt(next),
      era: partitions[index]!.era,
    }));
  }

  partitions(): readonly TopicPartition[] {
    return this.#cursors.map(({ topic, partition }) => ({ topic, partition }));
  }

  has(wanted: TopicPartition): boolean {
    return this.#cursors.some(({ topic, partition }) => topic === wanted.topic && partition === wanted.partition);
  }

  clear(): void {
    this.#cursors = [];
  }

  seek(to: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of to) {
      const cursor = this.#cursors.find(candidate => candidate.topic === topic && candidate.partition === partition);
      if (cursor) cursor.next = Number(offset);
    }
  }

  /** What comes next of some partitions; none where all are read to their ends. Throws OFFSET_UNKNOWN. */
  next(recordsMax: number, bytesMax: number): readonly LogRecord[] {
    const found: LogRecord[] = [];
    const count = this.#cursors.length;
    const first = this.#turn;
    let bytesLeft = bytesMax;
    for (let index = 0; index < count && found.length < recordsMax && bytesLeft > 0; index++) {
      const cursor = this.#cursors[(first + index) % count]!;
      const range = this.#reader.range(cursor.id);
      // Deleted: the group hears of it and assigns anew.
      if (range === null) continue;
      if (cursor.next < range.start || cursor.next > range.end) cursor.next = this.#resetTo(cursor, cursor.next, range.start, range.end);
      if (cursor.next === range.end) continue;
      const { records, bytes } = this.#reader.page(cursor, range.end, recordsMax - found.length, bytesLeft);
      bytesLeft -= bytes;
      for (const record of records) found.push(record);
      this.#turn = (first + index + 1) % count;
    }
    return found;
  }

  lag(): readonly PartitionLag[] {
    return this.#cursors.map(({ topic, partition, id, next }) => ({
      topic,
      partition,
      position: BigInt(next),
      records: BigInt(Math.max(0, (this.#reader.range(id)?.end ?? next) - next)),
    }));
  }

  #resetTo({ topic, partition }: TopicPartition, committed: number | null, start: number, end: number): number {
    if (this.#reset === 'earliest') return start;
    if (this.#reset === 'latest') return end;
    const where = committed === null ? 'no offset' : `offset ${committed}, but the log has ${start} to ${end},`;
    throw new SluiceError('OFFSET_UNKNOWN', `Group ${this.#group} has ${where} for partition ${partition} of topic '${topic}'.`);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}
