import { createHash } from 'node:crypto';
import type { MysqlAddress } from '../services/mysql.ts';
import type { PostgresAddress } from '../services/postgres.ts';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { connectMysql, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { until } from '../support/until.ts';
import type { Case } from './case.ts';
import type { RunningCase } from './recorder.ts';

/** An empty database for a case. */
export type CaseDatabase = AsyncDisposable & { run(statement: string): Promise<void> };

/** The server that a case's connector reads. */
export interface CaseEngine {
  /** The connection, and what must be the connector's own. */
  config(theCase: Case, connector: string): Readonly<Record<string, string>>;
  openDatabase(name: string): Promise<CaseDatabase>;
  /** Resolves once the connector has begun to stream. */
  streaming(running: RunningCase): Promise<void>;
  /** Resolves once all that is committed by now is durable in the daemon's log. */
  settled(running: RunningCase): Promise<void>;
}

/** Also for what a load has left behind while faults struck for minutes. */
export const settleBound = { timeoutMs: 180_000, everyMs: 50 };

/** The slot tells who reads it, and how far the daemon has confirmed (invariant 2). */
export function postgresEngine(server: PostgresAddress, slotOf = (connector: string) => `slot_${connector}`): CaseEngine {
  return {
    config: ({ database }, connector) => ({
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': server.host,
      'database.port': String(server.port),
      'database.user': server.user,
      'database.password': server.password || 'x',
      'database.dbname': database,
      'slot.name': slotOf(connector),
      'publication.name': `pub_${connector}`,
    }),
    async openDatabase(name) {
      await using resources = new AsyncDisposableStack();
      // The same case may be run with another log at the same time, and its database has that name, too: one after the other.
      const turn = resources.use(await connectTo(server.url));
      await turn.query('select pg_advisory_lock(hashtext($1))', [name]);
      const database = resources.use(await freshDatabase(server, name));
      const owned = resources.move();
      return {
        run: async statement => void (await database.client.query(statement)),
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
    async streaming({ connector }) {
      await using admin = await connectTo(server.url);
      const slot = slotOf(connector);
      const active = async () =>
        (await admin.query('select 1 from pg_replication_slots where slot_name = $1 and active', [slot])).rowCount === 1;
      await until(active, { what: `replication slot ${slot} to be read`, ...settleBound });
    },
    async settled({ client, connector }) {
      await using admin = await connectTo(server.url);
      // Commits in another database: WAL that is no change here. One before the position, since a new slot begins at the WAL's end; one
      // behind it, so that the server writes and sends all that is before.
      await admin.query('select pg_current_xact_id()');
      const { rows } = await admin.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn');
      await admin.query('select pg_current_xact_id()');
      const slot = slotOf(connector);
      const passed = async () => {
        await client.assertNotFailed(connector);
        const found = await admin.query('select 1 from pg_replication_slots where slot_name = $1 and confirmed_flush_lsn >= $2', [
          slot,
          rows[0]!.lsn,
        ]);
        return found.rowCount === 1;
      };
      await until(passed, { what: `slot ${slot} to be confirmed up to ${rows[0]!.lsn}`, ...settleBound });
    },
  };
}

type Offsets = {
  readonly offsets: readonly { readonly offset: { file?: string; pos?: number; snapshot?: string; snapshot_completed?: boolean } | null }[];
};

/** The connector's stored offset tells how far it is. */
export function mysqlEngine(server: MysqlAddress): CaseEngine {
  const offset = async ({ client, connector }: RunningCase) => {
    await client.assertNotFailed(connector);
    const { offsets } = await client.call<Offsets>('GET', `/connectors/${connector}/offsets`);
    return offsets.find(each => each.offset?.file !== undefined)?.offset ?? null;
  };
  return {
    config: ({ database }, connector) => ({
      'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
      'database.hostname': server.host,
      'database.port': String(server.port),
      'database.user': server.user,
      'database.password': server.password,
      'database.include.list': database,
      'database.server.id': String(10_000 + (createHash('sha1').update(connector).digest().readUInt32LE(0) % 1_000_000_000)),
    }),
    async openDatabase(name) {
      const database = await freshMysqlDatabase(server, name);
      return { run: statement => database.run(statement), [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
    },
    async streaming(running) {
      // What the connector has not read yet, the stream brings: whenever it begins.
      await this.settled(running);
    },
    async settled(running) {
      await using admin = await connectMysql(server);
      const [rows] = await admin.query('show binary log status').catch(() => admin.query('show master status'));
      const { File: file, Position: position } = (rows as { File: string; Position: number }[])[0]!;
      const passed = async () => {
        const stored = await offset(running);
        const read = stored !== null && (stored.snapshot === undefined || stored.snapshot_completed === true);
        return read && (stored.file! > file || (stored.file === file && stored.pos! >= position));
      };
      await until(passed, { what: `the offset to pass ${file}:${position}`, ...settleBound });
    },
  };
}
