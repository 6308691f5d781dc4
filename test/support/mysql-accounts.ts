import type { RowDataPacket } from 'mysql2';
import type { MysqlAddress, MysqlFlavor } from '../services/mysql.ts';
import { AccountsUnderLoad, type FollowedAccounts, followed, plainJson, raisingRows } from './accounts-under-load.ts';
import { connectMysql, type FreshMysqlDatabase } from './fresh-mysql-database.ts';
import { committedLines } from './published.ts';

const classes = {
  mysql: 'io.debezium.connector.mysql.MySqlConnector',
  mariadb: 'io.debezium.connector.mariadb.MariaDbConnector',
} as const;

/** Accounts, each at version 0, in a database of MySQL or MariaDB; what `accounts-under-load.ts` has for PostgreSQL. */
export class MysqlAccounts {
  readonly #flavor: MysqlFlavor;
  readonly #server: MysqlAddress;
  readonly #database: FreshMysqlDatabase;
  readonly #table: string;

  constructor(flavor: MysqlFlavor, server: MysqlAddress, database: FreshMysqlDatabase, table: string) {
    [this.#flavor, this.#server, this.#database, this.#table] = [flavor, server, database, table];
  }

  async make(accounts: number): Promise<void> {
    const rows = Array.from({ length: accounts }, (_, n) => `(${n + 1}, 0)`);
    await this.#database.run(
      `create table ${this.#table} (id int primary key, version int not null); insert into ${this.#table} values ${rows.join(', ')}`,
    );
  }

  get #prefix(): string {
    return `${this.#database.name}_${this.#table}`;
  }

  get topic(): string {
    return `${this.#prefix}.${this.#database.name}.${this.#table}`;
  }

  /** The topic of the schema history. */
  get history(): string {
    return `${this.#prefix}.history`;
  }

  /** A connector on them, as both Debezium and the daemon take it. */
  connector(bootstrapServers: string, serverId: number): Record<string, string> {
    const { host, port, user, password } = this.#server;
    return {
      'connector.class': classes[this.#flavor],
      'tasks.max': '1',
      'topic.prefix': this.#prefix,
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password,
      'database.server.id': String(serverId),
      'database.include.list': this.#database.name,
      'table.include.list': `${this.#database.name}.${this.#table}`,
      'schema.history.internal.kafka.bootstrap.servers': bootstrapServers,
      'schema.history.internal.kafka.topic': this.history,
      'schema.history.internal.store.only.captured.tables.ddl': 'true',
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
      ...plainJson,
    };
  }

  /** Raises their versions, 20 or so in a transaction, until it is stopped. */
  load(pauseMs?: number): AccountsUnderLoad {
    return new AccountsUnderLoad(
      async () => raisingRows(await connectMysql(this.#server, { database: this.#database.name }), this.#table),
      pauseMs,
    );
  }

  /** A statement on their table. */
  async alter(what: string): Promise<void> {
    await this.#database.run(`alter table ${this.#table} ${what}`);
  }

  async followed(bootstrapServers: string): Promise<FollowedAccounts> {
    const lines = await committedLines(bootstrapServers, this.topic);
    const [rows] = await this.#database.connection.query<RowDataPacket[]>(`select id, version from ${this.#table}`);
    return followed(
      lines,
      rows.map(({ id, version }) => ({ id: Number(id), version: Number(version) })),
    );
  }
}
