import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kafkaClient } from '../services/kafka.ts';
import type { Published } from '../support/published.ts';
import { RowHistory } from '../support/row-history.ts';
import { sharedKafka } from '../support/servers.ts';
import { settled } from '../support/settled.ts';
import { KafkaPipeline } from './kafka-pipeline.ts';
import { faultSeed } from './rounds.ts';
import { publishedForConsoleConsumer } from './strangers.ts';

const snapshotRecords = 20_000;

async function administer(
  bootstrapServers: string,
  what: (admin: ReturnType<ReturnType<typeof kafkaClient>['admin']>) => Promise<unknown>,
) {
  const admin = kafkaClient(bootstrapServers).admin();
  try {
    await admin.connect();
    await what(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Follows the rows of a topic whose beginning is lost: what is first found of a row is taken as it is. */
async function assertFollows(published: AsyncIterable<Published>): Promise<number> {
  const history = new RowHistory();
  const known = new Set<string>();
  let records = 0;
  for await (const record of published) {
    if (record.value === null) continue;
    const { before, after } = JSON.parse(record.value) as { before: object | null; after: object | null };
    const first = (row: object | null, op: string) =>
      row !== null && history.applyWritten({ ...record, value: JSON.stringify({ op, before: null, after: row }) });
    if (!known.has(record.key)) first(before, 'r');
    known.add(record.key);
    history.applyWritten({ ...record, value: JSON.stringify({ op: 'u', before, after }) });
    records++;
  }
  assert.deepEqual(history.faults.slice(0, 5), []);
  return records;
}

describe('topics deleted under a running task', { timeout: 240_000 }, () => {
  test('a topic that is deleted is named while it is missing, and written to again when it is back', async t => {
    const bootstrapServers = await sharedKafka();
    await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 6, bootstrapServers });
    await pipeline.has(snapshotRecords);
    const topic = `${pipeline.changing.prefix}.public.numbered`;
    const faultMs = Date.now();
    await administer(bootstrapServers, admin => admin.deleteTopics({ topics: [topic] }));
    await pipeline.retries(new RegExp(`UNKNOWN_TOPIC.*no topic ${topic}`), faultMs, 'TOPIC_UNKNOWN');
    await administer(bootstrapServers, admin => admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }));
    await pipeline.goesOn();
    const { changing, rest } = pipeline;
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed(pipeline.connector) });
    t.diagnostic(`${await assertFollows(publishedForConsoleConsumer(bootstrapServers, [topic]))} records in the topic's second life`);
    const others = changing.topics.filter(name => name !== topic);
    const history = new RowHistory();
    for await (const record of publishedForConsoleConsumer(bootstrapServers, others)) history.applyWritten(record);
    assert.deepEqual(history.faults.slice(0, 5), [], 'nothing is lost or doubled elsewhere');
  });

  test('the task fails with the name of a topic that stays away, and makes it again when it is restarted', async () => {
    const bootstrapServers = await sharedKafka();
    const connector = { 'producer.override.delivery.timeout.ms': '2000' };
    await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 7, bootstrapServers, connector });
    await pipeline.has(snapshotRecords);
    const topic = `${pipeline.changing.prefix}.public.numbered`;
    await administer(bootstrapServers, admin => admin.deleteTopics({ topics: [topic] }));
    const trace = await pipeline.fails();
    assert.match(trace, new RegExp(`^TOPIC_UNKNOWN: .*There is no topic ${topic}`));
    assert.match(trace, /restarted/);
    await pipeline.rest.call('POST', `/connectors/${pipeline.connector}/tasks/0/restart`);
    await pipeline.goesOn();
    await pipeline.changing.rest();
    assert.ok((await assertFollows(publishedForConsoleConsumer(bootstrapServers, [topic]))) > 0);
  });

  test('the offset topic deleted: the task fails, says what that means, and tells the database nothing', async () => {
    const bootstrapServers = await sharedKafka();
    const connector = { 'producer.override.delivery.timeout.ms': '2000' };
    await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 8, bootstrapServers, connector });
    await pipeline.has(snapshotRecords);
    await administer(bootstrapServers, admin => admin.deleteTopics({ topics: [pipeline.offsetsTopic] }));
    const said = new RegExp(`^TOPIC_UNKNOWN: Topic ${pipeline.offsetsTopic}.*offset\\.storage\\.topic.*\\n.*snapshot\\.mode`);
    assert.match(await pipeline.fails(), said);
    const ends = await pipeline.ends();
    await pipeline.rest.call('POST', `/connectors/${pipeline.connector}/tasks/0/restart`);
    assert.match(await pipeline.fails(), said);
    assert.deepEqual(await pipeline.ends(), ends, 'nothing is published without its offset');
  });
});
