import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { kafkaClient } from '../../services/kafka.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { newDaemon } from '../../support/daemon.ts';
import { sharedKafka } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { seedKafka } from './seeded.ts';

/** Longer than a write takes on a busy machine. */
const pollMsMax = 5000;

/** A webhook that answers as it is told, and keeps the records it has taken. */
class Receiver implements AsyncDisposable {
  status = 503;
  readonly taken: { readonly id: number; readonly n: number }[] = [];
  refusals = 0;
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    // Without a body somebody only looks whether it is there.
    const items = text === '' ? [] : (JSON.parse(text) as { value: { after: Receiver['taken'][number] } }[]);
    if (this.status !== 503) this.taken.push(...items.map(({ value }) => value.after));
    else if (items.length > 0) this.refusals++;
    response.writeHead(this.status).end();
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

test('a target that stays away for longer than max.poll.interval.ms costs a task neither its place in the group nor a record twice', {
  timeout: 180_000,
}, async () => {
  const bootstrapServers = await sharedKafka();
  const topic = `away-${process.pid}-${Date.now()}`;
  await using receiver = new Receiver();
  const url = await receiver.listen();
  await using daemon = await newDaemon({ 'bootstrap.servers': bootstrapServers, ...workerGroup('away') });
  await seedKafka(bootstrapServers, { topic, partitions: 2, keys: 10, perKey: 20 });
  await daemon.start();
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig(topic, {
    'connector.class': 'http',
    topics: topic,
    'http.url': url,
    'key.converter': 'json',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'json',
    'value.converter.schemas.enable': 'false',
    'sink.batch.max.records': '20',
    'errors.retry.delay.max.ms': '100',
    'consumer.override.max.poll.records': '10',
    'consumer.override.max.poll.interval.ms': String(pollMsMax),
    'consumer.override.heartbeat.interval.ms': '100',
  });
  const client = kafkaClient(bootstrapServers).admin();
  await client.connect();
  try {
    const members = async () => {
      const { groups } = await client.describeGroups([`connect-${topic}`]);
      return groups[0]?.state === 'Stable' ? groups[0].members.map(({ memberId }) => memberId) : null;
    };
    await until(() => receiver.refusals > 0, { what: `the receiver to be asked. The daemon's log:\n${daemon.log()}\n`, timeoutMs: 60_000 });
    const before = await until(members, { what: 'the group to be stable', timeoutMs: 60_000 });
    const awaySinceMs = performance.now();
    await until(() => performance.now() - awaySinceMs > 2 * pollMsMax, {
      what: 'the target to have been away for so long',
      timeoutMs: 60_000,
    });
    const refusals = receiver.refusals;
    await until(() => receiver.refusals > refusals, { what: 'the batch to be tried again', timeoutMs: 60_000 });
    assert.deepEqual(await members(), before);
    receiver.status = 204;
    await rest.call('GET', `/connectors/${topic}/wait?timeout=60000`);
    assert.deepEqual(await members(), before);
  } finally {
    await client.disconnect();
  }
  assert.equal(receiver.taken.length, 200);
  for (let id = 0; id < 10; id++) {
    const numbers = receiver.taken.filter(row => row.id === id).map(({ n }) => n);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
  }
});
