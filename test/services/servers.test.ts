import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { consoleConsumer, kafkaClient } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import { startToxiproxy } from './toxiproxy.ts';

for (const version of [18, 15] as const) {
  test(`PostgreSQL ${version} answers, decodes logically, and gives fresh databases with hstore`, async () => {
    const server = await sharedPostgres(version);
    let name: string;
    {
      await using database = await freshDatabase(server);
      name = database.name;
      await database.run('create extension hstore; create table t (id int)');
      const { rows } = await database.client.query(
        "select current_setting('server_version_num')::int / 10000 v, current_setting('wal_level') w",
      );
      assert.deepEqual(rows, [{ v: version, w: 'logical' }]);
      await database.client.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [`slot_of_${name}`]);
    }
    await using admin = await connectTo(server.url);
    const { rows } = await admin.query('select datname from pg_database where datname = $1', [name]);
    assert.deepEqual(rows, [], 'the database is dropped with its slot');
  });
}

test('a PostgreSQL of its own keeps its data over a crash', async () => {
  await using server = await startPostgres({ version: 18, settings: { fsync: 'on', synchronous_commit: 'on' } });
  {
    await using client = await connectTo(server.url);
    await client.query('create table kept as select 7 as n');
  }
  await server.stopImmediately();
  assert.equal(await server.answers(), false);
  await server.start();
  await using client = await connectTo(server.url);
  assert.deepEqual((await client.query('select n from kept')).rows, [{ n: 7 }]);
});

test('Toxiproxy leads to a server and cuts its answers short', async () => {
  const server = await sharedPostgres(18);
  await using toxiproxy = await startToxiproxy();
  const proxy = await toxiproxy.proxyTo(server);
  const url = new URL(server.url);
  url.port = String(proxy.port);
  await using client = await connectTo(url.href);
  assert.deepEqual((await client.query('select 7 as n')).rows, [{ n: 7 }]);
  await proxy.add({ type: 'limit_data', attributes: { bytes: 100 } });
  await assert.rejects(client.query("select repeat('x', 1000)"), /terminated|ECONNRESET/);
  await proxy.remove('limit_data');
  await using again = await connectTo(url.href);
  assert.deepEqual((await again.query('select 8 as n')).rows, [{ n: 8 }]);
});

test("Kafka answers, and Kafka's own console consumer reads what was committed", async () => {
  const bootstrapServers = await sharedKafka();
  const kafka = kafkaClient(bootstrapServers);
  const topic = `servers-test-${process.pid}`;
  const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  for (const [value, keep] of [
    ['aborted', false],
    ['committed', true],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: 'k', value }] });
    await (keep ? transaction.commit() : transaction.abort());
  }
  await producer.disconnect();
  assert.deepEqual(await consoleConsumer(bootstrapServers, topic, ['--max-messages', '1', '--property', 'print.key=true']), [
    'k\tcommitted',
  ]);
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
});
