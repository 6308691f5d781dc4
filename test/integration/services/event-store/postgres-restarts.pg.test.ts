import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import { openPostgresEventStore } from '../../../../src/services/event-store/postgres/postgres-event-store.ts';
import { startPostgres } from '../../../services/postgres.ts';
import { connectTo, freshDatabase, isConnectionLost } from '../../../support/fresh-database.ts';
import { until } from '../../../support/until.ts';
import { answerLosingProxy } from './answer-losing-proxy.ts';

const unavailableMsMax = 60_000;

test('connections that are cut and a server that crashes: every append is stored once, and the subscription goes on', {
  timeout: 180_000,
}, async () => {
  await using server = await startPostgres({ version: 18, settings: { fsync: 'on', full_page_writes: 'on' } });
  await using store = await openPostgresEventStore({ connection: server.url, unavailableMsMax });
  const abort = new AbortController();
  const found: RecordedEvent[] = [];
  const subscribed = (async () => {
    for await (const events of store.subscribe(0n, abort.signal)) found.push(...events);
  })();
  const versions = new Map<string, bigint[]>();
  let stopping = false;
  let appended = 0;
  const write = async (writer: number) => {
    const stream = { type: 'writer', id: String(writer) };
    const own: bigint[] = [];
    versions.set(stream.id, own);
    while (!stopping) {
      const { version, repeated } = await store.append(stream, [{ type: 'Written', data: { number: own.length + 1 } }], {
        expectedVersion: BigInt(own.length),
      });
      assert.equal(repeated, false);
      own.push(version);
      appended++;
    }
  };
  const writers = Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)));
  const more = (count: number) => {
    const from = appended;
    return until(() => appended >= from + count, { what: `${count} more appends`, timeoutMs: unavailableMsMax });
  };
  await more(200);
  for (let round = 0; round < 3; round++) {
    try {
      await using admin = await connectTo(server.url);
      await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'Sluice event store'");
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
    }
    await more(100);
  }
  await server.stopImmediately();
  await server.start();
  await more(200);
  await server.stop();
  await server.start();
  await more(200);
  stopping = true;
  await writers;
  await until(() => found.length >= appended, { what: 'the subscription to bring all', timeoutMs: unavailableMsMax });
  abort.abort();
  await subscribed;
  assert.equal(found.length, appended);
  for (const [id, own] of versions) {
    const expected = own.map((_, index) => BigInt(index + 1));
    assert.deepEqual(own, expected);
    const seen = found.filter(({ stream }) => stream.id === id).map(({ version, data }) => [version, data]);
    assert.deepEqual(
      seen,
      expected.map(version => [version, { number: Number(version) }]),
    );
  }
});

test('an append whose commit is made, and whose answer is lost, is stored once and told as what it is', { timeout: 240_000 }, async () => {
  // A server of its own: a transaction of somebody else's that is open there holds back what all streams together tell.
  await using server = await startPostgres({ version: 18, settings: { autovacuum: 'off' } });
  await using database = await freshDatabase(server);
  await using proxy = await answerLosingProxy(database.url);
  await using store = await openPostgresEventStore({ connection: proxy.url, unavailableMsMax });
  const stream = { type: 'order', id: '1' };
  const event = (number: number) => [{ type: 'Counted', data: { number } }];
  await store.append(stream, event(1));
  proxy.loseNextCommit();
  assert.deepEqual(await store.append(stream, event(2)), { stream, version: 2n, created: false, repeated: false });
  proxy.loseNextCommit();
  assert.equal((await store.append(stream, event(3), { expectedVersion: 2n })).version, 3n);
  proxy.loseNextCommit();
  await store.deleteStream(stream, 'soft', { expectedVersion: 3n });
  assert.equal(proxy.lost, 3);
  assert.deepEqual(
    (await store.readAll(0n)).map(({ type, version }) => [type, version]),
    [
      ['Counted', 1n],
      ['Counted', 2n],
      ['Counted', 3n],
      ['$stream-deleted', 4n],
    ],
  );
});

test('a server that stays away is told of, within the bound', { timeout: 240_000 }, async () => {
  await using server = await startPostgres({ version: 18 });
  await using store = await openPostgresEventStore({ connection: server.url, unavailableMsMax: 2_000 });
  const stream = { type: 'order', id: '1' };
  await store.append(stream, [{ type: 'Opened', data: 1 }]);
  await server.stop();
  const unavailable = { code: 'STORE_UNAVAILABLE' };
  await assert.rejects(store.append(stream, [{ type: 'Opened', data: 2 }]), unavailable);
  await assert.rejects(store.read(stream), unavailable);
  await assert.rejects(openPostgresEventStore({ connection: server.url }), unavailable);
  await server.start();
  assert.equal((await store.append(stream, [{ type: 'Opened', data: 3 }])).version, 2n);
});
