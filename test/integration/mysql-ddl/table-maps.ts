import type mysql from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import { BinlogStream } from '../../../connectors/mysql/binlog/binlog-stream.ts';
import type { BinlogHandler } from '../../../connectors/mysql/binlog/events.ts';
import type { TableMap } from '../../../connectors/mysql/binlog/table-map.ts';
import { type CollationRow, collationQueries, textReading } from '../../../connectors/mysql/collations.ts';
import { noTls } from '../../../connectors/mysql/connection.ts';
import type { TextReading } from '../../../connectors/mysql/reconcile.ts';
import type { MysqlAddress, MysqlFlavor } from '../../services/mysql.ts';
import { freshServerId } from '../mysql-decoded-tables.ts';

export async function readingOf(connection: mysql.Connection, flavor: MysqlFlavor): Promise<TextReading> {
  const rows: CollationRow[] = [];
  for (const sql of flavor === 'mysql' ? [collationQueries.always] : [collationQueries.always, collationQueries.mariadb]) {
    const [found] = await connection.query<(RowDataPacket & CollationRow)[]>(sql);
    rows.push(...found);
  }
  return textReading(rows);
}

const ignore = () => {};

/** The table maps that the binlog has got since the last call. One stream for all calls. */
export class TableMaps implements AsyncDisposable {
  readonly #connection: mysql.Connection;
  readonly #flavor: MysqlFlavor;
  readonly #stream: BinlogStream;
  readonly #maps: TableMap[] = [];
  #position = '';

  private constructor(connection: mysql.Connection, flavor: MysqlFlavor, stream: BinlogStream) {
    this.#connection = connection;
    this.#flavor = flavor;
    this.#stream = stream;
  }

  static async open(address: MysqlAddress, connection: mysql.Connection, flavor: MysqlFlavor): Promise<TableMaps> {
    const { file, position } = await currentPosition(connection, flavor);
    const { host, port, user, password } = address;
    const stream = await BinlogStream.open(
      { hostname: host, port, user, password, tls: noTls, connectTimeoutMs: 10_000, tcpKeepAlive: true, initialStatements: [] },
      { flavor, serverId: freshServerId(), heartbeatMs: 1_000, statements: false },
      { file, position, gtids: null },
    );
    return new TableMaps(connection, flavor, stream);
  }

  async take(): Promise<readonly TableMap[]> {
    const { file, position } = await currentPosition(this.#connection, this.#flavor);
    const handler: BinlogHandler = {
      gtid: ignore,
      rowsQuery: ignore,
      xaPrepare: ignore,
      rotate: ignore,
      incident: ignore,
      query: (_, header) => this.#at(header),
      heartbeat: header => this.#at(header),
      xid: (_, header) => this.#at(header),
      rows: event => this.#maps.push(event.table),
    };
    const end = placeOf(file, position);
    while (this.#position < end) await this.#stream.next(handler);
    return this.#maps.splice(0);
  }

  #at({ file, nextPosition }: { readonly file: string; readonly nextPosition: number }): void {
    this.#position = placeOf(file, nextPosition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream[Symbol.asyncDispose]();
  }
}

function placeOf(file: string, position: number): string {
  return `${file}:${String(position).padStart(12, '0')}`;
}

async function currentPosition(connection: mysql.Connection, flavor: MysqlFlavor): Promise<{ file: string; position: number }> {
  const [[row]] = await connection.query<RowDataPacket[]>(flavor === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
  return { file: String(row!['File']), position: Number(row!['Position']) };
}
