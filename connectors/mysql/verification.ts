import type { Connection } from 'mysql2';
import {
  type Clock,
  type Logger,
  type PluginContext,
  SluiceError,
  type SourceVerification,
  type Value,
  type VerifiableRange,
  type VerifiableTable,
} from '../../src/contract/index.ts';
import type { CapturedTable } from '../debezium/captured-table.ts';
import type { Row } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { betweenNs, verifiableRecords } from '../debezium/verifiable-records.ts';
import { connect, disconnect, quoteIdentifier, quoteTable } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { breakOffAfter } from './disconnect.ts';
import type { MysqlConfig } from './options.ts';
import { serverPartition } from './position.ts';
import { recordMakers } from './record-makers.ts';
import { type CatalogTable, currentPosition, listTables } from './server.ts';
import { Session } from './session.ts';
import type { RecordMakers } from './settings.ts';
import { atKey, behindKey, type KeyColumn, keyColumnsOf, keyExpression } from './snapshot-key.ts';
import { readSnapshotSchema } from './snapshot-schema.ts';
import { textColumn } from './snapshot-table.ts';
import type { ReadableTable } from './tables.ts';
import { TextRows } from './text-rows.ts';

type OpenTable = { readonly table: CatalogTable; readonly readable: ReadableTable; readonly key: readonly KeyColumn[] | null };
type Opened = { readonly session: Session; readonly tables: ReadonlyMap<string, OpenTable> };

/** Reads tables for a verification, on a connection of its own: short statements by the primary key, nothing is locked. */
export class MysqlVerification implements SourceVerification {
  readonly #config: MysqlConfig;
  readonly #makers: RecordMakers;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #opened: Opened | null = null;
  #client: Connection | null = null;

  constructor(config: MysqlConfig, context: PluginContext) {
    [this.#config, this.#makers, this.#logger, this.#clock] = [config, recordMakers(config, context), context.logger, context.clock];
  }

  async tables(abort: AbortSignal): Promise<readonly VerifiableTable[]> {
    const { tables } = await this.#open(abort);
    return Array.from(tables, ([name, { table, readable, key }]) => ({
      name,
      topic: readable.captured.topic,
      keyed: key !== null && readable.captured.keySchema !== null,
      rowsEstimated: table.rowsEstimated < 0 ? null : table.rowsEstimated,
    }));
  }

  readRange(name: string, after: readonly string[] | null, rowsMax: number, abort: AbortSignal): Promise<VerifiableRange> {
    return this.#read(name, rowsMax, abort, key => {
      const where = after === null ? '' : ` WHERE ${behindKey(key, after)}`;
      return `${where} ORDER BY ${key.map(column => quoteIdentifier(column.name)).join(', ')} LIMIT ${rowsMax}`;
    });
  }

  async readKeys(name: string, keys: readonly (readonly string[])[], abort: AbortSignal): Promise<VerifiableRange> {
    const { session } = await this.#open(abort);
    if (keys.length === 0) return { rows: [], more: false, position: await this.#position(session), echo: null };
    return this.#read(name, keys.length + 1, abort, key => ` WHERE ${keys.map(each => atKey(key, each)).join(' OR ')}`);
  }

  /** The position is looked up behind the statement: a change is in the binlog before anybody sees it. */
  async #read(name: string, rowsMax: number, abort: AbortSignal, clauses: (key: readonly KeyColumn[]) => string): Promise<VerifiableRange> {
    const { session, tables } = await this.#open(abort);
    const { readable, key } = tables.get(name) ?? { readable: null, key: null };
    if (readable === null || key === null)
      throw new SluiceError('SNAPSHOT_FAILED', `Table ${name} is not there, or has no key to be read by.`);
    using _ = breakOffAfter(abort, session.client);
    try {
      const found = await readRows(session.client, readable, key, clauses(key));
      const { records, echo } = this.#records(
        readable.captured,
        found.map(({ row }) => row),
      );
      const rows = found.flatMap(({ key: texts }, index) => (records[index] ? [{ key: texts, record: records[index] }] : []));
      return { rows, more: found.length >= rowsMax, position: await this.#position(session), echo };
    } catch (error) {
      await this.#close();
      throw databaseFailure(error, `Reading table ${name} for a verification`);
    }
  }

  #records(captured: CapturedTable, rows: readonly Row[]) {
    const { sourceInfo } = this.#makers;
    const { catalog, table } = captured.id;
    const nowNs = this.#clock.nowNs();
    sourceInfo.enter({ timestampNs: nowNs, gtid: null, threadId: null });
    sourceInfo.at({ file: 'binlog.000001', position: 1, serverId: 0 });
    const snapshot = sourceInfo.make(catalog, table, 0, 'true');
    sourceInfo.enter({ timestampNs: nowNs + betweenNs, gtid: 'gtid', threadId: 1 });
    sourceInfo.at({ file: 'binlog.000002', position: 2, serverId: 1 });
    return verifiableRecords(captured, rows, { snapshot, later: sourceInfo.make(catalog, table, 1, 'false') }, nowNs);
  }

  async #position(session: Session): Promise<string> {
    const { file, position } = await currentPosition(session.client, this.#config.settings.flavor, session.server);
    return `${file}:${position}`;
  }

  async #open(abort: AbortSignal): Promise<Opened> {
    if (this.#opened !== null) return this.#opened;
    const { settings } = this.#config;
    const connection = await settings.connection();
    const client = await connect(connection);
    this.#client = client;
    using _ = breakOffAfter(abort, client);
    try {
      const partition = serverPartition(settings.topicPrefix);
      const session = await Session.open({ client, connection, settings, makers: this.#makers, partition, logger: this.#logger });
      const captured = this.#makers.inSnapshotOrder((await listTables(client)).filter(({ id }) => this.#makers.includesTable(id)));
      const models = session.modelsOf(await readSnapshotSchema(client, captured));
      const tables = new Map<string, OpenTable>();
      for (const table of captured) {
        const model = models.table(table.id);
        if (model === null) continue;
        tables.set(qualifiedName(table.id), { table, readable: session.tables.compile(model), key: keyColumnsOf(model) });
      }
      this.#opened = { session, tables };
      return this.#opened;
    } catch (error) {
      await this.#close();
      throw databaseFailure(error, 'Listing the tables for a verification');
    }
  }

  async #close(): Promise<void> {
    const client = this.#client;
    [this.#opened, this.#client] = [null, null];
    if (client !== null) await disconnect(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** Rows with the texts of their keys, which come last in the select list. */
async function readRows(
  client: Connection,
  readable: ReadableTable,
  key: readonly KeyColumn[],
  clauses: string,
): Promise<{ readonly row: Row; readonly key: readonly string[] }[]> {
  const { model } = readable;
  const shown = readable.readers.filter(reader => reader !== null);
  const readers = [...shown.map(reader => (readable.isNeeded(reader) ? reader : null)), ...key.map(() => textColumn)];
  const columns = model.columns.filter((_, index) => readable.readers[index] !== null).map(({ name }) => quoteIdentifier(name));
  const list = [...columns, ...key.map(keyExpression)].join(', ');
  const rows: { row: Row; key: readonly string[] }[] = [];
  await using result = new TextRows(client, `SELECT ${list} FROM ${quoteTable(model.id)}${clauses}`, readers);
  const take = (row: Value[]) => {
    const texts = row.splice(shown.length) as string[];
    rows.push({ row, key: texts });
  };
  while (await result.next(take));
  return rows;
}
