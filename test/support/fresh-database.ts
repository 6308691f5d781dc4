import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { PostgresAddress } from '../services/postgres.ts';
import { until } from './until.ts';

/** A database of one's own in a shared server, with a client logged in to it. */
export type FreshDatabase = AsyncDisposable & {
  readonly name: string;
  readonly url: string;
  readonly client: pg.Client;
  /** Runs a script of several statements, in one implicit transaction. */
  run(script: string): Promise<void>;
};

/** A client that is logged in and ends when it is disposed; a connection the server closes is no unhandled error. */
export async function connectTo(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** The server was stopped, or has cut this connection. */
export function isConnectionLost(error: unknown): boolean {
  const { code = '', message } = error as { code?: string; message: string };
  return /^57P0|^ECONN|^EPIPE/.test(code) || /Connection terminated|connection error/.test(message);
}

/** Drops a database with its replication slots, whose readers may still be leaving. */
async function drop(admin: pg.Client, name: string): Promise<void> {
  await until(
    async () => {
      await admin.query('select pg_terminate_backend(active_pid) from pg_replication_slots where database = $1 and active', [name]);
      try {
        await admin.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1', [name]);
        await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
        return true;
      } catch (error) {
        if (['55006', '42704'].includes((error as { code?: string }).code ?? '')) return false; // in use, or gone meanwhile
        throw error;
      }
    },
    { what: `the slots of database ${name} to be free`, timeoutMs: 60_000, everyMs: 50 },
  );
}

/** Creates an empty database (named `name`, replacing one of that name; else by chance); dropped with its slots when disposed. */
export async function freshDatabase(server: PostgresAddress, name = `test_${randomBytes(6).toString('hex')}`): Promise<FreshDatabase> {
  {
    await using admin = await connectTo(server.url);
    await drop(admin, name);
    await admin.query(`create database ${pg.escapeIdentifier(name)}`);
  }
  const url = new URL(server.url);
  url.pathname = `/${encodeURIComponent(name)}`;
  const client = await connectTo(url.href);
  return {
    name,
    url: url.href,
    client,
    async run(script) {
      await client.query(script);
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      try {
        await using admin = await connectTo(server.url);
        await drop(admin, name);
      } catch (error) {
        // A test has stopped its own server and fails: that is what it should tell of.
        if (!isConnectionLost(error)) throw error;
      }
    },
  };
}
