import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { NewEvent, RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { killThreads } from '../../../fault/embedded-log/threads.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { until } from '../../../support/until.ts';

const stream = { type: 'order', id: '1' };
const event: NewEvent = { type: 'Placed', data: { number: 1 } };

test('a folder has one store at a time', async () => {
  using folder = new ScratchFolder('event-store');
  const first = await openSqliteEventStore({ folder: folder.path });
  await assert.rejects(openSqliteEventStore({ folder: folder.path }), { code: 'STORE_UNAVAILABLE', message: /has the event store under/ });
  await first.append(stream, [event]);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  await using second = await openSqliteEventStore({ folder: folder.path });
  assert.equal((await second.read(stream)).version, 1n);
});

test('the folder is made, and what cannot be one is told', async () => {
  using folder = new ScratchFolder('event-store');
  await using store = await openSqliteEventStore({ folder: folder.file('a', 'b') });
  await store.append(stream, [event]);
  assert.ok(existsSync(folder.file('a', 'b', 'events.db')));
  writeFileSync(folder.file('file'), '');
  await assert.rejects(openSqliteEventStore({ folder: folder.file('file') }), { code: 'STORE_UNAVAILABLE' });
});

test('a file that is no event store of this version is refused, and left free', async () => {
  using folder = new ScratchFolder('event-store');
  const file = folder.file('events.db');
  for (let attempt = 0; attempt < 2; attempt++) {
    writeFileSync(file, 'no database at all, but long enough to be looked at as one: '.repeat(100));
    await assert.rejects(openSqliteEventStore({ folder: folder.path }), { code: 'STORE_FAILED', message: /not a database/ });
  }
  writeFileSync(file, '');
  const database = new DatabaseSync(file);
  database.exec('pragma user_version = 99');
  database.close();
  await assert.rejects(openSqliteEventStore({ folder: folder.path }), { code: 'STORE_FAILED', message: /has format 99/ });
});

test('upcasters that lead nowhere are refused, and the folder is left free', async () => {
  using folder = new ScratchFolder('event-store');
  const gap = { Placed: { 1: () => 1, 3: () => 3 } };
  await assert.rejects(openSqliteEventStore({ folder: folder.path, upcasters: gap }), {
    code: 'EVENT_INVALID',
    message: /none from version 2/,
  });
  await using store = await openSqliteEventStore({ folder: folder.path });
  await store.append(stream, [event]);
});

test('what is deleted for good is no longer in the file', async () => {
  using folder = new ScratchFolder('event-store');
  await using store = await openSqliteEventStore({ folder: folder.path });
  const secret = 'a text that must go';
  const inFiles = () =>
    ['events.db', 'events.db-wal'].some(name => existsSync(folder.file(name)) && readFileSync(folder.file(name)).includes(secret));
  const events = Array.from({ length: 1500 }, (_, number) => ({ type: 'Noted', data: { number, secret } }));
  await store.append(stream, events);
  await store.aggregate(stream, { initial: () => '', evolve: () => secret, snapshotEvery: 1 });
  assert.ok(inFiles());
  await store.deleteStream(stream, 'hard');
  assert.ok(!inFiles());
});

test('retention lets nothing go that is not published yet', async () => {
  using folder = new ScratchFolder('event-store');
  const positions = async (store: { readAll(after: bigint): Promise<readonly RecordedEvent[]> }) =>
    (await store.readAll(0n)).map(({ position }) => Number(position));
  {
    await using store = await openSqliteEventStore({ folder: folder.path, publishedUpTo: 0n });
    await store.setRetention(stream, { eventsMax: 1, ageMsMax: null });
    for (let count = 0; count < 4; count++) await store.append(stream, [event]);
    assert.deepEqual(await positions(store), [1, 2, 3, 4]);
    store.published(2n);
    await store.append(stream, [event]);
    assert.deepEqual(await positions(store), [3, 4, 5]);
  }
  await using store = await openSqliteEventStore({ folder: folder.path, publishedUpTo: 4n });
  await store.append(stream, [event]);
  assert.deepEqual(await positions(store), [5, 6]);
});

test('a writer’s thread that dies is followed by another, and nothing is lost or doubled', { timeout: 240_000 }, async () => {
  using folder = new ScratchFolder('event-store');
  await using store = await openSqliteEventStore({ folder: folder.path });
  const abort = new AbortController();
  const seen: string[] = [];
  const subscribed = (async () => {
    for await (const events of store.subscribe(0n, abort.signal)) seen.push(...events.map(({ id }) => id));
  })();
  const sent = Array.from({ length: 600 }, (_, number) => `id-${number}`);
  let acknowledged = 0;
  let refused = 0;
  const write = async (id: string) => {
    for (;;) {
      const done = await store.append(stream, [{ ...event, id }]).catch((error: { code?: string }) => {
        assert.equal(error.code, 'STORE_UNAVAILABLE');
        refused++;
        return null;
      });
      if (done) break;
    }
    if (++acknowledged % 200 === 100) await killThreads();
  };
  await Promise.all(
    Array.from({ length: 12 }, async (_, writer) => {
      for (let number = writer; number < sent.length; number += 12) await write(sent[number]!);
    }),
  );
  await until(() => seen.length >= sent.length, { what: 'all events', timeoutMs: 60_000 });
  abort.abort();
  await subscribed;
  assert.ok(refused > 0, 'a thread died under appends');
  assert.deepEqual(seen.toSorted(), sent.toSorted());
  assert.equal((await store.read(stream)).version, BigInt(sent.length));
});

test('what is closed with appends under way has them durable', async () => {
  using folder = new ScratchFolder('event-store');
  const store = await openSqliteEventStore({ folder: folder.path });
  const appended = Promise.all(Array.from({ length: 50 }, () => store.append(stream, [event])));
  await store[Symbol.asyncDispose]();
  await appended;
  await assert.rejects(store.append(stream, [event]), { code: 'STORE_UNAVAILABLE' });
  await using again = await openSqliteEventStore({ folder: folder.path });
  assert.equal((await again.read(stream)).version, 50n);
});
