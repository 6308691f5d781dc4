/**
 * The tables as the statements read so far left them, and what the statements have to say to others. Snapshot and stream use it alike:
 *
 *     await schema.history.recover(internal, offset, contains, abort)     at a start that goes on from an offset
 *     schema.apply(sql, database, at)                                      every statement, in the server's order
 *     schema.models.reconcile(id, tableMap, reading)                       a table, when its rows come under a new table map
 *     schema.history.checkpoint(position, nowMs)                           now and then, between transactions
 *
 * What `apply` and `checkpoint` return must become durable in one unit with the offset behind the statement.
 */
import type { ConnectRecord, InternalRecord, JsonObject, Logger, Struct } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { TableModels } from './ddl/table-models.ts';
import type { SchemaChangeRecords } from './schema-change-records.ts';
import { type SchemaChangeRules, schemaChanges } from './schema-changes.ts';
import type { SchemaHistory } from './schema-history.ts';
import { statementKind } from './statement-filter.ts';

/** Where a statement stands. */
export type StatementPlace = {
  /** The source block, with `db` and `table` as the change has them. */
  source(db: string, table: string | null): Struct;
  /** The offset behind the statement. */
  readonly position: JsonObject;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Of the statement's session, as the binlog has it; left out: the server's. 0n of what SHOW CREATE TABLE wrote for us. */
  readonly sqlMode?: bigint | null;
};

/** What a statement leads to. */
export type StatementEffects = {
  /** For the schema change topic. */
  readonly records: readonly ConnectRecord[];
  /** For the schema history. */
  readonly internal: readonly InternalRecord[];
  /** Tables that were made. */
  readonly created: readonly TableId[];
  /** Captured tables that were emptied. */
  readonly truncated: readonly TableId[];
};

const none: StatementEffects = { records: [], internal: [], created: [], truncated: [] };

export type DatabaseSchemaParts = {
  readonly models: TableModels;
  readonly history: SchemaHistory;
  readonly rules: SchemaChangeRules;
  /** null: `include.schema.changes` is off. */
  readonly records: SchemaChangeRecords | null;
  /** `schema.history.internal.skip.unparseable.ddl`: what cannot be read is no warning. */
  readonly quietUnreadable: boolean;
  readonly logger: Logger;
};

/** See the head of this file. */
export class DatabaseSchema {
  readonly models: TableModels;
  readonly history: SchemaHistory;
  readonly #parts: DatabaseSchemaParts;

  constructor(parts: DatabaseSchemaParts) {
    this.models = parts.models;
    this.history = parts.history;
    this.#parts = parts;
  }

  /** `sql`: as the server sent it. `database`: the one it was run in; empty: none. */
  apply(sql: string, database: string, at: StatementPlace): StatementEffects {
    const { rules, records: published, quietUnreadable, logger } = this.#parts;
    const statement = sql.trim();
    const kind = statementKind(statement);
    if (kind === 'rows')
      logger.warn({ database }, 'A statement that changes rows came as such, not as rows: set binlog_format=ROW on the server.');
    if (kind !== 'schema') return none;
    const outcome = this.models.apply(statement, database, at.sqlMode ?? null);
    for (const { table, reason } of outcome.unreadable) {
      const about = table === null ? {} : { table: qualifiedName(table) };
      const told = 'A statement could not be read; what the binlog says of the rows corrects what is known of the table';
      if (quietUnreadable) logger.info({ database, ...about, reason }, told);
      else logger.warn({ database, ...about, reason }, told);
    }
    const records: ConnectRecord[] = [];
    const internal: InternalRecord[] = [];
    const created: TableId[] = [];
    const truncated: TableId[] = [];
    for (const change of schemaChanges(statement, database, outcome, rules)) {
      if (change.type === 'TRUNCATE') {
        truncated.push(change.id!);
        continue;
      }
      if (change.type === 'CREATE' && change.id !== null) created.push(change.id);
      const { db, table } = change.source;
      if (published !== null) records.push(published.record(change, at.source(db, table), BigInt(at.nowMs)));
      if (change.recorded) internal.push(this.history.record(change, at.position, at.nowMs));
    }
    return { records, internal, created, truncated };
  }
}
