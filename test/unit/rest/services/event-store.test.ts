import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { noServices } from '../../../../src/rest/services/services.ts';
import { OpenEventStore } from '../../../../src/services/event-store/hosting/open-event-store.ts';
import { serverSentEvents } from '../../../integration/services/event-store/event-source-client.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { until } from '../../../support/until.ts';
import { access, basic, writeUsers } from '../access/users.ts';
import { RestWorker } from '../rest-worker.ts';
import { aggregates, EventStoreRest } from './event-store-rest.ts';

const never = new AbortController().signal;

describe('the event store over REST', () => {
  let rest: EventStoreRest;
  before(async () => {
    rest = await new EventStoreRest().start();
  });
  after(() => rest[Symbol.asyncDispose]());

  test('appends and reads, forwards and backwards', async () => {
    const made = await rest.call('POST', '/streams/order:1', {
      events: [
        { id: 'e1', type: 'OrderCreated', data: { n: 1 }, metadata: { correlationId: 'c' }, timestamp: '2026-01-31T12:00:00.000Z' },
        { id: 'e2', type: 'ItemAdded', data: { n: 2 }, schemaVersion: 2 },
      ],
    });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body, { stream: 'order:1', version: 2, created: true, repeated: false });
    assert.equal(made.headers.get('etag'), '"2"');
    const again = await rest.call('POST', '/streams/order:1', { events: [{ id: 'e2', type: 'ItemAdded', data: { n: 2 } }] });
    assert.equal(again.status, 200);
    assert.deepEqual(again.body, { stream: 'order:1', version: 2, created: false, repeated: true });
    const { body, headers } = await rest.call('GET', '/streams/order:1');
    const { stream, version, events } = body as { stream: string; version: number; events: readonly Record<string, unknown>[] };
    assert.deepEqual([stream, version, headers.get('etag')], ['order:1', 2, '"2"']);
    assert.deepEqual(events[0], {
      ...{ position: 1, id: 'e1', aggregateType: 'order', aggregateId: '1', type: 'OrderCreated', version: 1, data: { n: 1 } },
      ...{ metadata: { correlationId: 'c' }, schemaVersion: 1, timestamp: '2026-01-31T12:00:00.000Z' },
    });
    const ids = async (query: string) =>
      ((await rest.call('GET', `/streams/order:1?${query}`)).body as { events: { id: string }[] }).events.map(({ id }) => id);
    assert.deepEqual(await ids('direction=backwards'), ['e2', 'e1']);
    assert.deepEqual(await ids('direction=backwards&from=1'), ['e1']);
    assert.deepEqual(await ids('from=2'), ['e2']);
    assert.deepEqual(await ids('limit=1'), ['e1']);
  });

  test('refuses what expects another version, and says which it is', async () => {
    await rest.append('order:2', 'OrderCreated');
    const conflict = { error_code: 409, message: 'The stream order:2 is at version 1; expected was version 3.', currentVersion: 1 };
    for (const [more, headers] of [
      [{ expectedVersion: 3 }, {}],
      [{}, { 'if-match': '"3"' }],
      [{}, { 'if-match': '3' }],
    ] as const) {
      const answer = await rest.call('POST', '/streams/order:2', { events: [{ type: 'ItemAdded', data: {} }], ...more }, headers);
      assert.equal(answer.status, 409);
      assert.deepEqual(answer.body, conflict);
    }
    const event = { events: [{ type: 'ItemAdded', data: {} }] };
    assert.equal((await rest.call('POST', '/streams/order:2', event, { 'if-none-match': '*' })).status, 409);
    assert.equal((await rest.call('POST', '/streams/order:none', event, { 'if-match': '*' })).status, 409);
    assert.equal((await rest.call('POST', '/streams/order:2', event, { 'if-match': '*' })).status, 201);
    assert.equal((await rest.call('POST', '/streams/order:2', { ...event, expectedVersion: 2 }, { 'if-match': '"2"' })).status, 201);
    assert.equal((await rest.call('POST', '/streams/order:new', event, { 'if-none-match': '*' })).status, 201);
  });

  test('appends to several streams, or to none', async () => {
    const append = (stream: string, expectedVersion: unknown) => ({ stream, events: [{ type: 'Moved', data: {} }], expectedVersion });
    const made = await rest.call('POST', '/streams', { appends: [append('account:a', 'none'), append('account:b', 0)] });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body, {
      appends: ['a', 'b'].map(id => ({ stream: `account:${id}`, version: 1, created: true, repeated: false })),
    });
    const refused = await rest.call('POST', '/streams', { appends: [append('account:a', 1), append('account:b', 7)] });
    assert.equal(refused.status, 409);
    assert.deepEqual((refused.body as { currentVersion: number }).currentVersion, 1);
    assert.equal(((await rest.call('GET', '/streams/account:a')).body as { version: number }).version, 1);
  });

  test('rebuilds an aggregate as of its end, of a version and of a moment', async () => {
    const at = (minute: number) => `2026-01-31T12:0${minute}:00.000Z`;
    for (const [minute, type] of ['OrderCreated', 'ItemAdded', 'OrderPaid'].entries())
      await rest.call('POST', '/streams/order:3', { events: [{ type, data: {}, timestamp: at(minute) }] });
    const state = async (query: string) => (await rest.call('GET', `/streams/order:3/state${query}`)).body;
    assert.deepEqual(await state(''), { stream: 'order:3', version: 3, state: { items: 1, paid: true } });
    assert.deepEqual(await state('?at=2'), { stream: 'order:3', version: 2, state: { items: 1, paid: false } });
    assert.deepEqual(await state(`?at=${at(1)}`), { stream: 'order:3', version: 2, state: { items: 1, paid: false } });
    assert.equal((await rest.call('GET', '/streams/order:nothing/state')).status, 404);
    const unknown = await rest.call('GET', '/streams/account:a/state');
    assert.equal(unknown.status, 404);
    assert.match(JSON.stringify(unknown.body), /No aggregate of type 'account' is registered \(there are order\)/);
  });

  test('deletes softly and for good', async () => {
    await rest.append('order:4', 'OrderCreated');
    assert.equal((await rest.call('DELETE', '/streams/order:4', undefined, { 'if-match': '"9"' })).status, 409);
    assert.equal((await rest.call('DELETE', '/streams/order:4')).status, 204);
    assert.equal((await rest.call('GET', '/streams/order:4')).status, 404);
    assert.equal((await rest.append('order:4', 'OrderCreated')).status, 201);
    assert.equal((await rest.call('DELETE', '/streams/order:4?mode=hard')).status, 204);
    const closed = await rest.append('order:4', 'OrderCreated');
    assert.equal(closed.status, 410);
    assert.match(JSON.stringify(closed.body), /deleted for good/);
  });

  test('keeps what a stream is told to keep', async () => {
    assert.equal((await rest.call('PUT', '/streams/order:5/retention', { eventsMax: 2 })).status, 204);
    for (let n = 0; n < 4; n++) await rest.append('order:5', 'ItemAdded');
    const { events } = (await rest.call('GET', '/streams/order:5')).body as { events: { version: number }[] };
    assert.deepEqual(
      events.map(({ version }) => version),
      [3, 4],
    );
  });

  test('reads all events by pages', async () => {
    const first = (await rest.call('GET', '/events?limit=2')).body as { events: { id: string; position: number }[]; next: number };
    assert.deepEqual(
      first.events.map(({ id }) => id),
      ['e1', 'e2'],
    );
    const second = (await rest.call('GET', `/events?after=${first.next}&limit=1`)).body as typeof first;
    assert.ok(second.events[0]!.position > first.next);
    const end = (await rest.call('GET', '/events?after=1000000')).body as typeof first;
    assert.deepEqual(end, { events: [], next: 1_000_000 });
  });

  test('sends what there is and what comes to a subscriber, and ends with the store', async () => {
    const abort = new AbortController();
    const url = `${rest.worker.url}/event-store/subscribe?after=0`;
    const sent = serverSentEvents(url, abort.signal, { lastEventId: '1' });
    const first = (await sent.next()).value!;
    assert.equal(first.id, '2', 'Last-Event-ID counts before the address');
    let last = first;
    for (let { events } = (await rest.call('GET', '/events?limit=1000')).body as { events: { position: number }[] }; ; ) {
      if (last.data.position === events.at(-1)!.position) break;
      last = (await sent.next()).value!;
    }
    const live = sent.next();
    await rest.append('order:live', 'OrderCreated');
    assert.equal((await live).value?.data.aggregateId, 'live');
    abort.abort();
  });
});

test('a subscription ends when the store is closed, and when the worker stops', async () => {
  const rest = await new EventStoreRest().start();
  try {
    const url = `${rest.worker.url}/event-store/subscribe`;
    const first = serverSentEvents(url, never);
    const second = serverSentEvents(url, never);
    await rest.append('order:1', 'OrderCreated');
    assert.equal((await first.next()).value?.id, '1');
    assert.equal((await second.next()).value?.id, '1');
    const ended = first.next();
    rest.closing.abort();
    assert.equal((await ended).done, true);
    rest.stores.set({ id: 'one', store: rest.store!, aggregates, closing: never, published: () => {} });
    const third = serverSentEvents(url, never);
    assert.equal((await third.next()).value?.id, '1');
    const stopped = third.next();
    await rest.worker.rest.close(60_000);
    assert.equal((await stopped).done, true);
  } finally {
    await rest[Symbol.asyncDispose]();
  }
});

test('a client that is gone leaves no subscription behind', async () => {
  await using rest = await new EventStoreRest().start();
  const abort = new AbortController();
  let open = 0;
  const { store } = rest;
  const counted = new Proxy(store!, {
    get: (target, name) =>
      name === 'subscribe'
        ? async function* (from: bigint, signal: AbortSignal) {
            open++;
            yield* target.subscribe(from, signal);
            open--;
          }
        : Reflect.get(target, name).bind(target),
  });
  rest.stores.set({ id: 'one', store: counted, aggregates, closing: never, published: () => {} });
  await rest.append('order:1', 'OrderCreated');
  const sent = serverSentEvents(`${rest.worker.url}/event-store/subscribe`, abort.signal);
  await sent.next();
  assert.equal(open, 1);
  abort.abort();
  await assert.rejects(sent.next());
  await until(() => open === 0, { what: 'the subscription to end' });
});

test('where there is no event store its paths are not found, and where it is not open they ask to come again', async () => {
  await using without = await new RestWorker().start();
  const missing = await without.call('GET', '/event-store/events');
  assert.equal(missing.status, 404);
  assert.match(JSON.stringify(missing.body), /services: \{event-store: \{\}\}/);
  await using closed = await new RestWorker().start({ services: { ...noServices, eventStore: new OpenEventStore() } });
  for (const [method, path] of [
    ['POST', '/event-store/streams/order:1'],
    ['GET', '/event-store/streams/order:1/state'],
    ['GET', '/event-store/subscribe'],
  ] as const) {
    const { status, body } = await closed.call(method, path, method === 'POST' ? { events: [] } : undefined);
    assert.equal(status, 503, path);
    assert.match(JSON.stringify(body), /The event store is not open/);
  }
});

test('an event tells who appended it, and only refused appends are told of in the audit log', async () => {
  using folder = new ScratchFolder('event-users');
  const usersFile = folder.file('users');
  await writeUsers(usersFile, { vera: 'viewer', olga: 'operator' });
  const audited: string[] = [];
  const told = (_fields: object, message: string) => void audited.push(message);
  const auditLogger = { debug: told, info: told, warn: told, error: told, child: () => auditLogger };
  await using rest = await new EventStoreRest().start({ ...access({ usersFile }), auditLogger });
  const events = { events: [{ type: 'OrderCreated', data: {} }] };
  assert.equal((await rest.call('POST', '/streams/order:1', events, basic('olga'))).status, 201);
  assert.equal((await rest.call('POST', '/streams/order:1', events, basic('vera'))).status, 403);
  assert.equal((await rest.call('DELETE', '/streams/order:1', undefined, basic('olga'))).status, 403);
  const { body } = await rest.call('GET', '/streams/order:1', undefined, basic('vera'));
  assert.deepEqual((body as { events: { metadata: object }[] }).events[0]!.metadata, { userId: 'olga' });
  assert.deepEqual(audited, ['vera POST /event-store/streams/order:1: refused', 'olga DELETE /event-store/streams/order:1: refused']);
});
