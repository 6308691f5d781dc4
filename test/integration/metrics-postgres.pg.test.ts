import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { databaseOptions } from '../support/database-options.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { scrape, untilMetric } from '../support/scraped.ts';
import { until } from '../support/until.ts';

const megabyte = 1024 * 1024;
let server: PostgresServer;
let daemon: Daemon;
let rest: ConnectClient;

// A server of its own: what other tests write is held by the slots here, too.
before(async () => {
  [server, daemon] = await Promise.all([
    startPostgres({ version: 18 }),
    startDaemon({ 'metrics.database.interval.ms': '200', 'metrics.debezium.names': 'true' }),
  ]);
  rest = new ConnectClient(daemon.url);
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** Captures a database's table `t` as connector `name`, once it has streamed. */
async function capture(name: string, database: FreshDatabase, config: Readonly<Record<string, string>> = {}): Promise<void> {
  await database.run('create table t (id int primary key, content text); insert into t values (1), (2), (3)');
  await rest.putConfig(name, {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': database.name,
    ...databaseOptions(database.url),
    'slot.name': `slot_${database.name}`,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.t',
    ...config,
  });
  await untilMetric(daemon.url, 'sluice_source_events_total', { connector: name, operation: 'r' }, value => value === 3);
  await until(async () => (await slot(database))?.active, { what: 'the slot to be streamed from', timeoutMs: 60_000 });
}

async function slot(database: FreshDatabase): Promise<{ readonly active: boolean } | null> {
  const { rows } = await database.client.query('select active from pg_replication_slots where slot_name = $1', [`slot_${database.name}`]);
  return rows[0] ?? null;
}

/** So many megabytes of WAL that the connector has to publish. */
async function write(database: FreshDatabase, from: number, megabytes: number): Promise<void> {
  await database.client.query(
    `insert into t select n, repeat(md5(n::text), 32) from generate_series($1::int, $1::int + $2::int * 1000 - 1) n`,
    [from, megabytes],
  );
}

test('events are counted by table and operation, and batches by size and by how long they took to the log', async () => {
  await using database = await freshDatabase(server);
  await capture('counted', database, { 'skipped.operations': 'none' });
  await database.run(`insert into t values (4), (5); update t set content = 'x' where id = 4; delete from t where id = 5`);
  await database.run('truncate t');
  const connector = 'counted';
  await untilMetric(daemon.url, 'sluice_source_events_total', { connector, operation: 't' }, value => value === 1);
  const counted = await scrape(daemon.url);
  const events = (operation: string) => counted.value('sluice_source_events_total', { connector, task: '0', table: 'public.t', operation });
  assert.deepEqual(['r', 'c', 'u', 'd', 't'].map(events), [3, 2, 1, 1, 1]);
  assert.equal(counted.value('debezium_metrics_TotalNumberOfEventsSeen', { connector, plugin: 'postgres', context: 'streaming' }), 5);
  // Durable a moment after they were read.
  const batches = await untilMetric(daemon.url, 'sluice_source_commit_to_log_seconds_count', { connector }, value => value >= 1);
  const durable = await scrape(daemon.url);
  assert.ok(durable.value('sluice_source_commit_to_log_seconds_sum', { connector })! > 0);
  assert.ok(durable.value('sluice_task_batch_records_count', { connector })! > batches, 'the snapshot’s batches count too');
  assert.ok(durable.value('sluice_source_queue_capacity_records', { connector })! > 0);
  await rest.delete(connector);
});

test('a connector that is stopped falls behind in seconds and bytes, and its slot holds more and more', async () => {
  await using database = await freshDatabase(server);
  const connector = 'stopped';
  await capture(connector, database, { 'slot.guard.limit.bytes': String(64 * megabyte) });
  const { url } = daemon;
  await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, value => value < 30);
  await untilMetric(url, 'sluice_connector_lag_bytes', { connector }, value => value < megabyte);
  await rest.stop(connector);
  const atStop = await scrape(url);
  await write(database, 10, 4);
  await untilMetric(url, 'sluice_connector_lag_bytes', { connector }, value => value > 4 * megabyte);
  await untilMetric(url, 'sluice_database_log_bytes', { connector }, value => value > 4 * megabyte);
  const seconds = atStop.value('sluice_connector_lag_seconds', { connector })!;
  await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, value => value > seconds + 1);
  // It has just been used up by 4 MB: at that rate the limit is a matter of seconds or minutes.
  await untilMetric(url, 'sluice_database_log_limit_in_seconds', { connector }, value => value > 0 && value < 86_400);
  const behind = await scrape(url);
  assert.equal(behind.value('sluice_postgres_slot_wal_status', { connector, status: 'reserved' }), 1);
  assert.equal(behind.value('sluice_database_log_limit_bytes', { connector }), 64 * megabyte);
  const [held, room] = ['sluice_database_log_bytes', 'sluice_database_log_headroom_bytes'].map(name => behind.value(name, { connector })!);
  assert.equal(held! + room!, 64 * megabyte);
  assert.equal(behind.value('sluice_connector_state', { connector, state: 'STOPPED' }), 1);
  await rest.resume(connector);
  await untilMetric(url, 'sluice_connector_lag_bytes', { connector }, value => value < megabyte);
  await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, value => value < 30);
  await rest.delete(connector);
});

test('the guard warns of a slot that holds too much back, and its task goes on', async () => {
  await using database = await freshDatabase(server);
  const connector = 'warned';
  await capture(connector, database, { 'slot.guard.warn.bytes': String(2 * megabyte) });
  await rest.stop(connector);
  await write(database, 10, 4);
  const warned = async () => {
    const { warnings } = await rest.call<{ warnings: string[] }>('GET', `/sluice/connectors/${connector}`);
    return warnings.some(warning => /slot_\w+" holds 2097152 bytes of WAL or more back \(slot\.guard\.warn\.bytes\)/.test(warning));
  };
  await until(warned, { what: 'the warning', timeoutMs: 60_000 });
  assert.match(daemon.log(200), /slot\.guard\.warn\.bytes/);
  await rest.resume(connector);
  await rest.delete(connector);
});

test('at its limit the guard gives the slot up: the task fails, what is missing is recorded, and a new snapshot closes the gap', async () => {
  await using database = await freshDatabase(server);
  const connector = 'given-up';
  await capture(connector, database, { 'slot.guard.limit.bytes': String(8 * megabyte), 'slot.guard.limit.action': 'give_up' });
  // An open transaction that wrote: the slot holds all that comes after it, though the connector reads on.
  await using blocking = await connectTo(database.url);
  await blocking.query('create table other (id int)');
  await blocking.query('begin');
  await blocking.query('insert into other values (1)');
  await write(database, 10, 12);
  const failed = async () => (await rest.status(connector))?.tasks[0]?.state === 'FAILED';
  await until(failed, { what: 'the task to have failed', timeoutMs: 60_000 });
  assert.match((await rest.status(connector))?.tasks[0]?.trace ?? '', /^SLOT_GIVEN_UP/);
  await until(async () => (await slot(database)) === null, { what: 'the slot to be dropped', timeoutMs: 60_000 });
  await blocking.query('commit');
  const gaps = async () => {
    const { offsets } = await rest.call<{ offsets: { partition: Record<string, string>; offset: Record<string, unknown> }[] }>(
      'GET',
      `/connectors/${connector}/offsets`,
    );
    return offsets.filter(({ partition }) => 'sluice_gap' in partition);
  };
  const [gap] = await gaps();
  assert.equal(gap?.partition['sluice_gap'], `slot_${database.name}`);
  assert.match(String(gap?.offset['from_lsn']), /^[0-9A-F]+\/[0-9A-F]+$/);
  assert.ok(Number(gap?.offset['held_bytes']) >= 8 * megabyte);
  assert.equal(await untilMetric(daemon.url, 'sluice_database_log_headroom_bytes', { connector }, value => value === 0), 0);
  await rest.call('POST', `/connectors/${connector}/tasks/0/restart`);
  const lost = async () => /given up at .* are missing/.test((await rest.status(connector))?.tasks[0]?.trace ?? '');
  await until(lost, { what: 'the restarted task to say what is missing', timeoutMs: 60_000 });
  await rest.call('PATCH', `/connectors/${connector}/config`, { 'snapshot.mode': 'when_needed', 'slot.guard.limit.action': 'warn' });
  await until(async () => (await gaps()).length === 0, { what: 'a new snapshot to close the gap', timeoutMs: 60_000 });
  await rest.running(connector);
  await rest.delete(connector);
});
