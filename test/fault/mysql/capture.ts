import { mysqlEngine } from '../../conformance/engines.ts';
import { type MysqlServer, startMariadb, startMysql } from '../../services/mysql.ts';
import { ChangingMysqlDatabase } from '../../support/changing-mysql-database.ts';
import type { Daemon } from '../../support/daemon.ts';
import { connectMysql } from '../../support/fresh-mysql-database.ts';
import { CapturedTask } from '../captured-task.ts';
import type { LogUnderFault } from '../logs.ts';

const connector = 'captured';

/** What is committed survives the server's own death, in the binlog and in the tables alike. */
export const durableSettings = { 'sync-binlog': '1', 'innodb-flush-log-at-trx-commit': '1' } as const;

export const starts = { mysql: startMysql, mariadb: startMariadb } as const;

/** The daemon's own login, so that its connections are told from others. */
const reader = { user: 'reader', password: 'reads' };

/** Makes the daemon's login, with every right that a snapshot and a stream need. */
export async function makeReader(server: MysqlServer): Promise<void> {
  await using admin = await connectMysql(server);
  const client = server.flavor === 'mysql' ? 'replication client' : 'binlog monitor';
  await admin.query(
    `create user if not exists ${reader.user} identified by '${reader.password}'; grant select, reload, lock tables, replication slave, ${client} on *.* to ${reader.user}`,
  );
}

/** A database under load, and a daemon that captures it into a log while faults strike. */
export class MysqlCapture extends CapturedTask implements AsyncDisposable {
  readonly changing: ChangingMysqlDatabase;
  readonly #log: LogUnderFault;
  readonly #resources: AsyncDisposableStack;

  private constructor(changing: ChangingMysqlDatabase, daemon: Daemon, log: LogUnderFault, resources: AsyncDisposableStack) {
    super(daemon, connector);
    this.changing = changing;
    this.#log = log;
    this.#resources = resources;
  }

  /** Begins with the snapshot. `config` wins over what captures the database; with it the daemon may reach the server another way. */
  static async start(
    server: MysqlServer,
    log: LogUnderFault,
    seed: number,
    config: Readonly<Record<string, string>> = {},
  ): Promise<MysqlCapture> {
    await using resources = new AsyncDisposableStack();
    await makeReader(server);
    const changing = resources.use(await ChangingMysqlDatabase.start(server.flavor, server, seed));
    const daemon = resources.use(await log.newDaemon());
    await daemon.start();
    const capture = new MysqlCapture(changing, daemon, log, resources.move());
    await capture.configure(seed, config);
    return capture;
  }

  /** Submits the connector (again), with these options over its own; that restarts it. */
  async configure(seed: number, config: Readonly<Record<string, string>>): Promise<void> {
    const login = { 'database.user': reader.user, 'database.password': reader.password };
    const own = this.changing.config(80_000 + seed);
    await this.rest.putConfig(connector, { ...own, ...login, 'retriable.restart.connector.wait.ms': '300', ...config });
  }

  /** The server ends the daemon's connections; only those that read the binlog where `dumps`. */
  async cutConnections(server: MysqlServer, dumps: boolean): Promise<void> {
    await using admin = await connectMysql(server);
    const [found] = await admin.query('select id, command from information_schema.processlist where user = ?', [reader.user]);
    const ids = (found as { id: number; command: string }[]).flatMap(({ id, command }) =>
      !dumps || command.startsWith('Binlog Dump') ? [id] : [],
    );
    if (ids.length === 0) throw new Error('There was no connection to end');
    // One may have ended by itself meanwhile.
    for (const id of ids) await admin.query(`kill ${id}`).catch(() => {});
  }

  /** Ends the load; then everything is in the log once and in order. Tells what was found. `server`: where the stream is now. */
  async assertExactlyOnce(server: MysqlServer): Promise<string> {
    const { changing, daemon } = this;
    await changing.rest();
    const engine = mysqlEngine(server);
    await engine.settled({ client: this.rest, connector, engine });
    return changing.assertPublished(this.#log.published(daemon, changing.topics));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
