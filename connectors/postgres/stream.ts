import type { ConnectRecord, SourceBatch } from '../../src/contract/index.ts';
import { SluiceError } from '../../src/contract/index.ts';
import type { EventContext } from '../debezium/captured-table.ts';
import { instantOf } from '../debezium/envelope.ts';
import type { Row } from '../debezium/table.ts';
import { WakeTimer } from '../debezium/wake-timer.ts';
import { quoteIdentifier, quoteTable } from './connection.ts';
import { databaseError } from './database-error.ts';
import { formatLsn } from './lsn.ts';
import { PgoutputDecoder } from './pgoutput/decoder.ts';
import type {
  BeginMessage,
  CommitMessage,
  LogicalMessage,
  OldTupleKind,
  OriginMessage,
  PgoutputHandler,
  RelationMessage,
} from './pgoutput/messages.ts';
import { oldValues, readTuple } from './pgoutput/tuple.ts';
import { columnTexts } from './row-key.ts';
import type { SeenChanges } from './seen-changes.ts';
import type { StreamParts, StreamStart } from './stream-parts.ts';
import { StreamProgress } from './stream-progress.ts';
import type { ReadableTable } from './tables.ts';

/** An idle stream stores its position this often, so that the slot holds no WAL back (invariant 2). */
const idleOffsetIntervalMs = 1_000;

/** A message that waits until its table is known, or known to be unseen. */
type Deferred = { readonly lsn: bigint; readonly message: Buffer };

/**
 * Turns pgoutput messages into records. Messages are decoded where they lie in the socket's bytes, without waiting in between; only a new
 * relation (its keys and defaults are asked of the catalog) and a change that a resumed snapshot may have seen make the rest wait.
 */
export class ChangeStream implements PgoutputHandler {
  readonly #parts: StreamParts;
  readonly #progress: StreamProgress;
  readonly #decoder = new PgoutputDecoder();
  readonly #relations = new Map<number, ReadableTable | null>();
  readonly #context: EventContext;
  #seen: SeenChanges | null;
  #out: ConnectRecord[] = [];
  #bytes = 0;
  #blocked: (() => Promise<void>) | null = null;
  #deferred: Deferred[] = [];
  #lsn: bigint;
  /** Confirmed by the last batch. */
  #storedLsn: bigint;

  /** The relation whose inserts are signals. */
  #signalOid = -1;
  #xid = 0;
  #seenTransaction = false;
  #origin: OriginMessage | null = null;

  constructor(parts: StreamParts, start: StreamStart) {
    this.#parts = parts;
    this.#seen = start.seen.empty ? null : start.seen;
    this.#progress = new StreamProgress(start.position, start.skipCommitsBefore, start.taken);
    this.#storedLsn = start.position.confirmedLsn;
    this.#lsn = start.position.lsn;
    this.#context = { source: parts.sourceInfo.make(null, 0n), at: instantOf(0n), transaction: null };
  }

  /** The position of the last message read, as Postgres writes it. */
  get position(): string {
    return formatLsn(this.#lsn);
  }

  /** A table has been described: its publication was there. */
  get described(): boolean {
    return this.#relations.size > 0;
  }

  /** Commit time of the last transaction read, in milliseconds since 1970. */
  get committedAtMs(): number {
    return Number(this.#progress.timestampUs / 1000n);
  }

  /** Batches until aborted. Each carries the position behind its last message, also in the middle of a transaction. */
  async *read(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { replication, clock, heartbeat, heartbeatAction, onDemand, batchRecordsMax } = this.#parts;
    const wake = () => replication.wake();
    abort.addEventListener('abort', wake);
    let storedAtMs = clock.nowMs();
    using timer = new WakeTimer(clock, wake);
    try {
      timer.at(clock.nowMs() + heartbeat.waitMs(clock.nowMs()));
      onDemand.start(this.#progress.txId, wake);
      while (!abort.aborted) {
        this.#context.at = instantOf(clock.nowNs());
        if (!onDemand.isDue(replication.sentLsn)) await replication.next(this.#handle, batchRecordsMax);
        while (this.#blocked) await this.#settle();
        const nowMs = clock.nowMs();
        const beat = heartbeat.due(nowMs);
        if (beat) {
          this.#out.push(beat);
          heartbeatAction?.run();
        }
        const streamed = this.#out.length > 0;
        const place = { sentLsn: replication.sentLsn, lsn: this.#lsn, lastCommitLsn: this.#progress.lastCommitLsn };
        if (onDemand.deliver(this.#out, place)) this.#enter();
        const changed = onDemand.takeChanged();
        const position = this.#progress.position(replication.sentLsn);
        const moved = position.confirmedLsn > this.#storedLsn;
        const idleForMs = nowMs - storedAtMs;
        if (this.#out.length > 0 || changed || (moved && idleForMs >= idleOffsetIntervalMs)) {
          const records = this.#out;
          this.#out = [];
          this.#storedLsn = position.confirmedLsn;
          storedAtMs = nowMs;
          const bytes = this.#bytes;
          this.#bytes = 0;
          yield { records, bytes, offsets: this.#parts.offsets(position), committedAtMs: streamed ? this.committedAtMs : null };
        }
        timer.at(nowMs + heartbeat.waitMs(nowMs));
        if (moved) timer.at(nowMs + idleOffsetIntervalMs - idleForMs);
      }
    } finally {
      abort.removeEventListener('abort', wake);
    }
  }

  /** Goes on behind a snapshot that was published between two batches. */
  resume(): void {
    this.#enter();
  }

  readonly #handle = (bytes: Buffer, start: number, end: number): void => {
    const lsn = this.#parts.replication.lsn;
    this.#bytes += end - start;
    const message = bytes.subarray(start, end);
    if (this.#blocked) this.#deferred.push({ lsn, message });
    else this.#decode(lsn, message);
  };

  #decode(lsn: bigint, message: Buffer): void {
    this.#lsn = lsn;
    this.#progress.at(lsn);
    this.#decoder.decode(message, this);
  }

  /** Does what the messages behind it wait for, then reads them up to the next that waits. */
  async #settle(): Promise<void> {
    const work = this.#blocked!;
    this.#blocked = null;
    await work();
    const deferred = this.#deferred;
    let next = 0;
    while (next < deferred.length && !this.#blocked) {
      const { lsn, message } = deferred[next++]!;
      this.#decode(lsn, message);
    }
    this.#deferred = deferred.slice(next);
  }

  begin({ finalLsn, commitTimestampMicros, xid }: BeginMessage): void {
    this.#progress.begin(finalLsn, xid, commitTimestampMicros);
    this.#parts.onDemand.began(xid);
    if (this.#progress.skipped) return;
    this.#xid = xid;
    this.#origin = null;
    if (this.#seen && finalLsn > this.#seen.untilLsn) this.#seen = null;
    this.#seenTransaction = this.#seen?.concerns(xid) ?? false;
    this.#enter();
    this.#parts.metadata?.begin(this.#out, String(xid), `${xid}:${this.#lsn}`, commitTimestampMicros / 1000n);
  }

  commit({ endLsn, commitTimestampMicros }: CommitMessage): void {
    if (!this.#progress.skipped) this.#parts.metadata?.end(this.#out, `${this.#xid}:${this.#lsn}`, commitTimestampMicros / 1000n);
    this.#progress.commit(endLsn);
  }

  origin(origin: OriginMessage): void {
    this.#origin = origin;
    if (!this.#progress.skipped) this.#enter();
  }

  type(): void {}

  relation(relation: RelationMessage): void {
    const xid = this.#xid;
    this.#blocked = async () => {
      const table = await this.#parts.tables
        .fromRelation(relation, this.#parts.database, xid)
        .catch(error => Promise.reject(databaseError(error, 'Reading the catalog')));
      this.#relations.set(relation.oid, table);
      if (table !== null && this.#parts.onDemand.described(table)) this.#signalOid = relation.oid;
    };
  }

  insert(relationOid: number, message: Buffer, tupleOffset: number): void {
    const table = this.#next(relationOid);
    if (!table) return;
    this.#unlessSeen(table, message, null, tupleOffset, () => {
      const after = readTuple(message, tupleOffset, table.readers);
      table.captured.emitCreate(this.#out, after, this.#event(table));
    });
    if (relationOid !== this.#signalOid) return;
    // What it asks for is stored with the batch that its row is in, so it is followed once.
    const before = this.#blocked;
    this.#blocked = () => Promise.resolve(before?.()).then(() => this.#parts.onDemand.inserted(table, message, tupleOffset));
  }

  update(relationOid: number, message: Buffer, oldKind: OldTupleKind | null, oldTupleOffset: number, newTupleOffset: number): void {
    // With the old row, its key may have changed: that makes a delete and a create.
    const table = this.#next(relationOid, oldKind === null);
    if (!table) return;
    this.#unlessSeen(table, message, oldKind === null ? null : oldTupleOffset, newTupleOffset, () => {
      const before: Row | null = oldKind === null ? null : readTuple(message, oldTupleOffset, table.readers);
      const old = oldKind === 'K' ? oldValues(message, oldTupleOffset, newTupleOffset, table.readers) : before;
      const after = readTuple(message, newTupleOffset, table.readers, [], old);
      table.captured.emitUpdate(this.#out, before, after, this.#event(table));
    });
  }

  delete(relationOid: number, message: Buffer, _oldKind: OldTupleKind, oldTupleOffset: number): void {
    // Its tombstone may not be out yet.
    const table = this.#next(relationOid, false);
    if (!table) return;
    this.#unlessSeen(table, message, oldTupleOffset, null, () => {
      const before = readTuple(message, oldTupleOffset, table.readers);
      table.captured.emitDelete(this.#out, before, this.#event(table));
    });
  }

  truncate(relationOids: readonly number[]): void {
    if (!this.#progress.message(relationOids.length === 1)) return;
    for (const oid of relationOids) {
      const table = this.#table(oid);
      if (table !== null && this.#parts.onDemand.isWatched(table.captured.name)) this.#parts.onDemand.truncated(table, this.#xid);
      if (table && !(this.#seenTransaction && this.#seen!.of(table.captured.name, this.#xid) !== 'no'))
        table.captured.emitTruncate(this.#out, this.#event(table));
    }
  }

  logicalMessage({ transactional, prefix, content, lsn }: LogicalMessage): void {
    const { sourceInfo, messages, metadata, includesMessage } = this.#parts;
    if (transactional && !this.#progress.message()) return;
    if (!transactional) {
      this.#progress.standalone(lsn);
      const timestampUs = this.#context.at.us;
      sourceInfo.enter({ timestampUs, txId: null, lastCommitLsn: this.#progress.lastCommitLsn, xmin: null, origin: null, originLsn: null });
    }
    if (!includesMessage(prefix)) return;
    this.#context.source = sourceInfo.make(null, this.#lsn);
    this.#context.transaction = transactional ? metadata : null;
    metadata?.at(`${this.#xid}:${this.#lsn}`);
    messages.emit(this.#out, prefix, content, this.#context);
  }

  #next(relationOid: number, single = true): ReadableTable | null {
    return this.#progress.message(single) ? this.#table(relationOid) : null;
  }

  #table(relationOid: number): ReadableTable | null {
    const table = this.#relations.get(relationOid);
    if (table === undefined) throw new SluiceError('MALFORMED_MESSAGE', `A change of relation ${relationOid} came before its description.`);
    return table;
  }

  #event(table: ReadableTable): EventContext {
    const { sourceInfo, metadata } = this.#parts;
    this.#context.source = sourceInfo.make(table.captured.id, this.#lsn);
    this.#context.transaction = metadata;
    metadata?.at(`${this.#xid}:${this.#lsn}`);
    return this.#context;
  }

  /** The source blocks from here on are of this transaction. */
  #enter(): void {
    this.#parts.sourceInfo.enter({
      timestampUs: this.#progress.timestampUs,
      txId: BigInt(this.#xid),
      lastCommitLsn: this.#progress.lastCommitLsn,
      xmin: null,
      origin: this.#origin?.name ?? null,
      originLsn: this.#origin?.lsn ?? null,
    });
  }

  /** Emits, unless a snapshot read the row as this change left it; a snapshot on demand hears of the change. */
  #unlessSeen(table: ReadableTable, message: Buffer, oldOffset: number | null, newOffset: number | null, emit: () => void): void {
    const { onDemand } = this.#parts;
    if (onDemand.isWatched(table.captured.name)) onDemand.touched(table, message, oldOffset, newOffset, this.#xid);
    const seen = this.#seenTransaction ? this.#seen!.of(table.captured.name, this.#xid) : 'no';
    if (seen === 'no') emit();
    if (seen !== 'depends on key') return;
    const [lsn, xid] = [this.#lsn, this.#xid];
    this.#blocked = async () => {
      const sawOld = oldOffset === null ? null : await this.#sawKey(table, message, oldOffset, null, xid);
      const sawNew = newOffset === null ? null : await this.#sawKey(table, message, newOffset, oldOffset, xid);
      if (sawOld !== false && sawNew !== false) return;
      // A row that moved between two ranges: what one of the views saw of it is dropped.
      const from = this.#out.length;
      this.#lsn = lsn;
      emit();
      const emitted = this.#out.splice(from);
      const moved = sawOld !== null && sawNew !== null && sawOld !== sawNew && emitted.length > 1;
      this.#out.push(...(moved ? (sawOld ? emitted.slice(-1) : emitted.slice(0, -1)) : emitted));
    };
  }

  /** Of the row at `offset`; a long key that the update left unchanged is in the old one. */
  #sawKey(table: ReadableTable, message: Buffer, offset: number, oldOffset: number | null, xid: number): Promise<boolean> {
    const { id, definition, name } = table.captured;
    const keyColumns = definition.primaryKey;
    const key = columnTexts(table, keyColumns, message, offset, oldOffset).map(text => text ?? '');
    return this.#seen!.sawRow(this.#parts.client, name, quoteTable(id), keyColumns.map(quoteIdentifier), key, xid);
  }
}
