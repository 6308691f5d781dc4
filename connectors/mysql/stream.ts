import type { ConnectRecord, InternalRecord, SourceBatch } from '../../src/contract/index.ts';
import { SluiceError } from '../../src/contract/index.ts';
import type { EventContext } from '../debezium/captured-table.ts';
import { instantOf } from '../debezium/envelope.ts';
import type { Row, TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { WakeTimer } from '../debezium/wake-timer.ts';
import type { BinlogHandler, EventHeader, GtidEvent, QueryEvent } from './binlog/events.ts';
import type { BinlogRow, RowLayout, RowsEvent } from './binlog/rows-event.ts';
import { qualifiesAsSource } from './gtid-source.ts';
import { type BinlogPosition, offsetOf } from './position.ts';
import type { SeenChanges } from './seen-changes.ts';
import type { StreamedTransaction } from './snapshot-view.ts';
import { statementKind } from './statement-filter.ts';
import type { StreamParts } from './stream-parts.ts';
import { StreamProgress } from './stream-progress.ts';
import type { ReadableTable } from './tables.ts';
import { UndecidedRows } from './undecided-rows.ts';

/** An idle stream stores its position this often, so that the server may purge what lies before. */
const idleOffsetIntervalMs = 1_000;

/**
 * Turns the binlog's events into records. Events are decoded where they lie in the socket's bytes, without waiting in between; only a change
 * that a resumed snapshot may have seen makes the rest wait.
 */
export class ChangeStream implements BinlogHandler {
  readonly #parts: StreamParts;
  readonly #progress: StreamProgress;
  readonly #context: EventContext;
  #seen: SeenChanges | null;
  #transaction: StreamedTransaction = { gtid: null, file: '', position: 0 };
  /** The same; null: no view saw it. */
  #seenTransaction: StreamedTransaction | null = null;
  #out: ConnectRecord[] = [];
  #internal: InternalRecord[] = [];
  #bytes = 0;
  #blocked: (() => Promise<void>) | null = null;
  /** Nanoseconds since 1970: of the transaction's commit where the server tells it, else of the event. */
  #timestampNs = 0n;
  #committed = false;
  /** BEGIN was read, or what stands for it. */
  #begun = false;
  #transactionId: string | null = null;
  /** MariaDB: it is one statement, which says no BEGIN. */
  #standalone = false;
  /** Its rows are of a GTID source that is not captured. */
  #foreign = false;
  #shown: Readonly<EventHeader>;

  constructor(parts: StreamParts, start: BinlogPosition, seen: SeenChanges) {
    this.#parts = parts;
    this.#seen = seen.empty ? null : seen;
    this.#progress = new StreamProgress(parts.settings.flavor, start);
    this.#shown = parts.binlog.header;
    this.#context = { source: parts.makers.sourceInfo.make('', null, 0), at: instantOf(0n), transaction: null };
  }

  /** Where the stream is, as MySQL's users write it. */
  get position(): string {
    const { file, nextPosition } = this.#shown;
    return `${file}:${nextPosition}`;
  }

  /** Batches until aborted. Each carries the position behind its last event, also in the middle of a transaction. */
  async *read(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { binlog, clock, heartbeatAction, onDemand } = this.#parts;
    const { heartbeat } = this.#parts.makers;
    const wake = () => binlog.wake();
    abort.addEventListener('abort', wake);
    const place = { header: this.#shown, progress: this.#progress };
    let [stored, storedAtMs] = [this.#progress.position, clock.nowMs()];
    using timer = new WakeTimer(clock, wake);
    try {
      timer.at(clock.nowMs() + heartbeat.waitMs(clock.nowMs()));
      onDemand.start(wake);
      while (!abort.aborted) {
        this.#context.at = instantOf(clock.nowNs());
        for (const { database, ddl } of onDemand.learned(place)) this.#apply({ database, sqlMode: null }, ddl);
        if (!onDemand.isDue(place)) await binlog.next(this);
        while (this.#blocked) {
          const work = this.#blocked;
          this.#blocked = null;
          await work();
        }
        const nowMs = clock.nowMs();
        const beat = heartbeat.due(nowMs);
        if (beat) {
          this.#out.push(beat);
          heartbeatAction?.run();
        }
        const streamed = this.#out.length > 0;
        onDemand.deliver(this.#out, place);
        const changed = onDemand.takeChanged();
        const position = this.#progress.position;
        const moved = position.position !== stored.position || position.file !== stored.file || position.gtids !== stored.gtids;
        const idleForMs = nowMs - storedAtMs;
        if (this.#out.length > 0 || this.#internal.length > 0 || changed || (moved && idleForMs >= idleOffsetIntervalMs)) {
          [stored, storedAtMs] = [position, nowMs];
          yield this.#batch(position, nowMs, streamed);
        }
        timer.at(nowMs + heartbeat.waitMs(nowMs));
        if (moved) timer.at(nowMs + idleOffsetIntervalMs - Math.min(idleForMs, idleOffsetIntervalMs));
      }
    } finally {
      abort.removeEventListener('abort', wake);
    }
  }

  #batch(position: BinlogPosition, nowMs: number, streamed: boolean): SourceBatch {
    const records = this.#out;
    // A checkpoint stands for all before it, so not in the middle of a transaction, whose statements may come again.
    const checkpoint = this.#progress.open ? [] : this.#parts.schema.history.checkpoint(offsetOf(position), nowMs);
    const internal = [...this.#internal, ...checkpoint];
    const bytes = this.#bytes;
    this.#out = [];
    this.#internal = [];
    this.#bytes = 0;
    return {
      records,
      ...(internal.length > 0 && { internal }),
      bytes,
      offsets: this.#parts.offsets(position, this.#seen !== null),
      committedAtMs: streamed ? Number(this.#timestampNs / 1_000_000n) : null,
    };
  }

  /** Every event, before anything else. */
  #at(header: EventHeader): void {
    this.#bytes += header.size;
    this.#progress.at(header);
    if (!this.#committed && header.timestamp !== 0) this.#timestampNs = BigInt(header.timestamp) * 1_000_000_000n;
    this.#parts.makers.sourceInfo.at(header);
  }

  gtid({ gtid, commitMicros, standalone }: GtidEvent, header: EventHeader): void {
    const { settings, server } = this.#parts;
    const known = server.gtids ? gtid : null;
    this.#committed = server.gtids && commitMicros !== null && commitMicros !== 0n;
    if (this.#committed) this.#timestampNs = commitMicros! * 1_000n;
    this.#at(header);
    this.#enter(known, header);
    this.#foreign = settings.filtersRowsBySource && settings.gtidSource !== null && !qualifiesAsSource(settings, known);
    this.#standalone = standalone;
    // MariaDB has no BEGIN.
    if (settings.flavor === 'mariadb') this.#begin(null, header);
    this.#endOfEvent();
  }

  /** A transaction's first event. */
  #enter(gtid: string | null, header: EventHeader): void {
    this.#progress.begin(gtid, header);
    this.#begun = false;
    this.#foreign = false;
    this.#transactionId = null;
    const transaction = { gtid, file: header.file, position: header.position };
    this.#transaction = transaction;
    this.#parts.onDemand.began(transaction);
    const concerned = this.#seen?.concerns(transaction) ?? false;
    // The binlog's order: behind one that no view saw there is none that a view saw.
    if (!concerned) this.#seen = null;
    this.#seenTransaction = concerned ? transaction : null;
    this.#parts.makers.sourceInfo.enter({ timestampNs: this.#timestampNs, gtid, threadId: null });
  }

  #begin(threadId: number | null, header: EventHeader): void {
    const { sourceInfo, metadata } = this.#parts.makers;
    if (!this.#progress.open) this.#enter(null, header);
    this.#begun = true;
    const { gtid } = this.#progress;
    sourceInfo.enter({ timestampNs: this.#timestampNs, gtid, threadId });
    this.#transactionId = gtid ?? `file=${header.file},pos=${header.position}`;
    metadata?.begin(this.#out, this.#transactionId, this.#transactionId, this.#timestampNs / 1_000_000n);
  }

  #end(header: EventHeader): void {
    const { metadata, sourceInfo } = this.#parts.makers;
    if (this.#begun && this.#transactionId !== null) metadata?.end(this.#out, this.#transactionId, this.#timestampNs / 1_000_000n);
    this.#finish(header);
    sourceInfo.query = null;
  }

  /** Behind a transaction's last event, whatever it was. */
  #finish(header: EventHeader): void {
    this.#progress.end(header);
    this.#begun = false;
    this.#standalone = false;
    this.#foreign = false;
    this.#transactionId = null;
  }

  query(event: QueryEvent, header: EventHeader): void {
    this.#at(header);
    const statement = event.statement.trim();
    const word = statement.slice(0, 12).toUpperCase();
    if (word === 'BEGIN') this.#begin(event.threadId, header);
    else if (word === 'COMMIT' || word === 'ROLLBACK') this.#end(header);
    // The rows of an XA transaction come between XA START and XA PREPARE.
    else if (/^XA (?:START|BEGIN) /.test(word)) this.#begun = true;
    else if (/^XA END /.test(word)) return;
    else if (/^XA /.test(word)) this.#finish(header);
    else this.#statement(event, statement, header);
    if (word.startsWith('XA ')) this.#parts.onDemand.xa.statement(statement, this.#transaction);
    this.#endOfEvent();
  }

  #statement(event: QueryEvent, statement: string, header: EventHeader): void {
    // MySQL's DDL is a transaction by itself; so is MariaDB's, which says no BEGIN before either.
    const alone = !this.#begun || this.#standalone;
    const counted = statementKind(statement) === 'schema';
    const done = counted && !alone && !this.#progress.step();
    if (!counted || done) {
      if (alone) this.#finish(header);
      return;
    }
    if (alone) this.#progress.end(header);
    this.#apply(event, statement);
    if (alone) this.#finish(header);
  }

  #apply({ database, sqlMode }: Pick<QueryEvent, 'database' | 'sqlMode'>, statement: string): void {
    const { schema, tables, makers, clock, onDemand } = this.#parts;
    const { sourceInfo } = makers;
    // Debezium tells the time of a statement in milliseconds. Before the first event there is none.
    const timestampNs = ((this.#timestampNs || clock.nowNs()) / 1_000_000n) * 1_000_000n;
    sourceInfo.at(this.#shown);
    const gtid = this.#progress.gtid;
    const before = onDemand.watchedModels();
    sourceInfo.enter({ timestampNs, gtid, threadId: null });
    const effects = schema.apply(statement, database, {
      source: (db, table) => sourceInfo.make(db, table, 0),
      position: offsetOf(this.#progress.position),
      nowMs: clock.nowMs(),
      sqlMode,
    });
    tables.changed();
    onDemand.applied(before, effects, { gtid, file: this.#shown.file, position: this.#shown.position });
    for (const record of effects.records) this.#out.push(record);
    for (const record of effects.internal) this.#internal.push(record);
    for (const id of effects.truncated) this.#truncate(id);
  }

  #truncate(id: TableId): void {
    const { schema, makers } = this.#parts;
    const model = schema.models.table(id);
    if (model === null || !makers.includesTable(id) || this.#sawTable(id) === 'yes') return;
    this.#emitTo(id, 0);
    this.#parts.tables.compile(model).captured.emitTruncate(this.#out, this.#context);
  }

  rowsQuery(statement: string, header: EventHeader): void {
    this.#at(header);
    if (this.#parts.settings.includesQuery) this.#parts.makers.sourceInfo.query = statement;
    this.#endOfEvent();
  }

  rows(event: RowsEvent, header: EventHeader): void {
    this.#at(header);
    const { table, layout } = this.#parts.tables.of(event);
    const progress = this.#progress;
    if (table === null || this.#foreign) {
      event.each(layout, () => progress.pass(1));
      this.#endOfEvent();
      return;
    }
    const { captured } = table;
    const { onDemand, tables } = this.#parts;
    // Of what was done before a restart, too: the chunk that is being read may be from before it.
    if (onDemand.isWatched(captured.name)) onDemand.touched(event, table, tables, this.#transaction);
    const signals: Row[] = [];
    const signalling = onDemand.isSignalTable(table);
    const seen = this.#sawTable(captured.id);
    if (seen === 'depends on key') this.#decideLater(event, table, layout);
    else
      event.each(layout, (before, after, index) => {
        if (!progress.step()) return;
        if (signalling && before === null) signals.push(after!);
        if (seen === 'no') this.#emit(table, before, after, index);
      });
    if (signals.length > 0) this.#follow(captured.name, signals);
    this.#endOfEvent();
  }

  /** What signals ask for is stored with the batch that their rows are in, so it is followed once. */
  #follow(table: string, signals: readonly Row[]): void {
    const { binlog, onDemand } = this.#parts;
    binlog.hold();
    this.#blocked = async () => {
      for (const row of signals) await onDemand.inserted(table, row);
    };
  }

  #emit({ captured }: ReadableTable, before: BinlogRow | null, after: BinlogRow | null, index: number): void {
    this.#emitTo(captured.id, index);
    if (before === null) captured.emitCreate(this.#out, after!, this.#context);
    else if (after === null) captured.emitDelete(this.#out, before, this.#context);
    else captured.emitUpdate(this.#out, before, after, this.#context);
  }

  #emitTo({ catalog, table }: TableId, index: number): void {
    const { sourceInfo, metadata } = this.#parts.makers;
    this.#context.source = sourceInfo.make(catalog, table, index);
    this.#context.transaction = this.#transactionId === null ? null : metadata;
  }

  #sawTable(id: TableId): 'no' | 'yes' | 'depends on key' {
    return this.#seenTransaction === null || this.#seen === null ? 'no' : this.#seen.of(qualifiedName(id), this.#seenTransaction);
  }

  /** The server compares the keys before the next event is read. */
  #decideLater(event: RowsEvent, table: ReadableTable, layout: RowLayout): void {
    const { binlog, tables } = this.#parts;
    const rows = new UndecidedRows(event, table, layout, tables.key(event.table, table), () => this.#progress.step());
    binlog.hold();
    this.#blocked = () =>
      rows.decide(this.#seen!, this.#seenTransaction!, this.#out, ({ before, after, index }) => this.#emit(table, before, after, index));
  }

  xid(_xid: bigint, header: EventHeader): void {
    this.#at(header);
    this.#end(header);
    this.#endOfEvent();
  }

  xaPrepare(onePhase: boolean, header: EventHeader): void {
    this.#at(header);
    if (onePhase) this.#parts.onDemand.xa.committed(this.#transaction);
    this.#finish(header);
    this.#endOfEvent();
  }

  rotate(header: EventHeader): void {
    this.#progress.reach(header);
  }

  heartbeat(header: EventHeader): void {
    this.#progress.reach(header);
  }

  incident(message: string): void {
    throw new SluiceError('POSITION_LOST', `The server says that events are missing in its binlog: ${message}.`, {
      remedy: 'Take a new snapshot: what is missing cannot be read.',
    });
  }

  #endOfEvent(): void {
    if (this.#out.length >= this.#parts.settings.batchRecordsMax) this.#parts.binlog.hold();
  }
}
