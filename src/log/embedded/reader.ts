import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type LogRecord,
  type PartitionOffset,
  type ReadFrom,
  type ReadRange,
  type SerializedHeader,
  SluiceError,
  type TopicDescription,
} from '../../contract/index.ts';
import { parseHeaders } from './headers-text.ts';
import { baseId } from './record-id.ts';

/** A page of a read: one short transaction, since long ones keep SQLite from moving the write-ahead log into the file. */
const pageRecordsMax = 500;
const pageBytesMax = 1024 * 1024;
/** Records looked at in one step of a search by time. */
const searchRecords = 5000;

const noHeaders: readonly SerializedHeader[] = [];

/** A partition under a read, with the offset to read next. */
export type PartitionCursor = { readonly topic: string; readonly partition: number; readonly id: number; next: number };

/** With where a bounded read ends. */
type Cursor = PartitionCursor & { readonly end: number };

/** Where one partition is begun. */
type PartitionStart = Exclude<ReadFrom, { readonly offsets: readonly PartitionOffset[] }>;

/** Says when there may be more to read; resolves early on abort. */
export type Changes = { wait(abort: AbortSignal): Promise<void> };

/** Reads of the file over one connection, in pages. Blocks the calling thread a page at a time (about 1.5 ms). */
export class Reader {
  readonly #database: DatabaseSync;
  readonly #changes: Changes;
  readonly #page: StatementSync;
  readonly #ranges: StatementSync;
  /** The last headers read: most records share them. */
  #headersText = '';
  #headers: readonly SerializedHeader[] = noHeaders;

  constructor(database: DatabaseSync, changes: Changes) {
    this.#database = database;
    this.#changes = changes;
    this.#page = database.prepare(`
      select id - ?1 as "offset", timestamp_ms, headers, key, value from records where id >= ?2 and id < ?3 order by id limit ?4`);
    // Rows as arrays cost less: here they are many.
    this.#page.setReturnArrays(true);
    this.#ranges = database.prepare('select start_offset, next_offset from partitions where id = ? and topic_id is not null');
  }

  /** Those named that exist; all where none are named. */
  describe(names: readonly string[] | undefined): readonly TopicDescription[] {
    const rows = this.#database
      .prepare(
        `select t.name, p.partition, p.start_offset, p.next_offset from topics t join partitions p on p.topic_id = t.id
         ${names ? 'where t.name in (select value from json_each(?))' : ''} order by t.name, p.partition`,
      )
      .all(...(names ? [JSON.stringify(names)] : []));
    const byTopic = Map.groupBy(rows, row => String(row['name']));
    return [...byTopic].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(row => ({
        partition: Number(row['partition']),
        start: BigInt(Number(row['start_offset'])),
        end: BigInt(Number(row['next_offset'])),
      })),
    }));
  }

  /** Pages of records, as EventLog.read has it. Ends when aborted. Throws SluiceError TOPIC_UNKNOWN, also where a followed topic is deleted. */
  async *read(range: ReadRange, abort: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    // A caller may also just stop asking: then nothing must go on waiting for changes.
    const left = new AbortController();
    try {
      yield* this.#pages(range, AbortSignal.any([abort, left.signal]));
    } finally {
      left.abort();
    }
  }

  /** Where the first record of each partition lies that is not older; the end where all are. Throws SluiceError TOPIC_UNKNOWN. */
  async offsetsAt(topics: readonly string[], timestampMs: number, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    const found: PartitionOffset[] = [];
    for (const topic of topics)
      for await (const { partition, next } of this.#cursors(topic, { timestampMs }, abort))
        found.push({ topic, partition, offset: BigInt(next) });
    return found;
  }

  async *#pages({ topics, from, follow }: ReadRange, abort: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    const cursors: Cursor[] = [];
    for (const topic of topics) {
      if (abort.aborted) return;
      for await (const cursor of this.#cursors(topic, from, abort)) cursors.push(cursor);
    }
    while (!abort.aborted) {
      // Asked for before looking: what is committed while the pages are read is not missed.
      const changed = follow ? this.#changes.wait(abort) : null;
      for (const cursor of cursors) yield* this.#upToDate(cursor, follow, abort);
      if (!changed || abort.aborted) return;
      await changed;
    }
  }

  async *#upToDate(cursor: Cursor, follow: boolean, abort: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    const end = follow ? this.#endOf(cursor) : cursor.end;
    while (cursor.next < end && !abort.aborted) {
      const { records } = this.page(cursor, end, pageRecordsMax, pageBytesMax);
      if (records.length === 0) return;
      yield records;
      // Others want the thread too.
      await turn();
    }
  }

  #endOf({ id, topic }: Cursor): number {
    const range = this.range(id);
    if (!range) throw new SluiceError('TOPIC_UNKNOWN', `Topic '${topic}' was deleted while it was read.`);
    return range.end;
  }

  /** The offsets a partition holds, `end` exclusive; null where its topic was deleted. */
  range(partitionId: number): { readonly start: number; readonly end: number } | null {
    const row = this.#ranges.get(partitionId);
    return row ? { start: Number(row['start_offset']), end: Number(row['next_offset']) } : null;
  }

  /**
   * The next records of a partition below `end`, at most so many and (the last one apart) so many bytes; moves the cursor behind them, or
   * where compaction has left none to `end`.
   */
  page(
    cursor: PartitionCursor,
    end: number,
    recordsMax: number,
    bytesMax: number,
  ): { readonly records: readonly LogRecord[]; readonly bytes: number } {
    const base = baseId(cursor.id);
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const row of this.#page.iterate(base, base + BigInt(cursor.next), base + BigInt(end), Math.min(recordsMax, pageRecordsMax))) {
      const offset = Number(row[0]);
      const headers = row[2];
      const [key, value] = [bytesOf(row[3]), bytesOf(row[4])];
      cursor.next = offset + 1;
      bytes += (key?.length ?? 0) + (value?.length ?? 0);
      records.push({
        topic: cursor.topic,
        partition: cursor.partition,
        offset: BigInt(offset),
        timestampMs: Number(row[1]),
        key,
        value,
        headers: typeof headers === 'string' ? this.#headersOf(headers) : noHeaders,
      });
      if (bytes >= bytesMax) break;
    }
    if (records.length === 0) cursor.next = end;
    return { records, bytes };
  }

  #headersOf(text: string): readonly SerializedHeader[] {
    if (text !== this.#headersText) {
      this.#headers = parseHeaders(text);
      this.#headersText = text;
    }
    return this.#headers;
  }

  async *#cursors(topic: string, from: ReadFrom, abort: AbortSignal): AsyncGenerator<Cursor> {
    const rows = this.#database
      .prepare(
        `select p.id, p.partition, p.start_offset, p.next_offset from topics t join partitions p on p.topic_id = t.id
         where t.name = ? order by p.partition`,
      )
      .all(topic);
    if (rows.length === 0) throw new SluiceError('TOPIC_UNKNOWN', `There is no topic '${topic}' in the embedded log.`);
    for (const row of rows) {
      const id = Number(row['id']);
      const [start, end] = [Number(row['start_offset']), Number(row['next_offset'])];
      const partition = Number(row['partition']);
      const wanted =
        typeof from === 'object' && 'offsets' in from ? { offset: offsetIn(from.offsets, topic, partition) ?? BigInt(end) } : from;
      yield { topic, partition, id, next: await this.#startOf(id, start, end, wanted, abort), end };
    }
  }

  async #startOf(id: number, start: number, end: number, from: PartitionStart, abort: AbortSignal): Promise<number> {
    if (from === 'start') return start;
    if (from === 'end') return end;
    if ('offset' in from) return Math.max(start, Math.min(end, Number(from.offset)));
    // Times need not rise with offsets: the first record that is not older, as Kafka answers it.
    const search = this.#database.prepare(
      'select id - ?1 as "offset" from records where id >= ?2 and id < ?3 and timestamp_ms >= ?4 order by id limit 1',
    );
    const base = baseId(id);
    for (let at = start; at < end && !abort.aborted; at += searchRecords) {
      const row = search.get(base, base + BigInt(at), base + BigInt(Math.min(end, at + searchRecords)), from.timestampMs);
      if (row) return Number(row['offset']);
      await turn();
    }
    return end;
  }
}

function offsetIn(offsets: readonly PartitionOffset[], topic: string, partition: number): bigint | undefined {
  return offsets.find(place => place.topic === topic && place.partition === partition)?.offset;
}

function bytesOf(column: unknown): Uint8Array | null {
  return column instanceof Uint8Array ? column : null;
}
