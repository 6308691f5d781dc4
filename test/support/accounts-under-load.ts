import assert from 'node:assert/strict';
import type { PostgresAddress } from '../services/postgres.ts';
import { connectTo, type FreshDatabase } from './fresh-database.ts';
import { committedLines } from './published.ts';

const json = 'org.apache.kafka.connect.json.JsonConverter';

/** Of a worker: records as plain JSON. */
export const plainJson = {
  'key.converter': json,
  'key.converter.schemas.enable': 'false',
  'value.converter': json,
  'value.converter.schemas.enable': 'false',
};

/** A connector on one table, as both Debezium and the daemon take it. */
export function accountsConnector(server: PostgresAddress, database: string, table: string): Record<string, string> {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'topic.prefix': `${database}_${table}`,
    'plugin.name': 'pgoutput',
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password || 'x',
    'database.dbname': database,
    'slot.name': `${database}_${table}`,
    'publication.name': `${database}_${table}`,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': `public.${table}`,
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'status.update.interval.ms': '100',
    ...plainJson,
  };
}

/** Makes a table of so many accounts, each at version 0. */
export async function makeAccounts(database: FreshDatabase, table: string, accounts: number): Promise<void> {
  await database.run(
    `create table ${table} (id int primary key, version int not null); insert into ${table} select n, 0 from generate_series(1, ${accounts}) n`,
  );
}

/** A connection of the load's own: raises the versions of the accounts whose id leaves that rest when it is divided by ten. */
type Raising = AsyncDisposable & { raise(rest: number): Promise<unknown> };

/** By SQL. */
export function raisingRows(client: AsyncDisposable & { query(statement: string): Promise<unknown> }, table: string): Raising {
  return {
    raise: rest => client.query(`update ${table} set version = version + 1 where id % 10 = ${rest}`),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** Raises versions, a tenth of the accounts in each transaction, until it is stopped. */
export class AccountsUnderLoad {
  readonly #open: () => Promise<Raising>;
  readonly #pauseMs: number;
  #busy = true;
  #transactions = 0;
  readonly #running: Promise<void>;

  /** `pauseMs` between transactions: a steady stream, not a flood that a reader would take minutes to read. */
  constructor(open: () => Promise<Raising>, pauseMs = 2) {
    this.#open = open;
    this.#pauseMs = pauseMs;
    this.#running = this.#run();
    // A test that fails drops the database first: its own reason is the one to be told. `stop` still hears of this one.
    this.#running.catch(() => {});
  }

  /** On a table of PostgreSQL. */
  static of(database: FreshDatabase, table: string, pauseMs?: number): AccountsUnderLoad {
    return new AccountsUnderLoad(async () => raisingRows(await connectTo(database.url), table), pauseMs);
  }

  get transactions(): number {
    return this.#transactions;
  }

  async #run(): Promise<void> {
    await using client = await this.#open();
    for (; this.#busy; this.#transactions++) {
      await client.raise(this.#transactions % 10);
      await new Promise(resolve => setTimeout(resolve, this.#pauseMs));
    }
  }

  async stop(): Promise<void> {
    this.#busy = false;
    await this.#running;
  }
}

export type Account = { readonly id: number; readonly version: number };
export type FollowedAccounts = {
  readonly records: number;
  readonly doubled: number;
  readonly isComplete: boolean;
  readonly columns: ReadonlySet<string>;
};

/** Reads the table's topic as a stranger does: of each account every version in order, none missing; gives how many come twice. */
export async function followedAccounts(bootstrapServers: string, database: FreshDatabase, table: string): Promise<FollowedAccounts> {
  const lines = await committedLines(bootstrapServers, `${database.name}_${table}.public.${table}`);
  const { rows } = await database.client.query<Account>(`select id, version from ${table}`);
  return followed(lines, rows);
}

/** The same of a topic's lines, and the accounts as they are in the database. */
export function followed(lines: readonly string[], accounts: readonly Account[]): FollowedAccounts {
  const versions = new Map<number, number>();
  const columns = new Set<string>();
  let doubled = 0;
  for (const line of lines) {
    const { after } = JSON.parse(line.slice(line.indexOf('\t') + 1)) as { after: Account };
    for (const name of Object.keys(after)) columns.add(name);
    const known = versions.get(after.id);
    if (known !== undefined && after.version <= known) doubled++;
    else {
      if (known !== undefined) assert.equal(after.version, known + 1, `version ${known + 1} of account ${after.id} is missing`);
      versions.set(after.id, after.version);
    }
  }
  return { records: lines.length, doubled, isComplete: accounts.every(({ id, version }) => versions.get(id) === version), columns };
}
