import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type KafkaServer, kafkaClient, startKafka } from '../services/kafka.ts';
import { until } from '../support/until.ts';
import { KafkaPipeline } from './kafka-pipeline.ts';
import { faultSeed } from './rounds.ts';

describe('a task’s transactions under load', { timeout: 240_000 }, () => {
  let kafka: KafkaServer;
  before(async () => {
    // When the broker looks for transactions that took too long.
    kafka = await startKafka({ 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200' });
  });
  after(() => kafka?.[Symbol.asyncDispose]());

  test('fenced by another producer: FAILED, says so, publishes nothing more; a restart goes on', async t => {
    const { bootstrapServers } = kafka;
    await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 3, bootstrapServers });
    await pipeline.has(2000);
    const { transactionalId } = pipeline;
    const client = kafkaClient(bootstrapServers);
    const admin = client.admin();
    await admin.connect();
    const stranger = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
    await stranger.connect();
    const elsewhere = 'elsewhere';
    await admin.createTopics({ topics: [{ topic: elsewhere }], waitForLeaders: true });
    try {
      await (await stranger.transaction()).abort();
      assert.match(await pipeline.fails(), /^FENCED: /);
      const [connector, task] = [await pipeline.rest.status(pipeline.connector), await pipeline.progress()];
      assert.equal(connector?.connector.state, 'RUNNING', 'it is the task that has failed');
      assert.equal(task?.state, 'FAILED');
      // Its producer stays fenced: what it sent now would be refused; and the stranger’s transactions go through.
      const silent = await pipeline.ends();
      const owned = await stranger.transaction();
      await owned.send({ topic: elsewhere, messages: [{ value: 'the stranger’s' }] });
      await owned.commit();
      assert.deepEqual(await pipeline.ends(), silent, 'nothing more is published');
    } finally {
      await Promise.all([stranger.disconnect(), admin.disconnect()]);
    }
    await pipeline.rest.call('POST', `/connectors/${pipeline.connector}/tasks/0/restart`);
    await pipeline.goesOn();
    await pipeline.assertExact(t);
  });

  test('ended by the broker since the daemon stood still for longer than transaction.timeout.ms: it goes on by itself', async t => {
    const { bootstrapServers } = kafka;
    const connector = { 'producer.override.transaction.timeout.ms': '1000' };
    await using pipeline = await KafkaPipeline.start({ seed: faultSeed * 100 + 4, bootstrapServers, connector });
    await pipeline.has(2000);
    // Some moments find it between two transactions, and a laden machine has few of them in a minute.
    const timedOut = async () => {
      await pause(pipeline.changing.random(50));
      process.kill(pipeline.daemon.pid, 'SIGSTOP');
      try {
        await pause(1500);
      } finally {
        process.kill(pipeline.daemon.pid, 'SIGCONT');
      }
      await pipeline.goesOn();
      return /transaction\.timeout\.ms/.test(pipeline.daemon.log(500));
    };
    await until(timedOut, { what: 'a transaction to be ended by the broker', timeoutMs: 150_000 });
    await pipeline.assertExact(t);
  });
});
