import type { Connection } from 'mysql2';
import { BinlogStream } from '../../connectors/mysql/binlog/binlog-stream.ts';
import type { BinlogHandler } from '../../connectors/mysql/binlog/events.ts';
import type { ColumnReader } from '../../connectors/mysql/column.ts';
import { type ConnectionSettings, connect, disconnect, noTls, query, quoteIdentifier } from '../../connectors/mysql/connection.ts';
import { TableModels } from '../../connectors/mysql/ddl/table-models.ts';
import { rowLayout } from '../../connectors/mysql/row-layout.ts';
import type { TableModel } from '../../connectors/mysql/table-model.ts';
import { TextRows } from '../../connectors/mysql/text-rows.ts';
import { charsetDecoder } from '../../connectors/mysql/values/charsets.ts';
import { createColumnReader } from '../../connectors/mysql/values/column-reader.ts';
import type { ValueOptions } from '../../connectors/mysql/values/value-options.ts';
import { type Schema, Struct, structSchema, UnreadStruct, type Value } from '../../src/contract/index.ts';
import type { MysqlAddress, MysqlFlavor } from '../services/mysql.ts';

/** A table as the column readers show it. */
export type DecodedTable = { readonly model: TableModel; readonly readers: readonly (ColumnReader | null)[]; readonly schema: Schema };
export type DecodedChange = {
  readonly op: 'c' | 'u' | 'd';
  readonly table: string;
  readonly before: Struct | null;
  readonly after: Struct | null;
};

export function settingsOf({ host, port, user, password }: MysqlAddress): ConnectionSettings {
  return {
    hostname: host,
    port,
    user,
    password,
    tls: noTls,
    connectTimeoutMs: 10_000,
    tcpKeepAlive: true,
    initialStatements: [],
  };
}

/**
 * So many for each process, above what tests choose themselves: a server cuts off a replica when another one comes with its number. Of as many
 * processes as 32 bits have room for, which is more than most systems have at a time.
 */
const serverIdsOfProcess = 100_000;
let nextServerId = 100_000_000 + (process.pid % 41_000) * serverIdsOfProcess;

/** A number that no other replica of the tests has. */
export function freshServerId(): number {
  return nextServerId++;
}

function selectAll({ columns, id }: TableModel): string {
  return `SELECT ${columns.map(({ name }) => quoteIdentifier(name)).join(', ')} FROM ${quoteIdentifier(id.table)}`;
}

/** Reads a database's tables through the readers, by query and from the binlog: what snapshot and stream do, without the connector. */
export class MysqlTableDecoder implements AsyncDisposable {
  readonly connection: Connection;
  readonly #flavor: MysqlFlavor;
  readonly #address: MysqlAddress;
  readonly #database: string;
  readonly #options: ValueOptions;
  readonly #models: TableModels;
  readonly #collations: ReadonlyMap<number, string>;
  readonly #decoded = new Map<TableModel, DecodedTable>();
  #place: { file: string; position: number };

  private constructor(
    connection: Connection,
    flavor: MysqlFlavor,
    address: MysqlAddress,
    database: string,
    options: ValueOptions,
    collations: ReadonlyMap<number, string>,
    place: { file: string; position: number },
    includeComments: boolean,
  ) {
    this.connection = connection;
    this.#flavor = flavor;
    this.#address = address;
    this.#database = database;
    this.#options = options;
    this.#collations = collations;
    this.#place = place;
    this.#models = new TableModels({ server: flavor, includeComments, lowerCaseNames: false });
  }

  /** Changes from here on are read by `changes`. */
  static async open(
    flavor: MysqlFlavor,
    address: MysqlAddress,
    database: string,
    options: ValueOptions,
    includeComments = false,
  ): Promise<MysqlTableDecoder> {
    const connection = await connect(settingsOf(address));
    await query(connection, `USE ${quoteIdentifier(database)}`);
    const collations = await query(
      connection,
      'SELECT id, character_set_name AS charset FROM information_schema.collations WHERE id IS NOT NULL',
    );
    const [place] = await query(connection, flavor === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    return new MysqlTableDecoder(
      connection,
      flavor,
      address,
      database,
      options,
      new Map(collations.map(row => [Number(row['id'] ?? row['ID']), String(row['charset'])])),
      { file: String(place!['File']), position: Number(place!['Position']) },
      includeComments,
    );
  }

  /** The tables' definitions as they are now, by SHOW CREATE TABLE. */
  async tables(): Promise<readonly DecodedTable[]> {
    const names = (await query(this.connection, 'SHOW TABLES')).map(row => String(Object.values(row)[0]));
    for (const name of names) {
      const [row] = await query(this.connection, `SHOW CREATE TABLE ${quoteIdentifier(name)}`);
      this.#models.apply(`DROP TABLE IF EXISTS ${quoteIdentifier(name)}`, this.#database);
      this.#models.apply(String(row!['Create Table']), this.#database);
    }
    return names.map(name => this.#decode(this.#models.table({ catalog: this.#database, schema: '', table: name })!));
  }

  #decode(model: TableModel): DecodedTable {
    const known = this.#decoded.get(model);
    if (known) return known;
    const readers = model.columns.map(column => createColumnReader(column, this.#options));
    const schema = structSchema(readers.filter(reader => reader !== null).map(reader => [reader.name, reader.schema] as const));
    const decoded = { model, readers, schema };
    this.#decoded.set(model, decoded);
    return decoded;
  }

  async rows({ model, readers, schema }: DecodedTable): Promise<readonly Struct[]> {
    const found: Struct[] = [];
    const shown = (row: Value[]) =>
      found.push(
        new Struct(
          schema,
          row.filter((_, index) => readers[index] !== null),
        ),
      );
    await using rows = new TextRows(this.connection, selectAll(model), readers);
    while (await rows.next(shown));
    return found;
  }

  /** The same as rows that are not read until somebody asks for their values. */
  async unreadRows({ model, readers, schema }: DecodedTable): Promise<readonly UnreadStruct[]> {
    const found: UnreadStruct[] = [];
    const fields = { columns: readers.flatMap((reader, index) => (reader === null ? [] : [index])), maps: null };
    await using rows = new TextRows(this.connection, selectAll(model), readers);
    while (await rows.nextUnread(row => void found.push(new UnreadStruct(schema, row, fields))));
    return found;
  }

  /** What was committed since the last call, of this database. */
  async changes(): Promise<readonly DecodedChange[]> {
    const [end] = await query(this.connection, this.#flavor === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    const until = { file: String(end!['File']), position: Number(end!['Position']) };
    const found: DecodedChange[] = [];
    await using stream = await BinlogStream.open(
      settingsOf(this.#address),
      { flavor: this.#flavor, serverId: freshServerId(), heartbeatMs: 1_000, statements: false },
      { ...this.#place, gtids: null },
    );
    const ignore = () => {};
    const handler: BinlogHandler = {
      gtid: ignore,
      rowsQuery: ignore,
      xid: ignore,
      xaPrepare: ignore,
      rotate: ignore,
      heartbeat: ignore,
      incident: ignore,
      query: ({ statement, database }) => {
        if (database === this.#database && statement !== 'BEGIN') this.#models.apply(statement, database);
      },
      rows: event => {
        const { database, table } = event.table;
        if (database !== this.#database) return;
        const model = this.#models.reconcile({ catalog: database, schema: '', table }, event.table, {
          charsetOf: collation => this.#collations.get(collation) ?? null,
          decode: (bytes, charset) => charsetDecoder(charset)(Buffer.from(bytes), 0, bytes.length),
        });
        const { readers, schema } = this.#decode(model);
        const made = rowLayout(event.table, readers);
        if ('unfit' in made) throw new Error(`${table}: the columns ${made.unfit.join(', ')} do not fit`);
        event.each(made.layout, (before, after) => {
          const op = before === null ? 'c' : after === null ? 'd' : 'u';
          found.push({ op, table, before: before && new Struct(schema, before), after: after && new Struct(schema, after) });
        });
      },
    };
    const { header } = stream;
    // One call may bring more than what is waited for, and a new file with it.
    const isThere = () => header.file > until.file || (header.file === until.file && header.nextPosition >= until.position);
    while (!isThere()) await stream.next(handler);
    this.#place = until;
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.connection);
  }
}
