import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedForSqlite3 } from '../../../fault/strangers.ts';
import { startPostgres } from '../../../services/postgres.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { until } from '../../../support/until.ts';
import { exactAggregates, exactAndDated } from './exact-events.ts';
import { newPostgresEventStoreDaemon } from './hosted-postgres.ts';

const connectors = ['event-store-publication', 'event-store-publication-by-type'];

test('an event store in PostgreSQL that the worker hosts: opened when the database is there, published once over a kill', {
  timeout: 240_000,
}, async () => {
  // A server of its own: a transaction of somebody else's that is open there holds back what all streams together tell.
  await using server = await startPostgres({ version: 18, settings: { autovacuum: 'off' } });
  await using resources = new AsyncDisposableStack();
  const { store, database } = await newPostgresEventStoreDaemon(server, {
    'services.event-store.topic.per.type': 'true',
    'services.event-store.retention.events': '3',
  });
  const { daemon } = store;
  resources.defer(() => store[Symbol.asyncDispose]());
  await daemon.start();
  const retried = await until(
    async () => {
      const view = (await (await store.call('GET', '/sluice/services/event-store')).json()) as { retrying: { reason: string } | null };
      return view.retrying?.reason;
    },
    { what: 'the service to fail', timeoutMs: 60_000 },
  );
  assert.match(retried, /The event store .* cannot be opened/);

  for (const connector of connectors) await store.call('PUT', `/connectors/${connector}/pause`);
  resources.use(await freshDatabase(server, database));
  await store.start();
  for (let n = 0; n < 5; n++) await store.appendPatiently('order:1', [{ id: `a${n}`, type: 'OrderChanged', data: { n } }]);
  assert.equal((await store.all()).length, 5, 'nothing goes before the publication has read it');
  for (const connector of connectors) await store.call('PUT', `/connectors/${connector}/resume`);
  const runs = () =>
    until(
      async () => {
        const states = await Promise.all(
          connectors.map(async connector => {
            const answer = await store.call('GET', `/connectors/${connector}/status`);
            if (!answer.ok) return false;
            const { tasks } = (await answer.json()) as { tasks: { state: string }[] };
            return tasks[0]?.state === 'RUNNING';
          }),
        );
        return states.every(Boolean);
      },
      { what: `the publication to run. The end of the log:\n${daemon.log()}\n`, timeoutMs: 120_000 },
    );
  await runs();
  const config = await (await store.call('GET', `/connectors/${connectors[0]}/config`)).text();
  assert.ok(config.includes('${env:EVENTS_PASSWORD}'), 'no secret is stored');
  const conflict = await store.call('POST', '/event-store/streams/order:1', { events: [{ type: 'T', data: 1 }], expectedVersion: 2 });
  assert.equal(conflict.status, 409);
  assert.equal(((await conflict.json()) as { currentVersion: number }).currentVersion, 5);
  await daemon.stop('SIGKILL');
  await store.start();
  await store.appendPatiently('order:1', [{ id: 'a4', type: 'OrderChanged', data: { n: 4 } }]);
  for (let n = 5; n < 10; n++) await store.appendPatiently('order:1', [{ id: `a${n}`, type: 'OrderChanged', data: { n } }]);
  const wanted = Array.from({ length: 10 }, (_, n) => `1 a${n} ${n + 1}`);
  for (const topic of ['domain-events', 'order-changed']) {
    const found = await until(
      async () => {
        const events: string[] = [];
        for await (const { key, value } of publishedForSqlite3(daemon.dataFolder, [topic])) {
          const { id, version } = JSON.parse(value!) as { id: string; version: number };
          events.push(`${key} ${id} ${version}`);
        }
        return events.length >= wanted.length && events;
      },
      { what: `the events on ${topic}. The end of the log:\n${daemon.log()}\n`, timeoutMs: 120_000, everyMs: 200 },
    );
    assert.deepEqual(found, wanted);
  }
  // From here on the stream keeps as many as it is told, from a next append on.
  const ids = wanted.map((_, n) => `a${n}`);
  const kept = await until(
    async () => {
      const id = `b${ids.length}`;
      await store.appendPatiently('order:1', [{ id, type: 'OrderChanged', data: {} }]);
      ids.push(id);
      const left = (await store.all()).map(event => event.id);
      return left.length <= 3 && left.at(-1) === id && left;
    },
    { what: 'the retention to begin', timeoutMs: 120_000, everyMs: 100 },
  );
  assert.deepEqual(kept, ids.slice(-3));
  await daemon.stop();
});

test('an event store in PostgreSQL keeps the digits of integers from the request to the topic, and its records the time of their events', {
  timeout: 240_000,
}, async () => {
  await using server = await startPostgres({ version: 18, settings: { autovacuum: 'off' } });
  await using resources = new AsyncDisposableStack();
  const { store, database, settings } = await newPostgresEventStoreDaemon(server);
  const { client } = resources.use(await freshDatabase(server, database));
  resources.use(store);
  await store.daemon.configure({ ...settings, ...exactAggregates(store) });
  await store.start();
  // As on a server that has seen so many transactions: positions are beyond what a number can hold.
  await client.query('update orders.event_store_origin set transactions = $1', [String(2n ** 38n)]);
  await exactAndDated(store);
});
