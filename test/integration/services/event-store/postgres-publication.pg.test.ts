import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedEvent, RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import { openPostgresEventStore } from '../../../../src/services/event-store/postgres/postgres-event-store.ts';
import { publicationConnector } from '../../../../src/services/event-store/postgres/publication-connector.ts';
import { publishedEvent } from '../../../../src/services/event-store/published-event.ts';
import { startPostgres } from '../../../services/postgres.ts';
import { ConnectClient } from '../../../support/connect-client.ts';
import { startDaemon } from '../../../support/daemon.ts';
import { databaseOptions } from '../../../support/database-options.ts';
import { connectTo, freshDatabase } from '../../../support/fresh-database.ts';
import { until } from '../../../support/until.ts';
import { recordsOf } from '../published-events.ts';

const boundMs = 60_000;

test('an event store in PostgreSQL is published: what was there and what comes, once each, in the order of the commits', {
  timeout: 240_000,
}, async () => {
  await using resources = new AsyncDisposableStack();
  // A server of its own: a transaction of somebody else's that is open there holds back what all streams together tell.
  const server = resources.use(await startPostgres({ version: 18, settings: { autovacuum: 'off' } }));
  const database = resources.use(await freshDatabase(server));
  const store = resources.use(await openPostgresEventStore({ connection: database.url, schema: 'orders' }));
  const daemon = resources.use(await startDaemon({}));
  const rest = new ConnectClient(daemon.url);
  const stream = (id: string) => ({ type: 'order', id });
  const created = (number: number) => ({
    type: 'OrderCreated',
    data: { number, deep: { list: [1, 2.5, null, 'é'], big: 1e21, none: {} } },
    metadata: { correlationId: `request-${number}`, userId: 'u' },
  });

  // What is erased leaves room, into which later rows of the same stream would be put before the former.
  await store.setRetention(stream('kept-short'), { eventsMax: 2, ageMsMax: null });
  for (let number = 1; number <= 40; number++) await store.append(stream('kept-short'), [created(number)]);
  await database.client.query('vacuum orders.event_store');
  await store.setRetention(stream('kept-short'), { eventsMax: null, ageMsMax: null });
  await store.append(stream('kept-short'), [created(41), created(42)]);
  await store.append(stream('1'), [created(1), { type: 'OrderPaid', data: 'in full', schemaVersion: 3, timestampMs: 0 }]);

  const names = ['event-store-publication', 'event-store-publication-by-type'] as const;
  const connectors = names.map((name, index) =>
    publicationConnector({ name, database: databaseOptions(database.url), schema: 'orders', routeBy: index === 0 ? 'store' : 'type' }),
  );
  for (const { name, config } of connectors) {
    await rest.putConfig(name, config);
    await rest.running(name);
  }

  const topics = ['domain-events', 'order-created', 'order-paid', 'stream-deleted'] as const;
  const count = async (topic: string, wanted: number) => {
    const enough = async () => {
      for (const { name } of connectors) await rest.assertNotFailed(name);
      const found = await recordsOf(daemon.dataFolder, [topic]);
      return found.length >= wanted && found;
    };
    return until(enough, { what: `${wanted} records of ${topic}`, timeoutMs: boundMs, everyMs: 100 }).catch(async error => {
      const found = await recordsOf(daemon.dataFolder, topics);
      throw new Error(`${(error as Error).message}\n${found.map(({ topic, key }) => `${topic} ${key}`).join('\n')}\n${daemon.log()}`);
    });
  };
  const before = await store.readAll(0n);
  await count('domain-events', before.length);
  await count('order-paid', 1);

  // The order of commits, not that in which the transactions began.
  await using late = await connectTo(database.url);
  await late.query('begin');
  await store.appendWithin(late, [{ stream: stream('late'), events: [created(1)] }]);
  await store.append(stream('2'), [created(1)]);
  await daemon.stop('SIGKILL');
  await daemon.start();
  await store.appendAll([
    { stream: stream('2'), events: [created(2)] },
    { stream: stream('3'), events: [created(1), created(2)] },
  ]);
  await late.query('commit');
  await store.append(stream('late'), [created(2)]);
  await store.deleteStream(stream('1'), 'soft');
  await store.deleteStream(stream('1'), 'hard');
  // A connector that is just being started may have a transaction open, too, which holds back what was appended behind its beginning.
  const after = await until(
    async () => {
      const events = await store.readAll(before.at(-1)!.position);
      return events.at(-1)?.type === '$stream-deleted' && events;
    },
    { what: 'the last deletion to be read', timeoutMs: boundMs },
  );

  const all = await count('domain-events', before.length + after.length);
  const values = all.map(({ value }) => JSON.parse(value) as PublishedEvent);
  // The first deletion's event was erased by the second, but it was published.
  const stored = new Map([...before, ...after].map(event => [event.id, event] as const));
  const expected = (event: RecordedEvent) => publishedEvent(event);
  const soft = values.filter(({ type, data }) => type === '$stream-deleted' && (data as { mode: string }).mode === 'soft');
  assert.equal(soft.length, 1);
  assert.deepEqual(
    values.filter(value => !soft.includes(value)),
    values.flatMap(({ id }) => (stored.has(id) ? [expected(stored.get(id)!)] : [])),
  );
  assert.equal(values.length, stored.size + 1, 'each once');
  for (const [key, own] of Map.groupBy(values, ({ aggregateId }) => aggregateId)) {
    const versions = own.map(({ version }) => version);
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b),
      `${key} in the order of its versions`,
    );
  }
  const at = (id: string, version: number) => values.findIndex(value => value.aggregateId === id && value.version === version);
  assert.ok(at('late', 1) > at('3', 2), 'it was committed later');
  const [first] = all.filter(({ key }) => key === '1');
  const { id } = JSON.parse(first!.value) as PublishedEvent;
  assert.deepEqual(first!.headers, { id, type: 'OrderCreated', version: '1', correlationId: 'request-1' });
  assert.equal(values.find(({ type }) => type === 'OrderPaid')!.timestamp, '1970-01-01T00:00:00.000Z');

  const types = Map.groupBy(values, ({ type }) => type);
  for (const [type, topic] of [
    ['OrderCreated', 'order-created'],
    ['OrderPaid', 'order-paid'],
    ['$stream-deleted', 'stream-deleted'],
  ] as const) {
    const own = types.get(type) ?? [];
    const found = (await count(topic, own.length)).map(({ value }) => (JSON.parse(value) as PublishedEvent).id);
    assert.deepEqual(found.toSorted(), own.map(event => event.id).toSorted());
  }
});
