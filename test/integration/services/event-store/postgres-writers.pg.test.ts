import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SluiceError } from '../../../../src/contract/index.ts';
import type { RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import {
  openPostgresEventStore,
  type PostgresEventStore,
  type PostgresEventStoreOptions,
} from '../../../../src/services/event-store/postgres/postgres-event-store.ts';
import { type PostgresServer, startPostgres } from '../../../services/postgres.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../../support/fresh-database.ts';
import { until } from '../../../support/until.ts';

describe('writers of an event store in PostgreSQL', { timeout: 180_000 }, () => {
  let server: PostgresServer;
  let database: FreshDatabase;
  const stores = new AsyncDisposableStack();
  /** What waits for a connection of the pool is tried again for as long as those before it take, on a laden machine too. */
  const patience = { lockMsMax: 120_000, unavailableMsMax: 120_000 };
  const open = async (options: Partial<PostgresEventStoreOptions> = {}) =>
    stores.use(await openPostgresEventStore({ connection: database.url, ...patience, ...options }));
  let store: PostgresEventStore;
  let other: PostgresEventStore;
  before(async () => {
    // A server of its own: a transaction of somebody else's that is open there holds back what all streams together tell.
    server = await startPostgres({ version: 18, settings: { autovacuum: 'off' } });
    database = await freshDatabase(server);
    [store, other] = await Promise.all([open(), open()]);
  });
  after(async () => {
    await stores.disposeAsync();
    await database?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  const counted = (number: number) => [{ type: 'Counted', data: { number } }];

  test('two that expect the same version: one of them has it', async () => {
    const stream = { type: 'order', id: 'contended' };
    const conflicts = { seen: 0 };
    const increments = 40;
    const count = async (by: PostgresEventStore) => {
      for (let done = 0; done < increments; ) {
        const { version } = await by.read(stream);
        try {
          await by.append(stream, counted(Number(version)), { expectedVersion: version });
          done++;
        } catch (error) {
          assert.equal((error as SluiceError).code, 'STREAM_CONFLICT');
          conflicts.seen++;
        }
      }
    };
    await Promise.all([count(store), count(other), count(store), count(other)]);
    const { events, version } = await store.read(stream);
    assert.equal(version, BigInt(4 * increments));
    assert.deepEqual(
      events.map(({ data }) => data),
      events.map((_, index) => ({ number: index })),
      'each saw what was there when it appended',
    );
    assert.ok(conflicts.seen > 0, 'they raced');
  });

  test('appends of several processes to streams in common keep their versions and the order of positions', async () => {
    const streams = Array.from({ length: 5 }, (_, index) => ({ type: 'shared', id: String(index) }));
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => {
        const by = index % 2 === 0 ? store : other;
        const pair = [streams[index % 5]!, streams[(index * 3 + 1) % 5]!];
        const appends = (pair[0] === pair[1] ? [pair[0]!] : pair).map(stream => ({ stream, events: counted(index) }));
        return by.appendAll(appends);
      }),
    );
    const all = (await store.readAll(0n, { limit: 10_000 })).filter(({ stream }) => stream.type === 'shared');
    const byStream = Map.groupBy(all, ({ stream }) => stream.id);
    assert.equal(byStream.size, 5);
    for (const events of byStream.values())
      assert.deepEqual(
        events.map(({ version }) => Number(version)),
        events.map((_, index) => index + 1),
      );
  });

  test('an append that is refused leaves the others of its batch as they are', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        store.append({ type: 'batch', id: String(index) }, counted(index), { expectedVersion: index % 3 === 0 ? 7n : 'none' }),
      ),
    );
    for (const [index, outcome] of outcomes.entries()) {
      assert.equal(outcome.status, index % 3 === 0 ? 'rejected' : 'fulfilled');
      const { events } = await store.read({ type: 'batch', id: String(index) });
      assert.equal(events.length, index % 3 === 0 ? 0 : 1);
    }
  });

  test('the same events appended by two at the same time are stored once', async () => {
    const events = [{ id: 'once', type: 'Counted', data: 1 }];
    const stream = { type: 'order', id: 'once' };
    const results = await Promise.all([store, other, store, other].map(by => by.append(stream, events)));
    assert.deepEqual(results.map(({ repeated }) => repeated).sort(), [false, true, true, true]);
    assert.equal((await store.read(stream)).events.length, 1);
    const streams = ['a', 'b'].map(id => ({ type: 'order', id: `stolen-${id}` }));
    const both = await Promise.allSettled(
      streams.map((of, index) => [store, other][index]!.append(of, [{ id: 'stolen', type: 'Counted', data: 1 }])),
    );
    const refused = both.flatMap(outcome => (outcome.status === 'rejected' ? [(outcome.reason as SluiceError).code] : []));
    assert.deepEqual(refused, ['EVENT_INVALID']);
  });

  test('an event that is committed late comes behind no reader’s back', async () => {
    await using client = await connectTo(database.url);
    const stream = { type: 'late', id: '1' };
    const end = (await store.readAll(0n, { limit: 10_000 })).at(-1)?.position ?? 0n;
    await client.query('begin');
    const [late] = await store.appendWithin(client, [{ stream, events: counted(1) }]);
    assert.equal(late?.version, 1n);
    await store.append({ type: 'late', id: '2' }, counted(2));
    assert.deepEqual(await store.readAll(end), [], 'what is behind an open transaction waits for it');
    assert.equal((await store.read({ type: 'late', id: '2' })).events.length, 1, 'its own stream has it');
    const abort = new AbortController();
    const found: RecordedEvent[] = [];
    const subscribed = (async () => {
      for await (const events of store.subscribe(end, abort.signal)) {
        found.push(...events);
        if (found.length >= 2) abort.abort();
      }
    })();
    await client.query('commit');
    await subscribed;
    assert.deepEqual(
      found.map(event => event.stream.id),
      ['1', '2'],
    );
    assert.ok(found[0]!.position < found[1]!.position);
  });

  test('an append in a transaction of the caller’s is committed with it, or not at all', async () => {
    await using client = await connectTo(database.url);
    await client.query('create table orders (id text primary key)');
    const append = (id: string) => [
      { stream: { type: 'own', id }, events: [...counted(1), ...counted(2)] },
      { stream: { type: 'own-too', id }, events: counted(1) },
    ];
    await client.query('begin');
    await store.appendWithin(client, append('kept'));
    await client.query("insert into orders values ('kept')");
    await store.appendWithin(client, [{ stream: { type: 'own', id: 'kept' }, events: counted(3), expectedVersion: 2n }]);
    await client.query('commit');
    await client.query('begin');
    await store.appendWithin(client, append('lost'));
    await client.query('rollback');
    assert.equal((await store.read({ type: 'own', id: 'kept' })).version, 3n);
    assert.equal((await store.read({ type: 'own', id: 'lost' })).exists, false);
    await client.query('begin');
    await client.query("insert into orders values ('first')"); // now it has an id
    await store.append({ type: 'own', id: 'kept' }, counted(4));
    await assert.rejects(store.appendWithin(client, [{ stream: { type: 'own', id: 'kept' }, events: counted(5) }]), {
      code: 'STORE_FAILED',
      remedy: /before anything else is written/,
    });
    await client.query('rollback');
    await client.query('begin isolation level repeatable read');
    await assert.rejects(store.appendWithin(client, append('repeatable')), { code: 'STORE_FAILED', message: /repeatable read/ });
    await client.query('rollback');
  });

  test('an append waits for a stream that another transaction has, others do not', async () => {
    const impatient = await open({ lockMsMax: 100 });
    await using client = await connectTo(database.url);
    const stream = { type: 'held', id: '1' };
    await client.query('begin');
    await store.appendWithin(client, [{ stream, events: counted(1) }]);
    const waiting = Promise.all([other.append(stream, counted(2)), other.append(stream, counted(3))]);
    await Promise.all(Array.from({ length: 50 }, (_, index) => other.append({ type: 'free', id: String(index) }, counted(index))));
    await assert.rejects(impatient.append(stream, counted(9)), { code: 'STORE_UNAVAILABLE', message: /held by another transaction/ });
    await client.query('commit');
    const results = await waiting;
    assert.deepEqual(
      results.map(({ version }) => version),
      [2n, 3n],
    );
  });

  test('no more connections than it may have, whatever is asked of it', async () => {
    const few = await open({ connection: `${database.url}?application_name=few`, connectionsMax: 3 });
    let most = 0;
    let done = false;
    const watching = until(
      async () => {
        const { rows } = await database.client.query("select count(*)::int as count from pg_stat_activity where application_name = 'few'");
        most = Math.max(most, Number(rows[0].count));
        return done;
      },
      { what: 'the appends to be done', timeoutMs: 60_000, everyMs: 1 },
    );
    await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const stream = { type: 'few', id: String(index) };
        await few.append(stream, counted(index));
        await few.read(stream);
      }),
    );
    done = true;
    await watching;
    assert.ok(most >= 1 && most <= 3, `${most} connections`);
  });

  test('a restored copy, whose server counts from lower on, goes on behind what is there', async () => {
    const copy = await open({ table: 'copied' });
    const stream = { type: 'order', id: '1' };
    await copy.append(stream, counted(1));
    await copy[Symbol.asyncDispose]();
    const ahead = 1n << 40n;
    await database.client.query('update copied set position = position + $1', [ahead]);
    await database.client.query('update copied_streams set position = position + $1', [ahead]);
    const restored = await open({ table: 'copied' });
    assert.equal((await restored.readAll(0n)).length, 1);
    await restored.append(stream, counted(2));
    const events = await restored.readAll(0n);
    assert.deepEqual(
      events.map(({ version }) => version),
      [1n, 2n],
    );
  });

  test('what jsonb cannot hold is refused with its place, and nothing is stored', async () => {
    const stream = { type: 'order', id: 'nul' };
    const refused = { code: 'EVENT_INVALID', message: /Noted for order:nul .*U\+0000/ };
    await assert.rejects(store.append(stream, [{ type: 'Noted', data: { text: 'a\u0000b' } }]), refused);
    await assert.rejects(store.append(stream, [{ type: 'Noted', data: { text: 'a\ud800b' } }]), refused);
    await store.append(stream, [{ type: 'Noted', data: { text: 'a\\u0000b', emoji: '😀', back: '\\\\u0000' } }]);
    const [event] = (await store.read(stream)).events;
    assert.deepEqual(event?.data, { text: 'a\\u0000b', emoji: '😀', back: '\\\\u0000' });
  });
});
