import { after, before, describe, test } from 'node:test';
import { kafkaClient } from '../services/kafka.ts';
import { type KafkaCluster, startKafkaCluster } from '../services/kafka-cluster.ts';
import { KafkaPipeline } from './kafka-pipeline.ts';
import { faultSeed } from './rounds.ts';

const replicated = {
  'config.storage.replication.factor': '3',
  'offset.storage.replication.factor': '3',
  'status.storage.replication.factor': '3',
  'request.timeout.ms': '3000',
};

describe('a cluster of three brokers under load', { timeout: 900_000 }, () => {
  let cluster: KafkaCluster;
  before(async () => {
    cluster = await startKafkaCluster();
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const start = (seed: number) =>
    KafkaPipeline.start({ seed: faultSeed * 100 + seed, bootstrapServers: cluster.bootstrapServers, worker: replicated });

  const losses = [
    ['the leader of a topic', (pipeline: KafkaPipeline) => cluster.leaderOf(pipeline.changing.topics[0]!)],
    ['the leader of the offset topic', (pipeline: KafkaPipeline) => cluster.leaderOf(pipeline.offsetsTopic)],
    ['the coordinator of the task’s transactions', (pipeline: KafkaPipeline) => cluster.transactionCoordinatorOf(pipeline.transactionalId)],
    ['the controller', () => cluster.controller()],
  ] as const;

  for (const [index, [what, find]] of losses.entries()) {
    test(`${what} is killed, the task goes on without it, and it comes back`, async t => {
      await using pipeline = await start(10 + index);
      await pipeline.has(1000 + pipeline.changing.random(20_000));
      const lost = cluster.broker(await find(pipeline));
      await lost.stopImmediately();
      await pipeline.goesOn();
      await cluster.start();
      await pipeline.goesOn();
      await pipeline.assertExact(t);
    });
  }

  test('the first of bootstrap.servers hangs: the task goes on without it', async t => {
    await using pipeline = await start(20);
    await pipeline.has(1000);
    const first = cluster.broker(cluster.nodes[0]!);
    first.freeze();
    try {
      await pipeline.goesOn();
    } finally {
      first.thaw();
    }
    await pipeline.goesOn();
    await cluster.start();
    await pipeline.assertExact(t);
  });

  test('all three are restarted one after the other', async t => {
    await using pipeline = await start(21);
    await pipeline.has(20_000);
    for (const node of cluster.nodes) {
      await cluster.inSync([...pipeline.changing.topics, pipeline.offsetsTopic]);
      await cluster.broker(node).stop();
      await pipeline.goesOn();
      await cluster.start();
      await pipeline.goesOn();
    }
    await pipeline.assertExact(t);
  });

  test('too few replicas in sync: RETRYING says so, and it goes on once they are back', async t => {
    await using pipeline = await start(22);
    await pipeline.has(20_000);
    const [topic] = pipeline.changing.topics;
    const admin = kafkaClient(cluster.bootstrapServers).admin();
    await admin.connect();
    const resource = { type: 2, name: topic!, configEntries: [{ name: 'min.insync.replicas', value: '3' }] };
    await admin.alterConfigs({ validateOnly: false, resources: [resource] });
    await admin.disconnect();
    // Without the third one everything goes on as it did, but for what this topic wants.
    const needed = [await cluster.leaderOf(topic!), await cluster.transactionCoordinatorOf(pipeline.transactionalId)];
    const follower = cluster.broker(cluster.nodes.find(node => !needed.includes(node))!);
    const faultMs = Date.now();
    await follower.stopImmediately();
    // Where the end of a transaction was on its way, it is this that cannot be written, and the next one is told of it in these words.
    await pipeline.retries(/NOT_ENOUGH_REPLICAS|CONCURRENT_TRANSACTIONS/, faultMs);
    await cluster.start();
    await pipeline.goesOn();
    await pipeline.assertExact(t);
  });
});
