import type { EventLog, LogRecord, PartitionOffset } from '../../contract/index.ts';

/** Places in partitions: of each, the next record to be read. */
export type Places = ReadonlyMap<string, PartitionOffset>;

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/** The offset of a record's partition; null where that has none. */
export function placeIn(places: Places, partition: { readonly topic: string; readonly partition: number }): bigint | null {
  return places.get(nameOf(partition))?.offset ?? null;
}

/** Where the topics end now; those that do not exist have no place. */
export async function endsOf(log: EventLog, topics: readonly string[]): Promise<Places> {
  const places = new Map<string, PartitionOffset>();
  for (const { topic, partitions } of topics.length === 0 ? [] : await log.describeTopics(topics))
    for (const { partition, end } of partitions) places.set(nameOf({ topic, partition }), { topic, partition, offset: end });
  return places;
}

/** Where all topics of the log end now. */
export async function endsOfAll(log: EventLog): Promise<Places> {
  return endsOf(
    log,
    (await log.describeTopics()).map(({ topic }) => topic),
  );
}

/**
 * Hands over what the topics hold from these places on (null: from their beginning) to their ends as they are now, and answers those. A partition
 * without a place, such as one of a topic that has been made since, is read from its beginning.
 */
export async function readTopics(
  log: EventLog,
  topics: readonly string[],
  from: Places | null,
  take: (records: readonly LogRecord[]) => void | Promise<void>,
  abort: AbortSignal,
): Promise<Places> {
  const found = topics.length === 0 ? [] : await log.describeTopics(topics);
  const ends = new Map<string, PartitionOffset>();
  const begin: PartitionOffset[] = [];
  for (const { topic, partitions } of found)
    for (const { partition, start, end } of partitions) {
      const name = nameOf({ topic, partition });
      ends.set(name, { topic, partition, offset: end });
      const place = from?.get(name)?.offset ?? start;
      if (place < end) begin.push({ topic, partition, offset: place > start ? place : start });
    }
  if (begin.length === 0) return ends;
  const names = [...new Set(begin.map(({ topic }) => topic))];
  for await (const records of log.read({ topics: names, from: { offsets: begin }, follow: false }, abort)) {
    // What has been appended since the ends were looked up belongs to the next reading.
    const own = records.filter(record => record.offset < (ends.get(nameOf(record))?.offset ?? 0n));
    if (own.length > 0) await take(own);
  }
  return ends;
}
