import type { MongoClient } from 'mongodb';
import { type ConnectRecord, SluiceError, type SourceBatch } from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import { type ChangeEvent, readEvent, SplitEvents } from './change-event.ts';
import { ChangeStreamReader } from './change-stream-reader.ts';
import { timeNumber } from './cluster-time.ts';
import type { CollectionRecords } from './collection-records.ts';
import type { Collections } from './collections.ts';
import type { StreamedSnapshots } from './incremental.ts';
import { ExtendedJson } from './json/extended-json.ts';
import type { StreamPosition } from './position.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import type { StreamReach } from './stream-reach.ts';

/** An idle stream stores its position this often, so that it does not fall out of the oplog (invariant 2). */
const idleOffsetIntervalMs = 1_000;

/** How long the server waits for a change while chunks are read, each of which waits until the stream is past it. */
const chunkAwaitMs = 10;

const sessionJson = new ExtendedJson({ dialect: 'strict', compact: true });

const captured: ReadonlySet<string> = new Set(['insert', 'update', 'replace', 'delete']);

export type StreamParts = {
  readonly client: MongoClient;
  readonly settings: MongoSettings;
  readonly makers: RecordMakers;
  readonly collections: Collections;
  readonly onDemand: StreamedSnapshots;
  readonly reach: StreamReach;
  /** The transaction that the stored offset lies in; null: none. */
  readonly transaction: string | null;
  /** The offset of a position, as it is stored. */
  offsets(position: StreamPosition): SourceBatch['offsets'];
};

/** Turns a change stream's events into records, in batches that carry the token behind their last event. */
export class MongoStream {
  readonly #parts: StreamParts;
  readonly #split = new SplitEvents();
  /** By the bytes of an event's namespace; null: not captured. */
  readonly #namespaces = new Map<string, CollectionRecords | null>();
  #position: StreamPosition;
  #out: ConnectRecord[] = [];
  /** Documents of the answer that are signals. */
  #signals: Buffer[] = [];
  #transaction: string | null;
  #committedAtMs: number | null = null;

  constructor(parts: StreamParts, start: StreamPosition) {
    this.#parts = parts;
    this.#position = start;
    this.#transaction = parts.transaction;
  }

  get position(): StreamPosition {
    return this.#position;
  }

  /** Batches until aborted. */
  async *read(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { makers, onDemand, client, settings, reach } = this.#parts;
    const { clock, heartbeat, logger } = makers;
    const longestMs = settings.stream.awaitMs;
    const awaitMs = () => (onDemand.running ? Math.min(longestMs, chunkAwaitMs) : longestMs);
    await using reader = new ChangeStreamReader({ client, settings, reach, awaitMs, logger }, abort);
    let stored = this.#position.token;
    let storedAtMs = clock.nowMs();
    onDemand.start(() => reader.wake());
    while (!abort.aborted) {
      const answer = onDemand.isDue ? null : await reader.next(this.#position);
      if (abort.aborted) return;
      const nowMs = clock.nowMs();
      const at = instantOf(clock.nowNs());
      this.#committedAtMs = null;
      for (const document of answer?.documents ?? []) this.#event(document, at);
      // Events come in the order of their times.
      if (this.#position.clusterTime !== null) reach.event(timeNumber(this.#position.clusterTime));
      if (answer?.resumeToken && !this.#split.open) this.#moveTo(answer.resumeToken);
      // What signals ask for is stored with the batch that they are in, so it is followed once.
      for (const document of this.#signals.splice(0)) await onDemand.inserted(document);
      const beat = heartbeat.due(nowMs);
      if (beat) this.#out.push(beat);
      onDemand.deliver(this.#out, this.#position, at);
      const changed = onDemand.takeChanged();
      const moved = stored === null || !this.#position.token?.equals(stored);
      // Where the stream ends, its position is stored before it is opened again behind that.
      const owed = changed || (moved && (answer?.ended || nowMs - storedAtMs >= idleOffsetIntervalMs));
      if (this.#out.length === 0 && !owed) continue;
      const records = this.#out;
      this.#out = [];
      stored = this.#position.token;
      storedAtMs = nowMs;
      const bytes = answer?.bytes ?? 0;
      yield { records, bytes, offsets: this.#parts.offsets(this.#position), committedAtMs: this.#committedAtMs };
    }
  }

  #event(document: Buffer, at: ReturnType<typeof instantOf>): void {
    const { onDemand } = this.#parts;
    const event = this.#split.whole(readEvent(document));
    if (event === null) return;
    const lsid = event.lsid === null || event.txnNumber === null ? null : sessionJson.document(event.lsid);
    const records = captured.has(event.operation) ? this.#recordsOf(event) : null;
    if (records !== null && !this.#skips(event)) {
      if (event.documentKey === null)
        throw new SluiceError('MALFORMED_MESSAGE', `A change of ${records.name} came without its document’s key.`, {
          remedy: 'Let the stages of cursor.pipeline keep documentKey, ns, operationType and clusterTime.',
        });
      const order = this.#inTransaction(event, lsid);
      records.emitChange(this.#out, event, lsid, at, order);
      onDemand.touched(records.name, event);
      if (onDemand.isSignal(event)) this.#signals.push(event.fullDocument!);
    }
    this.#position = { token: event.token ?? this.#position.token, clusterTime: event.clusterTime, lsid, txnNumber: event.txnNumber };
    this.#committedAtMs = Number(event.wallTimeMs ?? BigInt(event.clusterTime?.seconds ?? 0) * 1000n);
  }

  /** With `cursor.pipeline.order=user_only` the server leaves nothing out. */
  #skips({ operation }: ChangeEvent): boolean {
    const { skippedOperations } = this.#parts.settings.capture;
    return skippedOperations.has(operation === 'insert' ? 'c' : operation === 'delete' ? 'd' : 'u');
  }

  #recordsOf({ namespaceKey, database, collection }: ChangeEvent): CollectionRecords | null {
    const known = this.#namespaces.get(namespaceKey);
    if (known !== undefined) return known;
    const { collections, settings, onDemand } = this.#parts;
    const id = { database, collection };
    const records = settings.filters.includes(id) ? collections.of(id) : null;
    if (records !== null) onDemand.added.described(records.name);
    this.#namespaces.set(namespaceKey, records);
    return records;
  }

  /** Announces begin and end. That a transaction has ended is known only from the next change (TransactionMonitor). */
  #inTransaction(event: ChangeEvent, lsid: string | null) {
    const { metadata } = this.#parts.makers;
    if (metadata === null) return null;
    const transaction = lsid === null ? null : `${lsid}:${event.txnNumber}`;
    const ms = event.wallTimeMs ?? BigInt(event.clusterTime?.seconds ?? 0) * 1000n;
    if (this.#transaction !== null && this.#transaction !== transaction) metadata.end(this.#out, this.#transaction, ms);
    if (transaction !== null) metadata.begin(this.#out, transaction, transaction, ms);
    this.#transaction = transaction;
    return transaction === null ? null : metadata;
  }

  /** Behind everything the server had looked at: an idle position, which holds no change's time, unless it is a change's own token. */
  #moveTo(token: Buffer): void {
    if (this.#position.token?.equals(token)) return;
    this.#position = { token, clusterTime: null, lsid: null, txnNumber: null };
  }
}

/** A stream position as a person reads it. */
export function shownPosition({ token, clusterTime }: StreamPosition): string | null {
  if (clusterTime) return `${clusterTime.seconds}:${clusterTime.increment}`;
  return token === null ? null : `token of ${token.length} bytes`;
}
