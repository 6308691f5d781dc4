import { Cluster } from 'ioredis';
import { readChange, type SinkRecord, SluiceError, Struct } from '../../src/contract/index.ts';
import { clusterSlot, companionKey } from './cluster-slot.ts';
import { type Session, scriptCommand, send } from './commands.ts';
import type { RedisSettings } from './options.ts';
import { noTemplate, patternOfAll, templateError } from './record-keys.ts';
import { eachMatching } from './scan.ts';
import { olderScript } from './scripts.ts';

/** Keys of one run of the script: it keeps the server from others, so it is short. */
const keysOfRun = 64;

/** Whether the record says that its table was truncated. */
export function isTruncation({ value }: SinkRecord): boolean {
  const operation = value instanceof Struct ? value.get('op') : value instanceof Map ? value.get('op') : null;
  return operation === 't';
}

/**
 * Deletes the rows of a truncated table that are older than the truncation, as deletes do: each leaves a marker with the truncation's version,
 * so that nothing older brings it back. What is newer stays, and so does what has no version. Done again it changes nothing. Throws
 * RECORD_REFUSED, TARGET_UNAVAILABLE, TARGET_REFUSED.
 */
export async function truncateRows(
  record: SinkRecord,
  settings: RedisSettings,
  session: Session,
  partitions: ReadonlyMap<string, number>,
): Promise<void> {
  if (readChange(record, settings.unavailable).kind !== 'truncate') return;
  const { topic, partition } = record.place;
  // Partitions have no order among each other. What is redelivered comes to a task that has none.
  if (partition > 0 || partitions.get(topic) !== 1)
    throw new SluiceError(
      'RECORD_REFUSED',
      `${topic} was truncated, and only a task that has the one partition of its topic knows which rows are older.`,
      {
        remedy: 'Give the topic one partition, or skip such records at the source (skipped.operations=t) and delete the keys by hand.',
      },
    );
  const template = settings.keysOf(record.topic)[0];
  if (template === undefined) throw noTemplate(record.topic);
  const pattern = patternOfAll(template, record);
  if (pattern === null) throw templateError(template, record, 'its table was truncated, and all keys of the server would match');
  const { hash, versionField, markerMs, markerPrefix } = settings;
  const args = [
    hash ? '' : `{${JSON.stringify(versionField)}:"`,
    hash ? versionField : '',
    markerMs === null ? '' : String(markerMs),
    String(record.version),
  ];
  const clustered = session.client instanceof Cluster;
  await eachMatching(session, [pattern], settings.scanCount, async (_, found) => {
    const runs = new Map<string, string[]>();
    for (const [index, bytes] of found.entries()) {
      const key = bytes.toString();
      const marker = companionKey(markerPrefix, key);
      // A key that no template of ours makes: it has no marker, or is no text.
      if (marker === null || !Buffer.from(key).equals(bytes)) continue;
      const run = clustered ? `${clusterSlot(key)}` : `${Math.floor(index / keysOfRun)}`;
      const keys = runs.get(run);
      if (keys) keys.push(key, marker);
      else runs.set(run, [key, marker]);
    }
    await send(
      session,
      Array.from(runs.values(), keys => scriptCommand(olderScript, keys, args)),
    );
  });
}
