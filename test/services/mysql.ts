import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { mariadbPrograms, mysqlProgram, type Program } from './mysql-binaries.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

export type MysqlFlavor = 'mysql' | 'mariadb';

/** Settings of both. Durability is off: a test that needs it asks for it. */
const commonSettings = {
  'bind-address': '127.0.0.1',
  'server-id': '223344',
  'log-bin': 'binlog',
  'binlog-format': 'ROW',
  'binlog-row-image': 'FULL',
  'binlog-row-metadata': 'FULL',
  'sync-binlog': '0',
  'innodb-flush-log-at-trx-commit': '0',
  'innodb-buffer-pool-size': '64M',
  'innodb-doublewrite': '0',
  'skip-name-resolve': '1',
  'default-time-zone': '+00:00',
  'character-set-server': 'utf8mb4',
  'max-connections': '200',
  'performance-schema': '0',
} as const;

const flavorSettings = {
  mysql: {
    'gtid-mode': 'ON',
    'enforce-gtid-consistency': 'ON',
    'innodb-redo-log-capacity': '64M',
    'innodb-use-native-aio': '0',
    'collation-server': 'utf8mb4_0900_ai_ci',
    mysqlx: '0',
    'secure-file-priv': 'NULL',
    'local-infile': '1',
  },
  mariadb: { 'innodb-log-file-size': '64M', 'innodb-use-native-aio': '0', 'gtid-strict-mode': '0' },
} as const;

const names = { mysql: 'MySQL 9', mariadb: 'MariaDB 10.11' } as const;

export type MysqlOptions = {
  /** Server variables as on the command line, without the dashes in front; they win over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** Where a server is and how to log in with every right. */
export type MysqlAddress = {
  /** `mysql://user:password@host:port/`, for MariaDB too. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
};

/** The parts of a `mysql://user:password@host:port` URL. */
export function mysqlAddress(url: string): MysqlAddress {
  const { hostname, port, username, password } = new URL(url);
  return {
    url,
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username || 'root'),
    password: decodeURIComponent(password),
  };
}

/** A real MySQL or MariaDB of its own: stopped and deleted when disposed. It may be stopped and started again on the same port and data. */
export class MysqlServer implements MysqlAddress, AsyncDisposable {
  readonly flavor: MysqlFlavor;
  readonly host = '127.0.0.1';
  readonly user = 'root';
  readonly password = 'sluice';
  readonly port: number;
  readonly url: string;
  /** Holds the binlogs and, of MySQL, the certificates it made itself (ca.pem). Removed when the server is disposed. */
  readonly dataFolder: string;
  readonly logFile: string;
  readonly #scratch: ScratchFolder;
  readonly #program: Program;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ServerProcess | null = null;

  constructor(flavor: MysqlFlavor, program: Program, port: number, options: MysqlOptions) {
    this.flavor = flavor;
    this.port = port;
    this.url = `mysql://${this.user}:${this.password}@${this.host}:${port}/`;
    this.#scratch = new ScratchFolder(flavor);
    this.#program = program;
    this.dataFolder = this.#scratch.file('data');
    this.logFile = this.#scratch.file('server.log');
    this.#settings = {
      datadir: this.dataFolder,
      // Its own: a server that starts deletes what looks like a temporary table in there, also another server's.
      tmpdir: this.#scratch.file('tmp'),
      port: String(port),
      socket: this.#scratch.file('server.sock'),
      'pid-file': this.#scratch.file('server.pid'),
      ...(process.getuid?.() === 0 && { user: 'root' }),
      ...commonSettings,
      ...flavorSettings[flavor],
      ...options.settings,
    };
  }

  /** Creates the data folder. Once, before the first start, which it does too: the first start makes the user. */
  async initialize(install: Program | null): Promise<void> {
    const users = this.#scratch.file('users.sql');
    const account = `'${this.user}'@'%'`;
    await writeFile(
      users,
      `set sql_log_bin = 0;\ndrop user if exists 'root'@'127.0.0.1', 'root'@'::1';\ncreate user ${account} identified by '${this.password}';\ngrant all privileges on *.* to ${account} with grant option;\n`,
    );
    const { user, datadir, tmpdir } = this.#settings;
    await mkdir(tmpdir!);
    const args = [...(user === undefined ? [] : [`--user=${user}`]), `--datadir=${datadir}`, `--tmpdir=${tmpdir}`];
    if (install === null) {
      const { command, args: always } = this.#program;
      await run(command, [
        ...always,
        ...args,
        '--initialize-insecure',
        '--innodb-use-native-aio=0',
        '--innodb-redo-log-capacity=64M',
        '--mysqlx=0',
      ]);
    } else {
      await mkdir(this.dataFolder);
      await run(install.command, [...install.args, ...args]);
    }
    await this.start({ 'init-file': users });
  }

  /** Starts it (again) and waits until it answers. `settings` for this run only. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#process?.alive) return;
    const variables = Object.entries({ ...this.#settings, ...settings }).map(([name, value]) => `--${name}=${value}`);
    this.#process = await ServerProcess.start({
      name: names[this.flavor],
      command: this.#program.command,
      args: [...this.#program.args, ...variables],
      scratch: this.#scratch.path,
      logFile: this.logFile,
      ready: () => this.answers(),
      startMsMax: 120_000,
    });
  }

  async answers(): Promise<boolean> {
    try {
      const connection = await mysql.createConnection({
        host: this.host,
        port: this.port,
        user: this.user,
        password: this.password,
        connectTimeout: 2_000,
      });
      connection.on('error', () => undefined);
      await connection.query('select 1');
      await connection.end();
      return true;
    } catch {
      return false;
    }
  }

  /** Orderly shutdown: clients are disconnected, everything is written. */
  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM');
  }

  /** Kills it, as a crash would: the next start recovers. */
  async stopImmediately(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopImmediately();
    this.#scratch[Symbol.dispose]();
  }
}

async function started(server: MysqlServer, install: Program | null): Promise<MysqlServer> {
  try {
    await server.initialize(install);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A new, empty MySQL 9 on a free port of 127.0.0.1, with GTIDs. The caller owns it. */
export async function startMysql(options: MysqlOptions = {}): Promise<MysqlServer> {
  return started(new MysqlServer('mysql', await mysqlProgram(), await freePort(), options), null);
}

/** A new, empty MariaDB 10.11 on a free port of 127.0.0.1. The caller owns it. */
export async function startMariadb(options: MysqlOptions = {}): Promise<MysqlServer> {
  const { server, install } = await mariadbPrograms();
  return started(new MysqlServer('mariadb', server, await freePort(), options), install);
}
