import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import type { SourceOffset } from '../../src/contract/index.ts';
import { consoleConsumer, javaOptions, kafkaClient, kafkaLibraries } from '../services/kafka.ts';
import { sharedKafka } from '../support/servers.ts';
import { aName, append, exactlyOnce, makeTopic, never, openLog, readAll, textOf, workerOptions } from './kafka-log-fixture.ts';

/** `key|value` lines of a topic, as Kafka's own consumer prints them. */
const readByJava = (bootstrapServers: string, topic: string, count: number) =>
  consoleConsumer(bootstrapServers, topic, [
    '--max-messages',
    String(count),
    '--property',
    'print.key=true',
    '--property',
    'key.separator=|',
    '--property',
    'null.literal=NULL',
  ]);

describe('what the Kafka log writes, strangers read, and the other way round', { timeout: 240_000 }, () => {
  let bootstrapServers: string;
  before(async () => {
    bootstrapServers = await sharedKafka();
  });

  test('internal topics hold Connect’s own records, and are compacted', async () => {
    const group = aName('formats');
    await using log = await openLog(workerOptions(bootstrapServers, group, { 'rest.advertised.host.name': 'worker' }));
    const { connectors } = log;
    await connectors.putConfig('inventory', { name: 'inventory', 'tasks.max': '1' });
    await connectors.putTargetState('inventory', 'STOPPED');
    await connectors.putStatus('inventory', null, { state: 'RUNNING', trace: null });
    await connectors.putStatus('inventory', 0, { state: 'FAILED', trace: 'why' });
    await connectors.addActiveTopics('inventory', ['srv.public.orders']);
    await using writer = await log.writer({ connector: 'inventory', task: 0 }, exactlyOnce, never);
    await writer.append({ records: null, offsets: [{ partition: { server: 'srv' }, offset: { lsn: 24023128, snapshot: true } }] });
    await writer.append({ records: null, offsets: [{ partition: { server: 'srv' }, offset: null }] });

    assert.deepEqual(await readByJava(bootstrapServers, `${group}-configs`, 2), [
      'connector-inventory|{"properties":{"name":"inventory","tasks.max":"1"}}',
      'target-state-inventory|{"state":"PAUSED","state.v2":"STOPPED"}',
    ]);
    const status = await readByJava(bootstrapServers, `${group}-status`, 3);
    assert.deepEqual(status.slice(0, 2), [
      'status-connector-inventory|{"state":"RUNNING","trace":null,"worker_id":"worker:8083","generation":0}',
      'status-task-inventory-0|{"state":"FAILED","trace":"why","worker_id":"worker:8083","generation":0}',
    ]);
    assert.match(
      status[2]!,
      /^status-topic-srv\.public\.orders:connector-inventory\|\{"topic":\{"name":"srv\.public\.orders","connector":"inventory","task":0,"discoverTimestamp":\d{13}\}\}$/,
    );
    assert.deepEqual(await readByJava(bootstrapServers, `${group}-offsets`, 2), [
      '["inventory",{"server":"srv"}]|{"lsn":24023128,"snapshot":true}',
      '["inventory",{"server":"srv"}]|NULL',
    ]);
    const admin = kafkaClient(bootstrapServers).admin();
    await admin.connect();
    try {
      const names = ['configs', 'offsets', 'status'].map(name => ({ type: 2, name: `${group}-${name}`, configNames: ['cleanup.policy'] }));
      const { resources } = await admin.describeConfigs({ resources: names, includeSynonyms: false });
      assert.deepEqual(
        resources.map(({ configEntries }) => configEntries[0]!.configValue),
        ['compact', 'compact', 'compact'],
      );
    } finally {
      await admin.disconnect();
    }
  });

  test('an internal topic that is not compacted is refused', async () => {
    const group = aName('formats');
    const admin = kafkaClient(bootstrapServers).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: `${group}-offsets`, configEntries: [{ name: 'cleanup.policy', value: 'delete' }] }] });
    await admin.disconnect();
    await assert.rejects(openLog(workerOptions(bootstrapServers, group)), /cleanup\.policy must be compact, not delete/);
  });

  test('offsets that a Connect worker wrote are taken over, and replaced under its own key', async () => {
    const group = aName('formats');
    await using log = await openLog(workerOptions(bootstrapServers, group));
    const producer = kafkaClient(bootstrapServers).producer();
    await producer.connect();
    // Java writes a map's keys in its own order: not the one in which they will come from here.
    const key = '["inventory",{"server":"srv","database":"db"}]';
    await producer.send({
      topic: `${group}-offsets`,
      messages: [
        { key, value: '{"lsn":1,"transaction_id":null}' },
        { key: '["other",{"server":"srv","database":"db"}]', value: '{"lsn":7}' },
        { key: 'no offset', value: 'at all' },
      ],
    });
    await producer.disconnect();
    await using writer = await log.writer({ connector: 'inventory', task: 0 }, exactlyOnce, never);
    const taken: SourceOffset = { partition: { server: 'srv', database: 'db' }, offset: { lsn: 1, transaction_id: null } };
    assert.deepEqual(writer.offsets, [taken]);
    await writer.append({ records: null, offsets: [{ partition: { database: 'db', server: 'srv' }, offset: { lsn: 2 } }] });
    const written = await readAll(log, `${group}-offsets`);
    const mine = written.filter(record => textOf(record.value)?.includes('"lsn":2'));
    assert.deepEqual(
      mine.map(record => textOf(record.key)),
      [key],
    );
    const before = written.find(record => textOf(record.value)?.includes('"lsn":1'));
    assert.equal(mine[0]!.partition, before!.partition);
  });

  test('in a topic of 12 partitions keys go where Kafka’s own producer sends them', async () => {
    const group = aName('formats');
    await using log = await openLog(workerOptions(bootstrapServers, group));
    const [ours, theirs] = [await makeTopic(log, 12), await makeTopic(log, 12)];
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index * index} ${'äx'.repeat(index % 7)}`);
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    await append(
      writer,
      keys.map(key => ({ topic: ours, key, value: 'v' })),
    );
    const classPath = `${await kafkaLibraries()}/*`;
    const tool = 'org.apache.kafka.tools.ConsoleProducer';
    const args = ['--bootstrap-server', bootstrapServers, '--topic', theirs, '--property', 'parse.key=true'];
    const java = spawn(
      'java',
      [...javaOptions, '-Dfile.encoding=UTF-8', '-cp', classPath, tool, ...args, '--property', 'key.separator=|'],
      {
        stdio: ['pipe', 'ignore', 'inherit'],
      },
    );
    java.stdin.end(keys.map(key => `${key}|v\n`).join(''));
    await once(java, 'close');
    const partitions = async (topic: string) => new Map((await readAll(log, topic)).map(record => [textOf(record.key), record.partition]));
    const found = await partitions(theirs);
    assert.equal(found.size, keys.length);
    assert.equal(new Set(found.values()).size, 12);
    assert.deepEqual([...(await partitions(ours))].sort(), [...found].sort());
  });

  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'])
    test(`${compression} batches are read by Kafka’s own consumer and by us`, async () => {
      const group = aName('formats');
      await using log = await openLog(workerOptions(bootstrapServers, group));
      const topic = await makeTopic(log);
      const overrides = { producerOverrides: { 'compression.type': compression }, transactional: true };
      await using writer = await log.writer({ connector: 'c', task: 0 }, overrides, never);
      const values = Array.from({ length: 2000 }, (_, index) => `${index} ${'text that repeats itself '.repeat(20)}`.trim());
      await append(
        writer,
        values.map(value => ({ topic, value })),
      );
      assert.deepEqual(
        (await readAll(log, topic)).map(({ value }) => textOf(value)),
        values,
      );
      assert.deepEqual(await consoleConsumer(bootstrapServers, topic, ['--max-messages', '2000']), values);
      const [description] = await log.describeTopics([topic]);
      assert.ok(description!.partitions[0]!.end >= 2000n);
    });
});
