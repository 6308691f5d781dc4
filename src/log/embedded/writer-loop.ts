import type { DatabaseSync } from 'node:sqlite';
import { crashPoint, SluiceError } from '../../contract/index.ts';
import { Appender } from './appender.ts';
import { clean, truncatePartition } from './cleaner.ts';
import { changeConnector, OffsetTable, readOffsets } from './connector-tables.ts';
import { openForWriting } from './database.ts';
import { GroupTables, raiseEras } from './group-tables.ts';
import { type OwnedWriter, Owners } from './owners.ts';
import type { AppendRequest, ChangeRequest, OpenedWriter, Request, ThreadOptions } from './protocol.ts';
import { logError } from './sqlite-errors.ts';
import { topicRetention } from './topic-configs.ts';
import { type PartitionState, TopicTables } from './topic-tables.ts';
import { inTransaction } from './transaction.ts';

/** Bytes of records in one transaction; what comes beyond waits for the next. */
const transactionBytesMax = 16 * 1024 * 1024;

/** Stands for the request that the cleaner's timer never made. */
const unasked = 0;

type Outcomes = {
  succeeded(id: number, opened?: OpenedWriter | null): void;
  /** The unit is durable; its batch's slab goes back. */
  appended(id: number, slab: Uint8Array | null): void;
  failed(id: number, thrown: unknown): void;
  closed(): void;
};

type Unit = { readonly id: number; readonly body: AppendRequest };
type AdmittedUnit = Unit & { readonly writer: OwnedWriter; readonly placed: readonly PartitionState[] };

/** The only writer of the file. Takes requests in the order of their arrival; answers when they are durable, or undone. */
export class WriterLoop {
  /** Requests taken at once. */
  static readonly requestsMax = 1000;

  readonly #options: ThreadOptions;
  readonly #outcomes: Outcomes;
  readonly #database: DatabaseSync;
  readonly #topics: TopicTables;
  readonly #appender: Appender;
  readonly #offsets: OffsetTable;
  readonly #groups: GroupTables;
  readonly #owners = new Owners();
  readonly #cleanTimer: NodeJS.Timeout;
  #cleaning: Generator<void> | null = null;
  #cleanRequests: number[] = [];
  #closed = false;

  constructor(options: ThreadOptions, outcomes: Outcomes) {
    this.#options = options;
    this.#outcomes = outcomes;
    this.#database = openForWriting(options.dataDir, options.bytesMax);
    this.#topics = new TopicTables(this.#database, options.partitionsDefault);
    this.#appender = new Appender(this.#database, this.#topics);
    this.#offsets = new OffsetTable(this.#database);
    this.#groups = new GroupTables(this.#database);
    this.#cleanTimer = setInterval(() => this.#startCleaning(false), options.cleanIntervalMs);
  }

  take(requests: readonly Request[]): void {
    let units: Unit[] = [];
    let bytes = 0;
    const commit = () => {
      if (units.length > 0) this.#append(units);
      units = [];
      bytes = 0;
    };
    for (const { id, body } of requests) {
      if (this.#closed) this.#outcomes.failed(id, new SluiceError('LOG_UNAVAILABLE', 'The embedded log is closed.'));
      else if (body.kind === 'append') {
        units.push({ id, body });
        bytes += body.records?.slab.length ?? 0;
        if (bytes >= transactionBytesMax) commit();
      } else {
        commit();
        this.#change(id, body);
      }
    }
    commit();
  }

  /** One transaction for the units of any tasks: records and offsets together (invariant 1). */
  #append(units: readonly Unit[]): void {
    const admitted = units.flatMap(unit => this.#admit(unit) ?? []);
    const nowMs = Date.now();
    try {
      inTransaction(this.#database, () => {
        crashPoint('embedded-begun');
        for (const { body, placed, writer } of admitted) {
          if (body.records) this.#appender.write(body.records, placed, nowMs);
          crashPoint('embedded-records-written');
          this.#offsets.put(writer.task.connector, body.offsets);
          if (body.consumed) this.#groups.commit(body.consumed);
        }
        this.#topics.store();
        crashPoint('embedded-offsets-written');
      });
      crashPoint('embedded-committed');
    } catch (thrown) {
      this.#topics.forget();
      for (const { id, writer } of admitted) this.#refuse(id, writer, logError('append', thrown));
      return;
    }
    for (const { id, body } of admitted) this.#outcomes.appended(id, body.records?.slab ?? null);
  }

  #admit(unit: Unit): AdmittedUnit | null {
    let writer: OwnedWriter | null = null;
    try {
      writer = this.#owners.owner(unit.body.writerId);
      if (unit.body.consumed) this.#groups.check(unit.body.consumed);
      const placed = unit.body.records ? this.#appender.place(unit.body.records, writer.sticky) : [];
      return { ...unit, writer, placed };
    } catch (thrown) {
      if (writer) this.#refuse(unit.id, writer, logError('append', thrown));
      else this.#outcomes.failed(unit.id, thrown);
      return null;
    }
  }

  #refuse(id: number, writer: OwnedWriter, error: SluiceError): void {
    writer.refusal = error;
    this.#outcomes.failed(id, error);
  }

  #change(id: number, change: ChangeRequest): void {
    try {
      if (change.kind === 'clean') {
        this.#cleanRequests.push(id);
        this.#startCleaning(true);
      } else if (change.kind === 'close') {
        this.#close();
        this.#outcomes.succeeded(id);
        this.#outcomes.closed();
      } else if (change.kind === 'openWriter') {
        const writer = this.#owners.open(change.task);
        this.#outcomes.succeeded(id, { writerId: writer.id, offsets: readOffsets(this.#database, change.task.connector) });
      } else if (change.kind === 'closeWriter') {
        this.#owners.close(change.writerId);
        this.#outcomes.succeeded(id);
      } else {
        inTransaction(this.#database, () => {
          this.#applyInTransaction(change);
          crashPoint('embedded-change-uncommitted');
        });
        this.#outcomes.succeeded(id);
      }
    } catch (thrown) {
      this.#topics.forget();
      this.#groups.forget();
      this.#outcomes.failed(id, logError(`carry out ${change.kind}`, thrown));
    }
  }

  #applyInTransaction(change: Exclude<ChangeRequest, { kind: 'clean' | 'close' | 'openWriter' | 'closeWriter' }>): void {
    switch (change.kind) {
      case 'ensureTopics':
        for (const { topic, configs } of change.topics) topicRetention(topic, configs, this.#options);
        this.#topics.ensure(change.topics);
        raiseEras(this.#database, Date.now());
        return;
      case 'deleteTopics':
        this.#topics.delete(change.names);
        this.#startCleaning(false);
        return;
      case 'truncate':
        for (const { id } of this.#topics.topic(change.topic).partitions) truncatePartition(this.#database, id, change.before);
        return;
      case 'alterOffsets':
        this.#owners.fence(change.name, null);
        this.#offsets.put(change.name, change.offsets);
        return;
      case 'raiseGeneration':
        this.#groups.raiseGeneration(change.group);
        return;
      case 'commitConsumed':
        this.#groups.check(change.consumed);
        this.#groups.commit(change.consumed);
        return;
      case 'alterGroup':
        this.#groups.alter(change.group, change.offsets);
        return;
      case 'removeGroup':
        this.#groups.remove(change.group);
        return;
      default:
        changeConnector(this.#database, change);
    }
  }

  /** Runs the cleaner's slices between the requests. `all`: also what would not yet be worth it. */
  #startCleaning(all: boolean): void {
    if (this.#cleaning && !all) return;
    const running = this.#cleaning !== null;
    this.#cleaning = clean(this.#database, this.#options, Date.now(), all);
    if (!running) setImmediate(() => this.#cleanSlice());
  }

  #cleanSlice(): void {
    if (!this.#cleaning) return;
    try {
      if (!this.#cleaning.next().done) {
        setImmediate(() => this.#cleanSlice());
        return;
      }
      for (const id of this.#cleanRequests) this.#outcomes.succeeded(id);
    } catch (thrown) {
      // The next turn of the timer tries again.
      const error = logError('delete old records', thrown);
      for (const id of this.#cleanRequests.length > 0 ? this.#cleanRequests : [unasked]) this.#outcomes.failed(id, error);
    }
    this.#cleanRequests = [];
    this.#cleaning = null;
  }

  #close(): void {
    this.#closed = true;
    clearInterval(this.#cleanTimer);
    this.#cleaning = null;
    for (const id of this.#cleanRequests) this.#outcomes.failed(id, new SluiceError('LOG_UNAVAILABLE', 'The embedded log is closed.'));
    this.#database.close();
  }
}
