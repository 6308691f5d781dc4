import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EventLog } from '../../src/contract/index.ts';
import { kafkaClient, kafkaTool } from '../services/kafka.ts';
import { sharedKafka } from '../support/servers.ts';
import { commitAll, Member } from './consumer-suite/member.ts';
import { aName, append, exactlyOnce, makeTopic, never, openLog, workerOptions } from './kafka-log-fixture.ts';

const memberProgram = fileURLToPath(new URL('./kafka-consumer-process.ts', import.meta.url));
const groupCommand = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';

/** What only real brokers have: others that look at a group or write beside us, members that die. */
describe('consumer groups on Kafka', { timeout: 240_000 }, () => {
  let bootstrapServers: string;
  let options: Record<string, string>;
  let log: EventLog;
  before(async () => {
    bootstrapServers = await sharedKafka();
    options = workerOptions(bootstrapServers, aName('groups'));
    log = await openLog(options);
  });
  after(async () => {
    await log[Symbol.asyncDispose]();
  });

  const describeGroup = (group: string, ...more: readonly string[]) =>
    kafkaTool(groupCommand, ['--bootstrap-server', bootstrapServers, '--describe', '--group', group, ...more]);

  async function fill(topic: string, count: number, partitions = 1): Promise<void> {
    await using writer = await log.writer({ connector: aName('writer'), task: 0 }, exactlyOnce, never);
    await append(
      writer,
      Array.from({ length: count }, (_, index) => ({ topic, value: String(index), partition: index % partitions })),
    );
  }

  test('kafka-consumer-groups shows the group, its member and no lag, and may reset it', async () => {
    const topic = await makeTopic(log, 2);
    const connector = aName('sink');
    const group = `connect-${connector}`;
    await fill(topic, 20, 2);
    {
      await using member = new Member(log, { group, topics: [topic] }, commitAll);
      await member.untilCount(20);
      await member.until('position', ({ consumer }) => consumer.lag().every(({ records }) => records === 0n));
      // What came in the last event is committed once more, behind the marker of its transaction.
      await commitAll(member.records, member);
      const rows = (await describeGroup(group)).split('\n').filter(line => line.startsWith(group));
      assert.equal(rows.length, 2);
      for (const row of rows) {
        const [, shownTopic, , current, end, lag, consumerId] = row.split(/\s+/);
        assert.deepEqual([shownTopic, lag], [topic, '0']);
        assert.equal(current, end);
        assert.ok(consumerId!.startsWith(`connector-consumer-${connector}-`), consumerId);
      }
      assert.match(await describeGroup(group, '--members', '--verbose'), new RegExp(`${topic}[(:]0, ?1`));
      assert.match(await describeGroup(group, '--state'), /roundrobin\s+Stable/);
    }
    const reset = ['--reset-offsets', '--to-earliest', '--execute', '--all-topics', '--group', group];
    await kafkaTool(groupCommand, ['--bootstrap-server', bootstrapServers, ...reset]);
    await using member = new Member(log, { group, topics: [topic] });
    await member.untilCount(20);
  });

  test('a topic that gets more partitions is read whole, in a later era', async () => {
    const topic = await makeTopic(log, 1);
    const group = aName('group');
    await fill(topic, 3);
    await using member = new Member(log, { group, topics: [topic], overrides: { 'metadata.max.age.ms': '200' } }, commitAll);
    await member.untilCount(3);
    const { era } = member.owned[0]!;
    const admin = kafkaClient(bootstrapServers).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await admin.disconnect();
    await member.until('three partitions', ({ owned }) => owned.length === 3);
    const eras = new Set(member.owned.map(partition => partition.era));
    assert.equal(eras.size, 1);
    assert.ok([...eras][0]! > era);
    await fill(topic, 30, 3);
    await member.untilCount(33);
    await member[Symbol.asyncDispose]();
    await log.groups.remove(group);
    await using next = new Member(log, { group, topics: [topic] });
    await next.untilCount(33);
    assert.deepEqual(new Set(next.owned.map(partition => partition.era)), eras);
  });

  test('what was aborted is never given out, and what is open not before it is committed', async () => {
    const topic = await makeTopic(log, 1);
    const producer = kafkaClient(bootstrapServers).producer({
      transactionalId: aName('producer'),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    await using member = new Member(log, { group: aName('group'), topics: [topic] }, commitAll);
    await member.until('assignment', ({ owned }) => owned.length === 1);
    for (const [value, committed] of [
      ['a', true],
      ['b', false],
      ['c', true],
      ['d', false],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      if (committed) await transaction.commit();
      else await transaction.abort();
    }
    await producer.disconnect();
    await member.untilCount(2);
    await member.until('end', ({ consumer }) => consumer.lag()[0]!.position === 8n);
    assert.deepEqual(member.values, ['a', 'c']);
    assert.equal(member.consumer.lag()[0]!.records, 0n);
  });

  test('a member that is killed is put out, and the others go on behind what it committed', async () => {
    const topic = await makeTopic(log, 4);
    const group = aName('group');
    await fill(topic, 400, 4);
    const child = spawn(process.execPath, [memberProgram, JSON.stringify(options), group, topic], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout);
    for await (const line of lines) if (Number(line) >= 50) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const committed = await log.groups.offsets(group);
    const done = committed.reduce((sum, { offset }) => sum + Number(offset), 0);
    assert.ok(done >= 50);
    await using member = new Member(log, { group, topics: [topic] }, commitAll);
    await member.until('all partitions', ({ owned }) => owned.length === 4, 60_000);
    // A commit that was on its way when it was killed may count as well.
    for (const { partition, offset } of committed) assert.ok(member.owned.find(place => place.partition === partition)!.offset >= offset);
    // The markers of the transaction are passed over where a partition was read to its end.
    await member.until('end', ({ consumer }) => consumer.lag().every(({ records }) => records === 0n));
    const read = new Map(member.owned.map(({ partition, offset }) => [partition, Number(offset)]));
    for (const partition of [0, 1, 2, 3]) {
      const offsets = member.records.filter(record => record.partition === partition).map(({ offset }) => Number(offset));
      const from = read.get(partition) ?? 0;
      assert.deepEqual(
        offsets,
        Array.from({ length: Math.max(0, 100 - from) }, (_, index) => from + index),
      );
    }
  });
});
