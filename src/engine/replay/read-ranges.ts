import type { EventLog, LogRecord, TopicPartition } from '../../contract/index.ts';

/** A part of a partition: `start` inclusive, `end` exclusive. */
export type OffsetRange = TopicPartition & { readonly start: bigint; readonly end: bigint };

/**
 * The records of the ranges, partition after partition, each partition's in its order. Bounded memory: a page of the log at a time. Rejects as the
 * log does, and with the abort's reason once aborted: an aborted read would look like one that has come to its end.
 */
export async function* readRanges(
  log: EventLog,
  ranges: readonly OffsetRange[],
  abort: AbortSignal,
): AsyncGenerator<{ readonly range: OffsetRange; readonly records: readonly LogRecord[] }> {
  for (const range of ranges) {
    const { topic, partition, start, end } = range;
    if (start >= end) continue;
    const read = { topics: [topic], from: { offsets: [{ topic, partition, offset: start }] }, follow: false };
    for await (const records of log.read(read, abort)) {
      const own = records.filter(record => record.partition === partition && record.offset < end);
      if (own.length > 0) yield { range, records: own };
      if (own.length < records.length && records.some(record => record.partition === partition)) break;
    }
    abort.throwIfAborted();
  }
}

/** A partition by one text. */
export function partitionText({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
