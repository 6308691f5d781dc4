import type { MongoClient } from 'mongodb';
import { type ConnectRecord, crashPoint, SluiceError, type SourceBatch } from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import { type ChangeEvent, readEvent, SplitEvents } from './change-event.ts';
import { changeStreamCommand, streamTarget } from './change-stream-command.ts';
import type { CollectionRecords } from './collection-records.ts';
import type { Collections } from './collections.ts';
import { databaseError, resumeError } from './database-error.ts';
import { ExtendedJson } from './json/extended-json.ts';
import type { StreamPosition } from './position.ts';
import { type RawBatch, RawCursor } from './raw-cursor.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';

/** An idle stream stores its position this often, so that it does not fall out of the oplog (invariant 2). */
const idleOffsetIntervalMs = 1_000;

const sessionJson = new ExtendedJson({ dialect: 'strict', compact: true });

const captured: ReadonlySet<string> = new Set(['insert', 'update', 'replace', 'delete']);

export type StreamParts = {
  readonly client: MongoClient;
  readonly settings: MongoSettings;
  readonly makers: RecordMakers;
  readonly collections: Collections;
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
    const { makers } = this.#parts;
    const { clock, heartbeat } = makers;
    let stored = this.#position.token;
    let storedAtMs = clock.nowMs();
    for await (const { documents, resumeToken, bytes, ended } of this.#answers(abort)) {
      const nowMs = clock.nowMs();
      const at = instantOf(clock.nowNs());
      this.#committedAtMs = null;
      for (const document of documents) this.#event(document, at);
      if (resumeToken !== null && !this.#split.open) this.#moveTo(resumeToken);
      const beat = heartbeat.due(nowMs);
      if (beat) this.#out.push(beat);
      const moved = stored === null || !this.#position.token?.equals(stored);
      // Where the stream ends, its position is stored before it is opened again behind that.
      if (this.#out.length === 0 && !(moved && (ended || nowMs - storedAtMs >= idleOffsetIntervalMs))) continue;
      const records = this.#out;
      this.#out = [];
      stored = this.#position.token;
      storedAtMs = nowMs;
      yield { records, bytes, offsets: this.#parts.offsets(this.#position), committedAtMs: this.#committedAtMs };
    }
  }

  /** The server's answers. Each is asked for while the one before it is worked on; one at most waits. */
  async *#answers(abort: AbortSignal): AsyncGenerator<RawBatch & { readonly ended: boolean }> {
    const { capture, stream } = this.#parts.settings;
    while (!abort.aborted) {
      await using cursor = await this.#open(abort);
      if (cursor === null) return;
      crashPoint('stream-started');
      let asked = this.#ask(cursor);
      while (!abort.aborted) {
        const answer = await asked.catch(error => {
          if (abort.aborted) return null;
          throw databaseError(error, 'Reading the change stream');
        });
        if (answer === null) return;
        const ended = cursor.exhausted;
        if (!ended) asked = this.#ask(cursor);
        yield { ...answer, ended };
        if (ended) break;
      }
      if (!abort.aborted) this.#parts.makers.logger.info({ scope: capture.scope.kind, batchSize: stream.batchSize }, reopening);
    }
  }

  #ask(cursor: RawCursor): Promise<RawBatch> {
    const { batchSize, awaitMs } = this.#parts.settings.stream;
    const asked = cursor.next(batchSize, awaitMs);
    // One that fails while its forerunner is worked on is found when it is waited for.
    asked.catch(() => {});
    return asked;
  }

  /** null: aborted meanwhile. */
  #open(abort: AbortSignal): Promise<RawCursor | null> {
    const { client, settings } = this.#parts;
    const command = changeStreamCommand(settings.capture, this.#position, settings.stream.batchSize);
    return RawCursor.open(client, streamTarget(settings.capture).database, command, abort).catch(error => {
      if (abort.aborted) return null;
      throw resumeError(error, 'Opening the change stream');
    });
  }

  #event(document: Buffer, at: ReturnType<typeof instantOf>): void {
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
    const { collections, settings } = this.#parts;
    const id = { database, collection };
    const records = settings.filters.includes(id) ? collections.of(id) : null;
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

const reopening = 'What the change stream watched was dropped or renamed; it is opened again behind that';

/** A stream position as a person reads it. */
export function shownPosition({ token, clusterTime }: StreamPosition): string | null {
  if (clusterTime) return `${clusterTime.seconds}:${clusterTime.increment}`;
  return token === null ? null : `token of ${token.length} bytes`;
}
