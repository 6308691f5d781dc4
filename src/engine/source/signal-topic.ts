import { setTimeout } from 'node:timers/promises';
import { type EventLog, type LogRecord, type SignalStart, type SignalTopic, toSluiceError } from '../../contract/index.ts';

/** Between two looks for a topic that is not there yet. */
const lookEveryMs = 1_000;
/** Of what is written with a key others choose, Debezium reads the first partition alone. */
const partition = 0;

/**
 * A topic of the log that others write signals into. It is read without a member of the group, as Debezium does: several connectors may name the same
 * group, and each of them reads all of it.
 */
export function signalTopic(log: EventLog, topic: string, group: string): SignalTopic {
  return {
    follow: (from, abort) => follow(log, topic, group, from, abort),
    taken: next => log.groups.alterOffsets(group, [{ topic, partition, offset: next }]),
  };
}

async function* follow(
  log: EventLog,
  topic: string,
  group: string,
  { next, reset }: SignalStart,
  abort: AbortSignal,
): AsyncGenerator<readonly LogRecord[]> {
  let at = next ?? (await committed(log, topic, group));
  let wasMissing = false;
  while (!abort.aborted) {
    const range = await rangeOf(log, topic);
    if (range === null) {
      wasMissing = true;
      await setTimeout(lookEveryMs, undefined, { signal: abort }).catch(() => {});
      continue;
    }
    const beginning = reset === 'latest' && !wasMissing ? range.end : range.start;
    const known = at ?? beginning;
    // A topic that was made again, or of which the beginning is cleaned away, is read from its beginning.
    const offset = known < range.start || known > range.end ? range.start : known;
    try {
      const from = { offsets: [{ topic, partition, offset }] };
      for await (const records of log.read({ topics: [topic], from, follow: true }, abort)) {
        const own = records.filter(record => record.partition === partition);
        if (own.length === 0) continue;
        at = own.at(-1)!.offset + 1n;
        yield own;
      }
    } catch (error) {
      // It was deleted: what is written into one that is made again is new.
      if (toSluiceError(error).code !== 'TOPIC_UNKNOWN') throw error;
      at = 0n;
    }
  }
}

async function committed(log: EventLog, topic: string, group: string): Promise<bigint | null> {
  const offsets = await log.groups.offsets(group);
  return offsets.find(offset => offset.topic === topic && offset.partition === partition)?.offset ?? null;
}

async function rangeOf(log: EventLog, topic: string): Promise<{ readonly start: bigint; readonly end: bigint } | null> {
  const [found] = await log.describeTopics([topic]);
  return found?.partitions.find(range => range.partition === partition) ?? null;
}
