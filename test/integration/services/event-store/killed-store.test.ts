import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedForSqlite3 } from '../../../fault/strangers.ts';
import { killAndCompare, newEventStoreDaemon } from './killed-store.ts';

test('events of a daemon that is killed are published once, in the order of the commits, on the embedded log', {
  timeout: 300_000,
}, async t => {
  await using store = await newEventStoreDaemon({ 'services.event-store.topic.per.type': 'true' });
  const events = await killAndCompare(store, { topic: 'domain-events', prefix: 'Order' }, 3, topics =>
    publishedForSqlite3(store.daemon.dataFolder, topics),
  );
  assert.ok(events > 120, `${events}`);
  t.diagnostic(`${events} events`);
});
