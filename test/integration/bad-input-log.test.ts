import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import kafkajs from 'kafkajs';
import { kafkaReader } from '../conformance/kafka-reader.ts';
import { kafkaClient } from '../services/kafka.ts';
import { startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { ask, connectorOf, failure, progressOf } from './bad-input-fixture.ts';

/** The row's id and the length of its text, of each change. */
function rowsOf(values: readonly (Uint8Array | null)[]): string[] {
  return values.flatMap(value => {
    if (value === null) return [];
    const { after } = JSON.parse(Buffer.from(value).toString('utf8'));
    return [`${after.id}:${after.v.length}`];
  });
}

describe('a log that takes no more', { timeout: 180_000 }, () => {
  const resources = new AsyncDisposableStack();
  let database: FreshDatabase;

  before(async () => {
    database = resources.use(await freshDatabase(await sharedPostgres(18)));
  });
  after(() => resources.disposeAsync());

  test('a record larger than the broker takes stops the task, naming topic and remedy; the limit raised, nothing is lost', async () => {
    const bootstrapServers = await sharedKafka();
    const group = `bad-input-${process.pid}`;
    await using daemon = await startDaemon({
      'bootstrap.servers': bootstrapServers,
      'group.id': group,
      'config.storage.topic': `${group}-configs`,
      'offset.storage.topic': `${group}-offsets`,
      'status.storage.topic': `${group}-status`,
      'config.storage.replication.factor': '1',
      'offset.storage.replication.factor': '1',
      'status.storage.replication.factor': '1',
    });
    await database.run(`create table large (id int primary key, v text); insert into large values (1, 'a')`);
    const prefix = `large-${process.pid}`;
    const topic = `${prefix}.public.large`;
    const config = connectorOf(database.url, {
      'slot.name': `large_${database.name}`,
      'topic.prefix': prefix,
      'table.include.list': 'public.large',
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
      'topic.creation.default.max.message.bytes': '50000',
    });
    assert.equal((await ask(daemon, 'POST', '/connectors', { name: 'large', config })).status, 201);
    await until(async () => (await progressOf(daemon, 'large'))?.phase === 'streaming', {
      what: 'the connector to stream',
      timeoutMs: 60_000,
    });
    await database.client.query(`insert into large values (2, $1), (3, 'c')`, [randomBytes(50_000).toString('hex')]);
    const trace = await failure(daemon, 'large');
    assert.match(trace, /^RECORD_TOO_LARGE: /);
    assert.ok(trace.split('\n')[0]?.includes(topic), trace);
    assert.match(trace, /Raise max\.message\.bytes on the topic and max\.request\.size \(producer\.override\.\*\)/);
    assert.match(await readFile(daemon.logFile, 'utf8'), /The task has failed/);
    const admin = kafkaClient(bootstrapServers).admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'max.message.bytes', value: '500000' }] },
      ],
    });
    await admin.disconnect();
    assert.equal((await ask(daemon, 'POST', '/connectors/large/tasks/0/restart')).status, 204);
    await using reader = kafkaReader(bootstrapServers);
    let found: string[] = [];
    await until(
      async () => {
        found = rowsOf((await reader.read([topic])).map(({ value }) => value));
        return found.length >= 3;
      },
      { what: 'all rows in the topic', timeoutMs: 60_000 },
    ).catch(error => {
      throw new Error(`${(error as Error).message}: ${found.join(' ')}\n${daemon.log()}`);
    });
    assert.deepEqual(found, ['1:1', '2:100000', '3:1']);
    await ask(daemon, 'DELETE', '/connectors/large');
  });
});
