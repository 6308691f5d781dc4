/**
 * The schema history: every statement that changed a table, in the log, so that after a stop the rows that were written before a later
 * statement still read as they were. An entry becomes durable in one unit with the offset behind its statement (invariant 1).
 *
 * It is Debezium's own: entries that Debezium wrote are read, and Debezium reads ours. It does not grow without bound: once it holds many
 * more entries than there are tables, all tables are told anew (`checkpoint`); what came before counts no more, and goes at a later
 * start.
 *
 * Debezium reads its history up to the offset before its end, and waits for a record there: one that ends with the end of a transaction it cannot
 * read. So an entry that says nothing is written behind each transaction (`InternalRecord.end`).
 */
import {
  type InternalRecord,
  type InternalTopics,
  type JsonObject,
  type Logger,
  SluiceError,
  toSluiceError,
} from '../../src/contract/index.ts';
import type { TableModels } from './ddl/table-models.ts';
import type { SchemaChange } from './schema-changes.ts';
import { type GtidContainment, isAfter } from './schema-history-order.ts';
import { type HistoryEntry, historyEntry, historyText, parseHistoryEntry } from './schema-history-record.ts';
import { statementKind } from './statement-filter.ts';

export type SchemaHistorySettings = {
  /** `schema.history.internal.kafka.topic`. */
  readonly topic: string;
  /** The offsets' partition: `{ server: PREFIX }`. */
  readonly source: JsonObject;
  /** Entries beyond the tables themselves before all is told anew. */
  readonly entriesMax: number;
};

/** What was found of it. */
export type RecoveredHistory = {
  /** Entries of this connector, and of them those behind the offset. */
  readonly entries: number;
  readonly skipped: number;
};

/** See the head of this file. */
export class SchemaHistory {
  readonly #settings: SchemaHistorySettings;
  readonly #models: TableModels;
  readonly #logger: Logger;
  #entriesSinceCheckpoint = 0;

  constructor(settings: SchemaHistorySettings, models: TableModels, logger: Logger) {
    this.#settings = settings;
    this.#models = models;
    this.#logger = logger;
  }

  /**
   * Brings the models to where they were at an offset. Throws SluiceError SCHEMA_HISTORY_LOST where there is nothing to read although there
   * is an offset.
   */
  async recover(internal: InternalTopics, offset: JsonObject, contains: GtidContainment, abort: AbortSignal): Promise<RecoveredHistory> {
    const { topic } = this.#settings;
    const source = JSON.stringify(this.#settings.source);
    let [entries, skipped] = [0, 0];
    let shared = false;
    const checkpoints: bigint[] = [];
    this.#models.clear();
    for await (const records of internal.read(topic, abort)) {
      for (const { value, offset: place } of records) {
        const entry = value === null ? null : parseHistoryEntry(Buffer.from(value).toString());
        if (entry === null) this.#logger.warn({ topic, offset: String(place) }, 'What is no entry of a schema history is left out');
        if (entry === null) continue;
        if (JSON.stringify(entry.source) !== source) {
          shared = true;
          continue;
        }
        entries++;
        if (isAfter(entry.position, offset, contains)) skipped++;
        else {
          if (entry.checkpoint) checkpoints.push(place);
          this.#apply(entry);
        }
      }
    }
    if (entries === skipped) {
      const found = entries === 0 ? 'has no entry of this connector' : `has only entries behind the connector’s offset (${entries})`;
      throw new SluiceError('SCHEMA_HISTORY_LOST', `The schema history, topic ${topic}, ${found}.`);
    }
    this.#logger.info({ topic, entries, skipped, tables: this.#models.size }, 'The schema history was read');
    if (!shared) await this.#truncate(internal, checkpoints);
    return { entries, skipped };
  }

  /** What lies before the last checkpoint but one is no longer read: offsets that were set back may still need what lies before the last. */
  async #truncate(internal: InternalTopics, checkpoints: readonly bigint[]): Promise<void> {
    const before = checkpoints.at(-2);
    if (before === undefined) return;
    const { topic } = this.#settings;
    try {
      await internal.truncate(topic, before);
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown);
      this.#logger.warn({ topic, code }, `What is no longer needed of the schema history stays: ${message}`);
    }
  }

  /** The entry of a schema change, to become durable with `position`: the offset behind it. */
  record(change: SchemaChange, position: JsonObject, nowMs: number): InternalRecord {
    this.#entriesSinceCheckpoint++;
    return this.#internal(historyEntry(change, this.#settings.source, position), nowMs);
  }

  /**
   * All tables told anew, where the history has grown enough for it; else nothing. To become durable with `position`, in one unit; to be
   * asked for where no statement is being applied.
   */
  checkpoint(position: JsonObject, nowMs: number): readonly InternalRecord[] {
    const inherited = this.#models.inherited();
    if (this.#entriesSinceCheckpoint <= this.#settings.entriesMax + this.#models.size + inherited.length) return [];
    this.#entriesSinceCheckpoint = 0;
    const base = { source: this.#settings.source, position, ddl: null, tableChanges: [], checkpoint: false };
    const entries: readonly HistoryEntry[] = [
      { ...base, databaseName: '', checkpoint: true },
      ...inherited.map(({ database, ddl }) => ({ ...base, databaseName: database, ddl })),
      ...this.#models.tables().map(table => ({
        ...base,
        databaseName: table.id.catalog,
        tableChanges: [{ type: 'CREATE' as const, id: table.id, previousId: null, table }],
      })),
    ];
    return entries.map(entry => this.#internal(entry, nowMs));
  }

  #internal(entry: HistoryEntry, nowMs: number): InternalRecord {
    const end = { ...entry, ddl: null, tableChanges: [], checkpoint: false };
    return { topic: this.#settings.topic, key: null, value: historyText(entry, nowMs), end: historyText(end, nowMs) };
  }

  #apply({ checkpoint, tableChanges, ddl, databaseName }: HistoryEntry): void {
    this.#entriesSinceCheckpoint++;
    if (checkpoint) {
      this.#models.clear();
      this.#entriesSinceCheckpoint = 0;
    }
    if (tableChanges.length > 0) for (const change of tableChanges) this.#models.applyChange(change);
    else if (ddl !== null && statementKind(ddl) === 'schema') this.#models.apply(ddl, databaseName);
  }
}
