import { execFile } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { type PostgresVersion, postgresBinaries, type SystemUser, serverUser } from './postgres-binaries.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

/** Settings every test server has unless `settings` says otherwise. Durability is off: a test that needs it asks for it. */
const defaultSettings = {
  listen_addresses: '127.0.0.1',
  wal_level: 'logical',
  max_replication_slots: '30',
  max_wal_senders: '30',
  max_connections: '200',
  fsync: 'off',
  synchronous_commit: 'off',
  wal_writer_delay: '10ms', // with asynchronous commits, what a walsender waits for
  full_page_writes: 'off',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const;

export type PostgresOptions = {
  readonly version: PostgresVersion;
  /** Server settings as in postgresql.conf; they win over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How logins by TCP are checked; any password passes unless this says `scram-sha-256`. */
  readonly auth?: 'trust' | 'scram-sha-256';
};

/** Where a server is and how to log in as its superuser. */
export type PostgresAddress = {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
};

/** The parts of a `postgres://user:password@host:port/database` URL. */
export function postgresAddress(url: string): PostgresAddress {
  const { hostname, port, username, password } = new URL(url);
  return {
    url,
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username || 'postgres'),
    password: decodeURIComponent(password),
  };
}

/** A real PostgreSQL of its own: stopped and deleted when disposed. It may be stopped and started again on the same port and data. */
export class PostgresServer implements PostgresAddress, AsyncDisposable {
  readonly version: PostgresVersion;
  readonly host = '127.0.0.1';
  readonly user = 'postgres';
  readonly password = 'postgres';
  readonly port: number;
  readonly url: string;
  /** Removed when the server is disposed. */
  readonly dataFolder: string;
  readonly logFile: string;
  /** The folder of initdb, postgres and, with version 15, psql, pg_recvlogical and the rest. */
  readonly binaries: string;
  readonly #scratch: ScratchFolder;
  readonly #systemUser: SystemUser | undefined;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ServerProcess | null = null;

  constructor(options: PostgresOptions, port: number, binaries: string, user: SystemUser | undefined) {
    this.version = options.version;
    this.port = port;
    this.url = `postgres://${this.user}:${this.password}@${this.host}:${port}/postgres`;
    this.binaries = binaries;
    this.#systemUser = user;
    this.#scratch = new ScratchFolder(`postgres-${options.version}`);
    this.dataFolder = this.#scratch.file('data');
    this.logFile = this.#scratch.file('postgres.log');
    this.#settings = { ...defaultSettings, unix_socket_directories: this.#scratch.path, ...options.settings };
  }

  /** Creates the cluster. Once, before the first start. */
  async initialize(auth: 'trust' | 'scram-sha-256'): Promise<void> {
    mkdirSync(this.dataFolder, { mode: 0o700 });
    if (this.#systemUser)
      for (const path of [this.#scratch.path, this.dataFolder]) chownSync(path, this.#systemUser.uid, this.#systemUser.gid);
    const args = ['-D', this.dataFolder, '-U', this.user, '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
    await run(join(this.binaries, 'initdb'), args, { ...this.#systemUser, cwd: this.#scratch.path });
    await this.start();
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    await client.query(`alter user ${this.user} password '${this.password}'`);
    if (auth !== 'trust') {
      await client.query(`copy (select 'host all,replication all 127.0.0.1/32 ${auth}') to '${this.dataFolder}/pg_hba.conf'`);
      await client.query('select pg_reload_conf()');
    }
    await client.end();
  }

  /** Starts it (again) and waits until it answers. */
  async start(): Promise<void> {
    if (this.#process?.alive) return;
    const settings = Object.entries({ port: String(this.port), ...this.#settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = await ServerProcess.start({
      name: `PostgreSQL ${this.version}`,
      command: join(this.binaries, 'postgres'),
      args: ['-D', this.dataFolder, ...settings],
      scratch: this.#scratch.path,
      ...(this.#systemUser && { user: this.#systemUser }),
      logFile: this.logFile,
      ready: () => this.answers(),
      startMsMax: 120_000,
    });
  }

  async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Fast shutdown: clients are disconnected, everything is written. */
  async stop(): Promise<void> {
    await this.#process?.stop('SIGINT');
  }

  /** Immediate shutdown, as after a crash: the next start recovers from the WAL. */
  async stopImmediately(): Promise<void> {
    await this.#process?.stop('SIGQUIT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopImmediately();
    this.#scratch[Symbol.dispose]();
  }
}

/** A new server with an empty cluster, on a free port of 127.0.0.1. The caller owns it. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const user = await serverUser();
  const binaries = await postgresBinaries(options.version, user);
  const server = new PostgresServer(options, await freePort(), binaries, user);
  try {
    await server.initialize(options.auth ?? 'trust');
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
