import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnect } from '../services/connect.ts';
import { consoleConsumer } from '../services/kafka.ts';
import type { PostgresAddress } from '../services/postgres.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { startDaemon } from '../support/daemon.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { workerGroup } from '../support/worker-group.ts';

const accounts = 200;

const json = 'org.apache.kafka.connect.json.JsonConverter';
const converters = {
  'key.converter': json,
  'key.converter.schemas.enable': 'false',
  'value.converter': json,
  'value.converter.schemas.enable': 'false',
};

function connectorConfig(server: PostgresAddress, database: string, table: string): Record<string, string> {
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
  };
}

/** Raises the version of accounts one after the other, several to a transaction, until it is stopped. */
class Workload {
  readonly #database: FreshDatabase;
  readonly #tables: readonly string[];
  #busy = true;
  #running: Promise<void>;

  constructor(database: FreshDatabase, tables: readonly string[]) {
    this.#database = database;
    this.#tables = tables;
    this.#running = this.#run();
    // A test that fails drops the database first: its own reason is the one to be told. `stop` still hears of this one.
    this.#running.catch(() => {});
  }

  async #run(): Promise<void> {
    await using client = await connectTo(this.#database.url);
    for (let n = 0; this.#busy; n++)
      for (const table of this.#tables) {
        await client.query(`update ${table} set version = version + 1 where id % 10 = $1`, [n % 10]);
        await new Promise(resolve => setTimeout(resolve, 2)); // a steady stream, not a flood that the reference would take minutes to read
      }
  }

  async stop(): Promise<void> {
    this.#busy = false;
    await this.#running;
  }
}

type Account = { readonly id: number; readonly version: number };

/** Compares a topic with its table: every version of every account, none missed; how many records there are, and how many of them twice. */
async function assertComplete(
  bootstrapServers: string,
  database: FreshDatabase,
  table: string,
): Promise<{ records: number; doubled: number }> {
  const lines = await consoleConsumer(bootstrapServers, `${database.name}_${table}.public.${table}`, ['--timeout-ms', '4000']);
  const versions = new Map<number, number>();
  let doubled = 0;
  for (const line of lines) {
    const { after } = JSON.parse(line) as { after: Account };
    const known = versions.get(after.id);
    if (known !== undefined && after.version <= known) doubled++;
    else {
      if (known !== undefined) assert.equal(after.version, known + 1, `version ${known + 1} of account ${after.id} of ${table} is missing`);
      versions.set(after.id, after.version);
    }
  }
  const { rows } = await database.client.query<Account>(`select id, version from ${table}`);
  for (const { id, version } of rows) assert.equal(versions.get(id), version, `the last version of account ${id} of ${table}`);
  return { records: lines.length, doubled };
}

type Offset = { readonly partition: Record<string, string>; readonly offset: Record<string, unknown> };

async function offsetOf(rest: ConnectClient, name: string): Promise<Offset | undefined> {
  const { offsets } = await rest.call<{ offsets: Offset[] }>('GET', `/connectors/${name}/offsets`);
  return offsets.find(({ partition }) => Object.keys(partition).length === 1);
}

/** Waits until the connector's stored offset is behind everything committed so far in the table. Debezium confirms no idle slot, so that is no sign. */
async function stored(rest: ConnectClient, database: FreshDatabase, name: string): Promise<void> {
  const { rows } = await database.client.query(`select (pg_current_wal_insert_lsn() - '0/0')::float8 as lsn`);
  await database.run(`update ${name} set version = version + 1 where id = 1`);
  const behind = async () => {
    await rest.assertNotFailed(name);
    return Number((await offsetOf(rest, name))?.offset['lsn']) >= rows[0].lsn;
  };
  await until(behind, { what: `the offset of ${name} to be behind ${rows[0].lsn}`, timeoutMs: 120_000, everyMs: 200 });
}

const names = ['moving', 'ours'] as const;

test('the daemon takes a connector over from Kafka Connect and Debezium, and they take it back', { timeout: 400_000 }, async t => {
  const [kafka, server] = await Promise.all([sharedKafka(), sharedPostgres(18)]);
  await using database = await freshDatabase(server);
  for (const table of names)
    await database.run(
      `create table ${table} (id int primary key, version int not null); insert into ${table} select n, 0 from generate_series(1, ${accounts}) n`,
    );
  const settings = { ...workerGroup('takeover'), ...converters };
  const config = (name: string) => connectorConfig(server, database.name, name);
  const tell = async (when: string) => {
    for (const name of names) {
      const { records, doubled } = await assertComplete(kafka, database, name);
      t.diagnostic(`${when}: ${name} has ${records} records, ${doubled} of them twice`);
    }
  };

  const first = new Workload(database, names);
  {
    // Kafka Connect makes the connector, and stops while it streams.
    await using connect = await startConnect(kafka, settings);
    const rest = new ConnectClient(connect.url);
    await rest.putConfig('moving', config('moving'));
    await rest.running('moving', 120_000);
    await stored(rest, database, 'moving');
  }
  {
    // The daemon with the same group and topics finds it, and goes on on the same slot.
    await using daemon = await startDaemon({ 'bootstrap.servers': kafka, ...settings });
    const rest = new ConnectClient(daemon.url);
    await rest.running('moving');
    const shown = await rest.call<Record<string, string>>('GET', '/connectors/moving/config');
    const { 'database.password': _, ...open } = config('moving');
    assert.deepEqual({ ...shown, 'database.password': undefined }, { ...open, name: 'moving', 'database.password': undefined });
    await stored(rest, database, 'moving');
    await rest.putConfig('ours', config('ours'));
    await rest.running('ours');
    await stored(rest, database, 'ours');
    await first.stop();
    for (const name of names) await stored(rest, database, name);
    await tell('taken over');

    // One is left as a stopped connector, the other one streaming.
    await rest.call('PUT', '/connectors/ours/stop');
    await until(async () => (await rest.status('ours'))?.tasks.length === 0, { what: 'the connector to stop' });
    const left = await offsetOf(rest, 'ours');
    assert.ok(left);
    const second = new Workload(database, names);
    await stored(rest, database, 'moving');
    await daemon.stop();

    // Kafka Connect finds both, reads the daemon's offsets, and goes on from them.
    await using connect = await startConnect(kafka, settings);
    const again = new ConnectClient(connect.url);
    // A worker answers before it has been given its connectors.
    await until(async () => (await Promise.all(names.map(name => again.status(name).catch(() => null)))).every(status => status !== null), {
      what: 'Kafka Connect to have both connectors',
      timeoutMs: 60_000,
    });
    assert.deepEqual((await again.call<string[]>('GET', '/connectors')).sort(), names);
    assert.deepEqual(await again.call('GET', '/connectors/ours/config'), { ...config('ours'), name: 'ours' });
    assert.deepEqual(await offsetOf(again, 'ours'), left);
    await until(async () => (await again.status('ours'))?.connector.state === 'STOPPED', {
      what: 'the stopped connector to be shown as such',
    });
    await again.call('PUT', '/connectors/ours/resume');
    for (const name of names) await again.running(name, 120_000);
    await second.stop();
    for (const name of names) await stored(again, database, name);
    await tell('taken back');
  }
});
