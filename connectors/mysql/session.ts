import type { Connection } from 'mysql2';
import { type InternalTopics, type JsonObject, type Logger, SluiceError } from '../../src/contract/index.ts';
import { BinlogStream } from './binlog/binlog-stream.ts';
import type { ConnectionSettings } from './connection.ts';
import { DatabaseSchema } from './database-schema.ts';
import { TableModels } from './ddl/table-models.ts';
import { goesByGtids, gtidContainment, lostPosition, startGtids } from './lost-position.ts';
import type { BinlogPosition, StoredPosition } from './position.ts';
import { refusedPosition } from './refused-position.ts';
import { SchemaHistory } from './schema-history.ts';
import { readServer, type ServerFacts } from './server.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import type { SnapshotStatement } from './snapshot-statements.ts';
import type { TableModel } from './table-model.ts';
import { Tables } from './tables.ts';

/** Entries of the schema history beyond the tables themselves before all is told anew. */
const historyEntriesMax = 10_000;

export type SessionParts = {
  /** An ordinary connection; its owner is who opened it. */
  readonly client: Connection;
  readonly connection: ConnectionSettings;
  readonly settings: MysqlSettings;
  readonly makers: RecordMakers;
  /** Of the connector's offsets. */
  readonly partition: JsonObject;
  readonly logger: Logger;
};

/** A server that a task is connected to, with what is known of its tables. */
export class Session {
  readonly client: Connection;
  readonly connection: ConnectionSettings;
  readonly server: ServerFacts;
  readonly schema: DatabaseSchema;
  readonly tables: Tables;
  readonly #settings: MysqlSettings;

  private constructor(parts: SessionParts, server: ServerFacts) {
    const { client, connection, settings, makers, partition, logger } = parts;
    this.client = client;
    this.connection = connection;
    this.server = server;
    this.tables = new Tables(makers, logger);
    this.#settings = settings;
    const { history: options } = settings;
    const models = this.#newModels();
    const history = { topic: options.topic, source: partition, entriesMax: historyEntriesMax };
    this.schema = new DatabaseSchema({
      models,
      history: new SchemaHistory(history, models, logger),
      rules: {
        onlyCapturedTables: options.onlyCapturedTables,
        onlyCapturedDatabases: options.onlyCapturedDatabases,
        includesTable: id => makers.includesTable(id),
        includesDatabase: database => makers.includesDatabase(database),
      },
      records: makers.schemaChanges,
      quietUnreadable: options.quietUnreadable,
      logger,
    });
  }

  /** Asks the server what it is. Throws what `readServer` does. */
  static async open(parts: SessionParts): Promise<Session> {
    return new Session(parts, await readServer(parts.client, parts.settings.flavor));
  }

  #newModels(): TableModels {
    const { flavor, history } = this.#settings;
    const models = new TableModels({ server: flavor, includeComments: history.comments, lowerCaseNames: this.server.lowerCaseNames });
    models.setSqlMode(this.server.sqlMode);
    return models;
  }

  /** Tables as these statements make them, whatever the stream knows of them. */
  modelsOf(statements: readonly SnapshotStatement[]): TableModels {
    const models = this.#newModels();
    for (const { database, ddl } of statements) models.apply(ddl, database);
    return models;
  }

  /** The stream's own version of a table where it is the same: its records then have the same schemas. */
  asStreamed(model: TableModel): TableModel {
    const streamed = this.schema.models.table(model.id);
    const described = ({ columns, primaryKeyColumnNames }: TableModel) => JSON.stringify([columns, primaryKeyColumnNames]);
    return streamed !== null && described(streamed) === described(model) ? streamed : model;
  }

  /** Why streaming cannot go on from the stored offset; reads the schema history up to it. */
  async lost({ position, offset }: StoredPosition, internal: InternalTopics, abort: AbortSignal): Promise<SluiceError | null> {
    const { flavor, recoversSchema } = this.#settings;
    const lost = await lostPosition(this.client, position, this.server, this.#settings);
    if (lost !== null || recoversSchema) return lost;
    try {
      await this.schema.history.recover(internal, offset, gtidContainment(flavor), abort);
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'SCHEMA_HISTORY_LOST') return error;
      throw error;
    }
    if (flavor !== 'mariadb') return null;
    await using binlog = await this.binlog(position);
    return await refusedPosition(binlog, abort);
  }

  /** The binlog from a position on, by GTIDs where it has them. */
  async binlog(position: BinlogPosition): Promise<BinlogStream> {
    const { flavor, serverId, serverHeartbeatMs, includesQuery } = this.#settings;
    const byGtids = goesByGtids(position, this.server, this.#settings);
    return BinlogStream.open(
      this.connection,
      { flavor, serverId, heartbeatMs: serverHeartbeatMs, statements: includesQuery },
      {
        file: position.file,
        position: position.position,
        gtids: byGtids ? await startGtids(this.client, position.gtids!, this.#settings) : null,
      },
    );
  }
}
