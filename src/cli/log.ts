import { loadWorker, type WorkerConfig } from '../config/worker-file.ts';
import {
  type EventLog,
  type LogRecord,
  nearest,
  type PartitionOffset,
  type ReadFrom,
  SluiceError,
  type TopicDescription,
} from '../contract/index.ts';
import { partitionText, readRanges } from '../engine/replay/read-ranges.ts';
import type { CommandInput } from './command-line.ts';
import { warningsTo } from './command-logging.ts';
import { openLogForReading } from './event-log.ts';
import { kafkaOptions } from './kafka-options.ts';
import type { Paint } from './terminal.ts';

/** `sluice log`: topics of the log, or the list of them. Ctrl-C ends it. */
export async function log({ terminal, positionals, text, on }: CommandInput): Promise<number> {
  const source = await sourceOf(text('config'), text('data-dir'));
  const from = readFrom(text('from') ?? 'start');
  const to = text('to');
  if (to !== null && on('follow')) throw invalid('--follow goes on for ever: leave out --to, or --follow.');
  const max = countOf(text('max'));
  const format = text('format') ?? (terminal.interactive ? 'pretty' : 'ndjson');
  if (format !== 'pretty' && format !== 'ndjson') throw invalid(`--format is pretty or ndjson, not '${format}'.`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // A reader such as `head` that has seen enough is no fault.
  process.stdout.once('error', () => stop.abort());
  const logging = warningsTo(terminal);
  await using events = await openLogForReading(source, logging.logger('sluice.log'), stop.signal);
  if (positionals.length === 0) return await listTopics(events, terminal);
  await refuseUnknown(events, positionals, on('follow'));
  let count = 0;
  try {
    const read = { topics: positionals, from, follow: on('follow') };
    const batches = to === null ? events.read(read, stop.signal) : readUpTo(events, positionals, from, readFrom(to, '--to'), stop.signal);
    for await (const batch of batches) {
      const records = batch.slice(0, max - count);
      const shown = records.map(record =>
        format === 'pretty' ? prettyRecord(record, terminal.paint) : JSON.stringify(plainRecord(record)),
      );
      if (shown.length > 0) terminal.out(`${shown.join('\n')}\n`);
      count += records.length;
      if (count >= max || stop.signal.aborted) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return 0;
}

function invalid(message: string): SluiceError {
  return new SluiceError('CONFIG_INVALID', message, { remedy: 'sluice log --help shows examples.' });
}

async function sourceOf(file: string | null, dataDir: string | null): Promise<WorkerConfig | { readonly dataDir: string }> {
  if (file !== null && dataDir !== null) throw invalid('Give either --config or --data-dir, not both.');
  if (dataDir !== null) return { dataDir };
  if (file === null) throw invalid('Which log? Give the worker’s file with --config, or an embedded log’s folder with --data-dir.');
  return (await loadWorker(file, process.env, kafkaOptions)).config;
}

/** So large a number is no offset, but milliseconds since 1970. */
const epochMsMin = 100_000_000_000n;

function readFrom(text: string, flag = '--from'): ReadFrom {
  if (text === 'start' || text === 'end') return text;
  if (/^\d+$/.test(text)) return BigInt(text) < epochMsMin ? { offset: BigInt(text) } : { timestampMs: Number(text) };
  const offsets = text.split(',').map(part => /^(.+)-(\d{1,9}):(\d{1,13})$/.exec(part.trim()));
  if (offsets.every(found => found !== null))
    return {
      offsets: offsets.map(([, topic, partition, offset]) => ({ topic: topic!, partition: Number(partition), offset: BigInt(offset!) })),
    };
  const timestampMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timestampMs)) {
    const near = nearest(text, ['start', 'end']);
    throw invalid(
      `${flag} is start, end, an offset (of one partition: TOPIC-0:4711) or a time such as 2026-08-01T12:00:00Z, not '${text}'${near ? `; did you mean '${near}'?` : '.'}`,
    );
  }
  return { timestampMs };
}

/** The records between two places, partition after partition. */
async function* readUpTo(events: EventLog, names: readonly string[], from: ReadFrom, to: ReadFrom, abort: AbortSignal) {
  const topics = await events.describeTopics(names);
  const [starts, ends] = [await placesOf(events, topics, from, abort), await placesOf(events, topics, to, abort)];
  const ranges = topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, start, end }) => {
      const name = partitionText({ topic, partition });
      // A place that does not name a partition leaves it out where it is the beginning, and does not end it.
      return { topic, partition, start: starts.get(name) ?? (isPartial(from) ? end : start), end: ends.get(name) ?? end };
    }),
  );
  for await (const { records } of readRanges(events, ranges, abort)) yield records;
}

function isPartial(place: ReadFrom): boolean {
  return typeof place === 'object' && 'offsets' in place;
}

/** By partition. */
async function placesOf(
  events: EventLog,
  topics: readonly TopicDescription[],
  place: ReadFrom,
  abort: AbortSignal,
): Promise<ReadonlyMap<string, bigint>> {
  const byPartition = (places: readonly PartitionOffset[]) => new Map(places.map(one => [partitionText(one), one.offset]));
  if (typeof place === 'object' && 'offsets' in place) return byPartition(place.offsets);
  if (typeof place === 'object' && 'timestampMs' in place)
    return byPartition(
      await events.offsetsAt(
        topics.map(({ topic }) => topic),
        place.timestampMs,
        abort,
      ),
    );
  const all = topics.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, ...partition })));
  return byPartition(all.map(one => ({ ...one, offset: place === 'start' ? one.start : place === 'end' ? one.end : place.offset })));
}

function countOf(text: string | null): number {
  if (text === null) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d*$/.test(text)) throw invalid(`--max is a number of records, not '${text}'.`);
  return Number(text);
}

async function listTopics(events: EventLog, { out, err }: CommandInput['terminal']): Promise<number> {
  const topics = await events.describeTopics();
  if (topics.length === 0) err('The log has no topics yet.\n');
  const width = Math.max(0, ...topics.map(({ topic }) => topic.length));
  for (const { topic, partitions } of topics) {
    const records = partitions.reduce((sum, { start, end }) => sum + (end - start), 0n);
    out(`${topic.padEnd(width)}  ${partitions.length} partition${partitions.length === 1 ? ' ' : 's'}  ${records} records\n`);
  }
  return 0;
}

/** A topic that is not there is a slip of the pen, unless it is waited for. */
async function refuseUnknown(events: EventLog, topics: readonly string[], follow: boolean): Promise<void> {
  const known = (await events.describeTopics(topics)).map(({ topic }) => topic);
  const missing = topics.find(topic => !known.includes(topic));
  if (missing === undefined || follow) return;
  const near = nearest(
    missing,
    (await events.describeTopics()).map(({ topic }) => topic),
  );
  throw new SluiceError('TOPIC_UNKNOWN', `The log has no topic '${missing}'${near ? `; did you mean '${near}'?` : '.'}`);
}

/** Bytes as JSON where they are JSON, else as text, else as base64. */
function readable(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (text.includes('\ufffd')) return { $base64: Buffer.from(bytes).toString('base64') };
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
      // A number that JavaScript would round keeps its digits as text.
      typeof value === 'number' && context?.source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source)
        ? context.source
        : value,
    );
  } catch {
    return text;
  }
}

function headersOf(record: LogRecord): Record<string, unknown> {
  return Object.fromEntries(record.headers.map(({ key, value }) => [key, readable(value)]));
}

function plainRecord(record: LogRecord) {
  const { topic, partition, offset, timestampMs, key, value } = record;
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: new Date(timestampMs).toISOString(),
    key: readable(key),
    value: readable(value),
    headers: headersOf(record),
  };
}

function prettyRecord({ topic, partition, offset, timestampMs, key, value }: LogRecord, paint: Paint): string {
  const time = new Date(timestampMs).toISOString().replace('T', ' ');
  const shown = (part: unknown) => (typeof part === 'string' ? part : JSON.stringify(part));
  const head = `${paint.dim(time)} ${paint.cyan(topic)}${paint.dim(`/${partition}@${offset}`)}`;
  return `${head} ${paint.bold(shown(withoutSchema(readable(key))))} ${value === null ? paint.red('tombstone') : shown(withoutSchema(readable(value)))}`;
}

/** Of the JSON converter's `{schema, payload}` a person wants the payload. */
function withoutSchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('schema' in value) || !('payload' in value)) return value;
  return Object.keys(value).length === 2 ? value.payload : value;
}
