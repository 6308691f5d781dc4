import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { faultRounds } from '../../../fault/rounds.ts';
import { publishedForConsoleConsumer } from '../../../fault/strangers.ts';
import { sharedKafka } from '../../../support/servers.ts';
import { workerGroup } from '../../../support/worker-group.ts';
import { killAndCompare, newEventStoreDaemon } from './killed-store.ts';

/** A start on Kafka costs seconds. */
const rounds = faultRounds > 3 ? faultRounds : 2;

test('events of a daemon that is killed are published once, in the order of the commits, on Kafka', {
  timeout: 300_000 + 60_000 * rounds,
}, async t => {
  const bootstrapServers = await sharedKafka();
  // The broker is others' too.
  const mark = randomBytes(4).toString('hex');
  const names = { topic: `events-${mark}`, prefix: `O${mark}x` };
  await using store = await newEventStoreDaemon({
    'bootstrap.servers': bootstrapServers,
    ...workerGroup('event-store'),
    'services.event-store.topic': names.topic,
    'services.event-store.topic.per.type': 'true',
    'services.event-store.topic.partitions': '1',
  });
  const events = await killAndCompare(store, {
    ...{ names, rounds, order: 'commits', points: [] },
    published: topics => publishedForConsoleConsumer(bootstrapServers, topics),
    async isRead({ position }) {
      const answer = await store.call('GET', '/sluice/connectors/event-store-publication');
      // Its group shares the connectors anew.
      if (!answer.ok) return false;
      const { tasks } = (await answer.json()) as { readonly tasks: readonly { readonly position: string | null }[] };
      return tasks[0]?.position === String(position);
    },
  });
  t.diagnostic(`${events} events`);
});
