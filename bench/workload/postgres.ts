import type pg from 'pg';
import type { PostgresServer } from '../../test/services/postgres.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../test/support/fresh-database.ts';
import { until } from '../../test/support/until.ts';
import type { Backlog, BenchDatabase, RunStart } from './bench-database.ts';

/** Durable, as a server is that somebody relies on; the sizes are those of a small production server. */
export const postgresSettings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_writer_delay: '200ms',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_connections: '100',
} as const;

/** A slot is free when its walsender has noticed that its reader is gone. */
const slotFreeMsMax = 60_000;

/** An order of ten columns; a row's message on the replication stream has about 480 bytes. No autovacuum: it would come in the way of some runs. */
const columns = `(
  id bigint primary key, customer_id bigint not null, product text not null, quantity integer not null, price numeric(10,2) not null,
  status text not null, paid boolean not null, created_at timestamptz not null, attributes jsonb not null, note text not null
) with (autovacuum_enabled = off)`;

const rows = `select n, n * 7919 % 100000, 'Product number ' || n % 5000, n % 9 + 1, (n % 100000)::numeric / 100 + 1,
  (array['placed', 'paid', 'packed', 'shipped', 'delivered'])[n % 5 + 1], n % 2 = 0, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second',
  jsonb_build_object('channel', 'web', 'priority', n % 3, 'warehouse', 'north-' || n % 12, 'gift', n % 7 = 0),
  rpad('Please leave the parcel with the neighbours of house ' || n || '. ', 285, 'Ring the bell twice and wait a moment. ')`;

/** A waiting backlog: a slot that nobody reads, of which each run gets a copy, and so the very same WAL. */
export interface PostgresBacklog extends Backlog {
  begin(): Promise<SlotStart>;
  readonly slot: string;
  readonly publication: string;
  readonly table: string;
  readonly endLsn: string;
}

/** A run by a slot of its own. */
export type SlotStart = RunStart & { readonly slot: string };

export class PostgresBench implements BenchDatabase<PostgresBacklog> {
  readonly name = 'postgres';
  readonly namespace = 'public';
  readonly server: PostgresServer;
  readonly database: FreshDatabase;
  #slots = 0;

  constructor(server: PostgresServer, database: FreshDatabase) {
    this.server = server;
    this.database = database;
  }

  static async create(server: PostgresServer): Promise<PostgresBench> {
    return new PostgresBench(server, await freshDatabase(server, 'bench'));
  }

  get client(): pg.Client {
    return this.database.client;
  }

  async version(): Promise<string> {
    const { rows: found } = await this.client.query<{ server_version: string }>('show server_version');
    return found[0]!.server_version;
  }

  connectorConfig(table: string): Readonly<Record<string, string>> {
    const { host, port, user, password } = this.server;
    return {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password,
      'database.dbname': this.database.name,
      'plugin.name': 'pgoutput',
      'table.include.list': `public.${table}`,
      'publication.name': table,
      'publication.autocreate.mode': 'disabled',
    };
  }

  /** With a publication of the table's name that holds it alone. */
  async makeTable(table: string, count: number): Promise<void> {
    await this.client.query(`create table ${table} ${columns}`);
    await this.client.query(`insert into ${table} ${rows} from generate_series(1::bigint, ${count}) n`);
    await this.client.query(`create publication ${table} for table ${table}`);
    await this.client.query(`vacuum (analyze) ${table}`);
  }

  /** Behind a slot's back. */
  async makeBacklog(table: string, count: number, rowsPerTransaction: number): Promise<PostgresBacklog> {
    const slot = `${table}_base`;
    await this.client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    // On a connection of its own: commits without waiting for the disk are for making the backlog only.
    await using writer = await connectTo(this.database.url);
    await writer.query('set synchronous_commit = off');
    await writer.query(`do $$ begin
      for lowest in 1..${count} by ${rowsPerTransaction} loop
        update ${table} set status = 'returned', quantity = quantity + 1, paid = not paid
          where id between lowest and least(lowest + ${rowsPerTransaction} - 1, ${count});
        commit;
      end loop; end $$`);
    const { rows: found } = await this.client.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn');
    await this.client.query('checkpoint');
    return { begin: () => this.#copyOf(slot), slot, publication: table, table, endLsn: found[0]!.lsn };
  }

  /** A copy of the backlog's slot for one run; dropped when disposed. */
  async #copyOf(slot: string): Promise<SlotStart> {
    const run = this.begin();
    await this.client.query('select pg_copy_logical_replication_slot($1, $2)', [slot, run.slot]);
    return run;
  }

  /** By the name of a slot that somebody will make; dropped when disposed. */
  begin(): SlotStart {
    const slot = `run_${++this.#slots}`;
    return { slot, config: { 'slot.name': slot }, offset: null, [Symbol.asyncDispose]: () => this.#drop(slot) };
  }

  async #drop(slot: string): Promise<void> {
    await until(
      async () => {
        const { rows: slots } = await this.client.query('select active from pg_replication_slots where slot_name = $1', [slot]);
        if (slots.length === 0) return true;
        if (slots[0].active) return false;
        await this.client.query('select pg_drop_replication_slot($1)', [slot]);
        return true;
      },
      { what: `slot ${slot} to be free`, timeoutMs: slotFreeMsMax, everyMs: 50 },
    );
  }

  /** The bytes of a change's message, as a walsender gives it. */
  async messageBytes(backlog: PostgresBacklog): Promise<number> {
    const { rows: found } = await this.client.query<{ bytes: string }>(
      `select avg(length(data)) as bytes from pg_logical_slot_peek_binary_changes($1, null, 200, 'proto_version', '1', 'publication_names', $2)
       where get_byte(data, 0) = ascii('U')`,
      [backlog.slot, backlog.publication],
    );
    return Math.round(Number(found[0]!.bytes));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}
