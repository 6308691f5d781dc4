import assert from 'node:assert/strict';
import { ask, type Config, failure, logged, progressOf, untilLogged } from '../../integration/bad-input-fixture.ts';
import type { MysqlFlavor, MysqlServer } from '../../services/mysql.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import type { Daemon } from '../../support/daemon.ts';
import { connectMysql, type FreshMysqlDatabase, freshMysqlDatabase } from '../../support/fresh-mysql-database.ts';

const classes = {
  mysql: 'io.debezium.connector.mysql.MySqlConnector',
  mariadb: 'io.debezium.connector.mariadb.MariaDbConnector',
} as const satisfies Record<MysqlFlavor, string>;

let serverIds = 95_000;

/** One small table that a daemon captures into its embedded log: every change is told by name, so that what is missing or doubled is seen at once. */
export class CapturedMysqlTable implements AsyncDisposable {
  readonly database: FreshMysqlDatabase;
  readonly server: MysqlServer;
  readonly daemon: Daemon;
  readonly #rest: ConnectClient;
  readonly #config: Config;
  readonly #resources: AsyncDisposableStack;

  private constructor(server: MysqlServer, database: FreshMysqlDatabase, daemon: Daemon, config: Config, resources: AsyncDisposableStack) {
    this.server = server;
    this.database = database;
    this.daemon = daemon;
    this.#rest = new ConnectClient(daemon.url);
    this.#config = config;
    this.#resources = resources;
  }

  /** A table with the rows 1 and 2, read by a snapshot, and 3, read from the stream; `prepare` comes before the connector. */
  static async start(
    server: MysqlServer,
    daemon: Daemon,
    config: Config = {},
    prepare: (captured: CapturedMysqlTable) => Promise<void> = async () => {},
  ): Promise<CapturedMysqlTable> {
    await using resources = new AsyncDisposableStack();
    const database = resources.use(await freshMysqlDatabase(server));
    await database.run('create table orders (id int primary key, v varchar(20)); insert into orders (id) values (1), (2)');
    const complete = {
      'connector.class': classes[server.flavor],
      'topic.prefix': database.name,
      'database.hostname': server.host,
      'database.port': String(server.port),
      'database.user': server.user,
      'database.password': server.password,
      'database.server.id': String(++serverIds),
      'database.include.list': database.name,
      'schema.history.internal.store.only.captured.tables.ddl': 'true',
      'key.converter': 'json',
      'value.converter': 'json',
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      'retriable.restart.connector.wait.ms': '300',
      // What comes is told by the stream alone.
      'snapshot.new.tables': 'none',
      ...config,
    };
    resources.defer(async () => void (await ask(daemon, 'DELETE', `/connectors/${database.name}`)));
    const captured = new CapturedMysqlTable(server, database, daemon, complete, resources.move());
    await prepare(captured);
    await captured.configure({});
    await captured.holds('r1', 'r2');
    await captured.run('insert into orders (id) values (3)');
    await captured.holds('r1', 'r2', 'c3');
    return captured;
  }

  /** Of the connector, the database and the topics. */
  get name(): string {
    return this.database.name;
  }

  /** Runs SQL on a connection of its own: the server may have been away. */
  async run(sql: string): Promise<void> {
    await using client = await connectMysql(this.server, { database: this.name });
    await client.query(sql);
  }

  /** Submits the connector again, with these options over its own; that restarts it. */
  async configure(config: Config): Promise<void> {
    await this.#rest.putConfig(this.name, { ...this.#config, ...config });
  }

  /** Stops the connector; its task has ended. */
  async stop(): Promise<void> {
    await this.#rest.stop(this.name);
  }

  async resume(): Promise<void> {
    await this.#rest.call('PUT', `/connectors/${this.name}/resume`);
  }

  async restart(): Promise<void> {
    await this.#rest.call('POST', `/connectors/${this.name}/tasks/0/restart`);
  }

  /** Waits until the topic holds these changes, and no other. */
  async holds(...changes: readonly string[]): Promise<void> {
    await this.topicHolds('orders', ...changes);
  }

  async topicHolds(table: string, ...changes: readonly string[]): Promise<void> {
    await untilLogged(this.daemon, `${this.name}.${this.name}.${table}`, changes);
  }

  /** What the records of a table's changes have as key and row, without schemas. */
  async written(table: string): Promise<readonly (readonly [key: unknown, after: unknown])[]> {
    const records = await logged(this.daemon.dataFolder, [`${this.name}.${this.name}.${table}`]);
    const parsed = (bytes: Uint8Array | null) => (bytes === null ? null : JSON.parse(Buffer.from(bytes).toString()));
    return records.filter(({ value }) => value !== null).map(({ key, value }) => [parsed(key), parsed(value).after] as const);
  }

  /** Waits until the task has failed and Connect's status says so. Its trace. */
  async failed(code: string): Promise<string> {
    const trace = await failure(this.daemon, this.name);
    assert.ok(trace.startsWith(`${code}: `), trace);
    return trace;
  }

  /** What is said of a task that is tried again; null where it is not. */
  async retrying() {
    return (await progressOf(this.daemon, this.name))?.retrying ?? null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
