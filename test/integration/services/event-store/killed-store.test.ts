import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultRounds } from '../../../fault/rounds.ts';
import { publishedForSqlite3 } from '../../../fault/strangers.ts';
import { killAndCompare, newEventStoreDaemon, publishingPoints } from './killed-store.ts';

test('events of a daemon that is killed are published once, in the order of the commits, on the embedded log', {
  timeout: 300_000 + 30_000 * faultRounds,
}, async t => {
  await using store = await newEventStoreDaemon({ 'services.event-store.topic.per.type': 'true' });
  const events = await killAndCompare(store, {
    names: { topic: 'domain-events', prefix: 'Order' },
    rounds: faultRounds,
    published: topics => publishedForSqlite3(store.daemon.dataFolder, topics),
    order: 'commits',
    points: publishingPoints,
  });
  assert.ok(events > 90, `${events}`);
  t.diagnostic(`${faultRounds} kills, ${events} events`);
});
