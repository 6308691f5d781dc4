import { type EventLog, type LogRecord, readChange, type TopicDescription } from '../../contract/index.ts';
import type { SinkConversion } from '../sink/sink-conversion.ts';
import type { LatestKeys } from './latest-keys.ts';
import { type OffsetRange, partitionText, readRanges } from './read-ranges.ts';
import type { WantedKeys } from './wanted-keys.ts';

/** What a scan looks with. */
export type Scanning = {
  readonly log: EventLog;
  readonly ranges: readonly OffsetRange[];
  /** The topics of the ranges as they are now: up to their ends a key's latest record is looked for. */
  readonly topics: readonly TopicDescription[];
  readonly wanted: WantedKeys;
  readonly conversion: SinkConversion;
  /** Whether transforms may drop records: one that is dropped never reaches the sink, so that the one before it is the latest there. */
  readonly mayDrop: boolean;
};

/** Records without a key, in the ranges: they are sent as they are. */
export type Unkeyed = { readonly records: number; readonly bytes: number };

/**
 * Finds the latest record of each key that has one in the ranges, also where that lies behind them. First the ranges, which say which keys those
 * are, then all behind them. Rejects as the log does.
 */
export async function scanLatest(keys: LatestKeys, scanning: Scanning, abort: AbortSignal): Promise<Unkeyed> {
  const { log, ranges, wanted } = scanning;
  const unkeyed = { records: 0, bytes: 0 };
  /** The last one of each partition. */
  const truncations = new Map<string, LogRecord>();
  const view = new RecordView(scanning);

  for await (const { records } of readRanges(log, ranges, abort)) {
    for (const record of records) {
      if (record.key === null) {
        if (view.isTruncation(record)) truncations.set(partitionText(record), record);
        else if (wanted.has(record)) {
          unkeyed.records++;
          unkeyed.bytes += record.value?.length ?? 0;
        }
      } else if (wanted.has(record) && view.reachesSink(record)) keys.add(record, view.deletionBefore(record));
      view.passed(record);
    }
  }
  for await (const { records } of readRanges(log, rangesBehind(scanning), abort)) {
    for (const record of records) {
      if (record.key === null) {
        if (view.isTruncation(record)) truncations.set(partitionText(record), record);
      } else if (wanted.has(record) && view.reachesSink(record)) keys.follow(record, view.deletionBefore(record));
      view.passed(record);
    }
  }
  for (const truncation of truncations.values()) keys.truncated(truncation);
  return unkeyed;
}

/** What lies behind each range, and the whole of partitions that have none: a topic that got more partitions has later records of a key there. */
function rangesBehind({ ranges, topics }: Scanning): readonly OffsetRange[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, start, end }) => {
      const range = ranges.find(one => one.topic === topic && one.partition === partition);
      return { topic, partition, start: range?.end ?? start, end };
    }),
  );
}

/** What records are to the sink. */
export class RecordView {
  readonly #conversion: SinkConversion;
  readonly #mayDrop: boolean;
  /** The record before, and of other partitions the one that was read last. */
  #last: LogRecord | null = null;
  readonly #lastElsewhere = new Map<string, LogRecord>();

  constructor({ conversion, mayDrop }: Pick<Scanning, 'conversion' | 'mayDrop'>) {
    [this.#conversion, this.#mayDrop] = [conversion, mayDrop];
  }

  passed(record: LogRecord): void {
    if (this.#last !== null && !isSamePartition(this.#last, record)) this.#lastElsewhere.set(partitionText(this.#last), this.#last);
    this.#last = record;
  }

  reachesSink(record: LogRecord): boolean {
    if (!this.#mayDrop) return true;
    try {
      return this.#conversion.convert(record, 0n) !== null;
    } catch {
      // What cannot be converted meets its error policy when it is sent.
      return true;
    }
  }

  /** The delete that a tombstone stands right behind, as Debezium publishes them; null for any other record. */
  deletionBefore(record: LogRecord): { readonly offset: bigint; readonly bytes: number } | null {
    const { key, value } = record;
    if (value !== null || key === null) return null;
    const before = this.#last !== null && isSamePartition(this.#last, record) ? this.#last : this.#lastElsewhere.get(partitionText(record));
    const last = before ?? null;
    if (last === null || last.value === null || last.key === null || Buffer.compare(last.key, key) !== 0) return null;
    if (this.#kindOf(last) !== 'delete') return null;
    return { offset: last.offset, bytes: last.key.length + last.value.length };
  }

  isTruncation(record: LogRecord): boolean {
    return record.key === null && record.value !== null && this.#kindOf(record) === 'truncate';
  }

  #kindOf(record: LogRecord): string | null {
    try {
      const converted = this.#conversion.convert(record, 0n);
      return converted === null ? null : readChange(converted).kind;
    } catch {
      return null;
    }
  }
}

function isSamePartition(one: LogRecord, other: LogRecord): boolean {
  return one.partition === other.partition && one.topic === other.topic;
}
