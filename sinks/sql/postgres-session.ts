import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { quoted } from './identifiers.ts';
import { stopped, targetError } from './target-errors.ts';
import { describeTarget, type TargetAddress } from './target-url.ts';

export type PostgresAddress = Extract<TargetAddress, { kind: 'postgres' }>;
/** What a column holds, as pg's client reads it. */
export type PostgresRow = Record<string, unknown>;

const connectMsMax = 10_000;
const goodbyeMsMax = 1_000;
/** So many statements a session keeps prepared; beyond it, it starts anew. */
const preparedMax = 500;

/** Texts read the same whatever the role's settings are. */
const settings = '-c DateStyle=ISO,MDY -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=3 -c bytea_output=hex';

/**
 * One connection to Postgres, opened when it is first needed and again after it was lost. Statements are prepared once a text. Its owner
 * disposes of it.
 */
export class PostgresSession implements AsyncDisposable {
  readonly address: PostgresAddress;
  /** Further settings of the session: `-c name=value`. */
  readonly #settings: string;
  readonly #opened: (session: PostgresSession) => Promise<void>;
  #client: pg.Client | null = null;
  #names = new Map<string, string>();

  /** `opened` runs after each login: for what a session must have, such as temporary tables. */
  constructor(address: PostgresAddress, extraSettings = '', opened: (session: PostgresSession) => Promise<void> = async () => {}) {
    this.address = address;
    this.#settings = extraSettings === '' ? settings : `${settings} ${extraSettings}`;
    this.#opened = opened;
  }

  /** Runs a prepared statement. Rejects as the client and the server report it. */
  async query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<PostgresRow>> {
    const client = await this.#connected();
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `sluice_${this.#names.size}`;
      this.#names.set(text, name);
    }
    return client.query<PostgresRow>({ name, text, values: values as unknown[] });
  }

  /** Runs statements without parameters, several in one text; nothing is prepared. */
  async script(text: string): Promise<void> {
    await (await this.#connected()).query(text);
  }

  /** As `query`, not prepared: for what is asked once. */
  async ask(text: string, values: readonly unknown[] = []): Promise<PostgresRow[]> {
    return (await (await this.#connected()).query<PostgresRow>(text, values as unknown[])).rows;
  }

  /**
   * Does work in one transaction: committed when it resolves, rolled back when it rejects. Rejects with a SluiceError. Aborted, the connection
   * is broken off, so that a statement under way ends as well.
   */
  async transaction<T>(doing: string, abort: AbortSignal, work: () => Promise<T>): Promise<T> {
    const end = () => this.#breakOff();
    abort.addEventListener('abort', end);
    try {
      abort.throwIfAborted();
      if (this.#names.size > preparedMax) await this.close();
      await this.script('begin');
      const made = await work();
      await this.script('commit');
      return made;
    } catch (error) {
      await this.#rollback();
      if (abort.aborted) throw stopped(doing);
      throw targetError(error, `${doing} in ${describeTarget(this.address)}`);
    } finally {
      abort.removeEventListener('abort', end);
    }
  }

  async #rollback(): Promise<void> {
    try {
      if (this.#client) await this.#client.query('rollback');
    } catch {
      await this.close();
    }
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const { address } = this;
    const schema = address.currentSchema === null ? '' : ` -c search_path=${quoted(address.currentSchema).replaceAll(/[\\ ]/g, '\\$&')}`;
    const client = await this.#login(`${this.#settings}${schema}`);
    this.#client = client;
    this.#names = new Map();
    const forget = () => {
      if (this.#client === client) this.#client = null;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await this.#opened(this);
    } catch (error) {
      await this.close();
      throw error;
    }
    return client;
  }

  async #login(sessionSettings: string): Promise<pg.Client> {
    const { sslMode } = this.address;
    try {
      return await this.#attempt(sessionSettings, sslMode !== 'disable');
    } catch (error) {
      const noTls = /does not support SSL/i.test((error as Error).message);
      if (sslMode === 'prefer' && noTls) return this.#attempt(sessionSettings, false);
      throw error;
    }
  }

  async #attempt(sessionSettings: string, tls: boolean): Promise<pg.Client> {
    const { host, port, database, user, password } = this.address;
    const client = new pg.Client({
      host,
      port,
      database,
      application_name: 'Sluice',
      options: sessionSettings,
      keepAlive: true,
      connectionTimeoutMillis: connectMsMax,
      ssl: tls ? await this.#tls() : false,
      ...(user === null ? {} : { user }),
      ...(password === null ? {} : { password }),
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }

  async #tls(): Promise<ConnectionOptions> {
    const { sslMode, sslRootCertificateFile: file, host } = this.address;
    let ca: Buffer | undefined;
    try {
      ca = file === null ? undefined : await readFile(file);
    } catch (cause) {
      throw new SluiceError('CONFIG_INVALID', `connection.url: the file ${file} of sslrootcert cannot be read.`, { cause });
    }
    return {
      rejectUnauthorized: sslMode === 'verify-ca' || sslMode === 'verify-full',
      checkServerIdentity: (_, peer) => (sslMode === 'verify-full' ? checkServerIdentity(host, peer) : undefined),
      ...(ca !== undefined && { ca }),
    };
  }

  #breakOff(): void {
    const client = this.#client as (pg.Client & { readonly connection: { readonly stream: Socket } }) | null;
    this.#client = null;
    client?.connection.stream.destroy(new Error('Connection terminated: the task is being stopped'));
  }

  /** Ends the connection; the next statement opens another. Never rejects. */
  async close(): Promise<void> {
    const client = this.#client as (pg.Client & { readonly connection: { readonly stream: Socket } }) | null;
    this.#client = null;
    if (client === null) return;
    const timer = setTimeout(() => client.connection.stream.destroy(), goodbyeMsMax);
    await client.end().catch(() => {});
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
