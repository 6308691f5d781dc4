import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SluiceError } from '../../contract/index.ts';
import { partitionOfKey, type StickyPartitions } from '../partitioner.ts';
import type { TransferredBatch } from './protocol.ts';
import { baseId, offsetLimit } from './record-id.ts';
import type { PartitionState, TopicState, TopicTables } from './topic-tables.ts';

/** SQLite's own limit on a row is 1 GB; refused before a transaction that other tasks share fails over it. */
const recordBytesMax = 512 * 1024 * 1024;

/** What a record takes beside its bytes, for retention.bytes. */
const recordOverheadBytes = 20;

/** Puts batches into the records table. Every call is within the caller's transaction. */
export class Appender {
  readonly #topics: TopicTables;
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync, topics: TopicTables) {
    this.#topics = topics;
    this.#insert = database.prepare('insert into records values (?, ?, ?, ?, ?)');
  }

  /**
   * Finds every record its partition, and whatever is wrong with the batch before anything of it is written: other tasks' units are in the
   * same transaction. Throws SluiceError TOPIC_UNKNOWN, LOG_REFUSED or RECORD_TOO_LARGE.
   */
  place(batch: TransferredBatch, sticky: StickyPartitions): readonly PartitionState[] {
    const topics = batch.topics.map(name => this.#topics.topic(name));
    sticky.nextBatch();
    const placed: PartitionState[] = new Array(batch.count);
    let at = 0;
    for (let index = 0; index < batch.count; index++) {
      const keyLength = batch.keyLengths[index]!;
      const keyEnd = at + Math.max(0, keyLength);
      const end = keyEnd + Math.max(0, batch.valueLengths[index]!);
      const topic = topics[batch.topicIndexes[index]!]!;
      if (end - at > recordBytesMax) throw tooLarge(topic, end - at);
      placed[index] = partitionOf(topic, batch.partitions[index]!, batch.slab, at, keyLength < 0 ? -1 : keyEnd, sticky);
      at = end;
    }
    return placed;
  }

  /** Writes a batch whose records were placed. */
  write(batch: TransferredBatch, placed: readonly PartitionState[], nowMs: number): void {
    const { count, slab, keyLengths, valueLengths, timestampsMs, headerIndexes, headerTexts } = batch;
    let at = 0;
    let last: PartitionState | null = null;
    let base = 0n;
    for (let index = 0; index < count; index++) {
      const partition = placed[index]!;
      if (partition !== last) {
        base = baseId(partition.id);
        last = partition;
      }
      const keyLength = keyLengths[index]!;
      const valueLength = valueLengths[index]!;
      const keyEnd = keyLength > 0 ? at + keyLength : at;
      const end = valueLength > 0 ? keyEnd + valueLength : keyEnd;
      const headers = headerTexts[headerIndexes[index]!]!;
      const timestampMs = timestampsMs[index]!;
      this.#insert.run(
        base + BigInt(partition.nextOffset),
        Number.isNaN(timestampMs) ? nowMs : Math.trunc(timestampMs),
        headers,
        keyLength < 0 ? null : slab.subarray(at, keyEnd),
        valueLength < 0 ? null : slab.subarray(keyEnd, end),
      );
      this.#topics.appended(partition, end - at + (headers?.length ?? 0) + recordOverheadBytes);
      at = end;
    }
  }
}

function tooLarge({ name }: TopicState, bytes: number): SluiceError {
  return new SluiceError('RECORD_TOO_LARGE', `A record of topic '${name}' has ${bytes} bytes; the embedded log takes ${recordBytesMax}.`, {
    remedy: 'Exclude the column, or set errors.tolerance=all.',
  });
}

function partitionOf(
  topic: TopicState,
  wanted: number,
  slab: Uint8Array,
  keyStart: number,
  keyEnd: number,
  sticky: StickyPartitions,
): PartitionState {
  const { partitions, name } = topic;
  const count = partitions.length;
  const chosen =
    wanted >= 0 ? wanted : count === 1 ? 0 : keyEnd < 0 ? sticky.partition(count) : partitionOfKey(count, slab, keyStart, keyEnd);
  const partition = partitions[chosen];
  if (!partition)
    throw new SluiceError('LOG_REFUSED', `A record names partition ${chosen} of topic '${name}', which has ${count}.`, {
      remedy: 'Correct the transform or the connector that chooses partitions.',
    });
  if (partition.nextOffset >= offsetLimit)
    throw new SluiceError('LOG_REFUSED', `Partition ${chosen} of topic '${name}' has used up its offsets.`, {
      remedy: 'Delete the topic and let it be created again.',
    });
  return partition;
}
