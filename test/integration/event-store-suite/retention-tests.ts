import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbered, type Suite, versions } from './suite.ts';

export function retentionTests(suite: Suite): void {
  test('a stream keeps as many events as it is told, from the next append on', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const before = await suite.end();
    await store.append(stream, numbered(10));
    await store.setRetention(stream, { eventsMax: 3, ageMsMax: null });
    assert.equal((await store.read(stream)).events.length, 10);
    assert.equal((await store.append(stream, numbered(1, 11), { expectedVersion: 10n })).version, 11n);
    const kept = await store.read(stream);
    assert.deepEqual([versions(kept.events), kept.version, kept.exists], [[9, 10, 11], 11n, true]);
    assert.deepEqual(versions((await store.read(stream, { from: 1n, limit: 2 })).events), [9, 10]);
    assert.deepEqual(versions((await store.read(stream, { direction: 'backwards' })).events), [11, 10, 9]);
    assert.deepEqual(versions(await store.readAll(before)), [9, 10, 11]);
    await suite.under.reopen();
    await suite.store.append(stream, numbered(5, 12));
    assert.deepEqual(versions((await suite.store.read(stream)).events), [14, 15, 16]);
    await suite.store.setRetention(stream, { eventsMax: null, ageMsMax: null });
    await suite.store.append(stream, numbered(2, 17));
    assert.deepEqual(versions((await suite.store.read(stream)).events), [14, 15, 16, 17, 18]);
  });

  test('a stream keeps its events as long as it is told, and its latest for ever', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const hourMs = 3_600_000;
    const now = Date.now();
    const at = (...hours: number[]) => hours.map(hour => ({ type: 'Counted', data: 1, timestampMs: now - hour * hourMs }));
    await store.setRetention(stream, { eventsMax: null, ageMsMax: 5 * hourMs });
    assert.equal((await store.read(stream)).exists, false, 'a stream is there when it has an event');
    await store.append(stream, at(9, 8, 7), { expectedVersion: 'none' });
    assert.deepEqual(versions((await store.read(stream)).events), [3]);
    await store.append(stream, at(4, 6, 1));
    assert.deepEqual(versions((await store.read(stream)).events), [4, 5, 6], 'an older one behind a younger one stays');
  });

  test('many events go at once where they are many', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const before = await suite.end();
    await store.append(stream, numbered(3000));
    await store.setRetention(stream, { eventsMax: 2, ageMsMax: null });
    await store.append(stream, numbered(1, 3001));
    assert.deepEqual(versions((await store.read(stream)).events), [3000, 3001]);
    assert.deepEqual(versions(await store.readAll(before)), [3000, 3001]);
    await suite.under.reopen();
    await suite.store.append(stream, numbered(1, 3002));
    assert.deepEqual(versions((await suite.store.read(stream)).events), [3001, 3002]);
  });

  test('an aggregate whose events went goes on from the state that was stored', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const count = { initial: () => 0, evolve: (state: number) => state + 1, snapshotEvery: 1, name: 'count' };
    await store.append(stream, numbered(5));
    assert.equal((await store.aggregate(stream, count)).state, 5);
    await store.setRetention(stream, { eventsMax: 2, ageMsMax: null });
    await store.append(stream, numbered(1, 6));
    assert.deepEqual(await store.aggregate(stream, count), { state: 6, version: 6n, exists: true });
  });

  test('a retention that is none is refused', async () => {
    const refused = { code: 'EVENT_INVALID' };
    await assert.rejects(suite.store.setRetention(suite.stream(), { eventsMax: 0, ageMsMax: null }), refused);
    await assert.rejects(suite.store.setRetention(suite.stream(), { eventsMax: null, ageMsMax: 0.5 }), refused);
  });
}
