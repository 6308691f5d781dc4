import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertConflict, numbered, numbers, type Suite, versions } from './suite.ts';

const count = { initial: () => 0, evolve: (state: number) => state + 1, snapshotEvery: 1, name: 'count' };

export function deletionTests(suite: Suite): void {
  test('a stream deleted softly is not there, and goes on behind its last version', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(stream, numbered(3));
    await store.aggregate(stream, count);
    const after = await suite.end();
    await store.deleteStream(stream, 'soft');
    assert.deepEqual(await store.read(stream), { events: [], version: 4n, exists: false });
    assert.deepEqual(await store.aggregate(stream, count), { state: 0, version: 4n, exists: false });
    const published = await store.readAll(after);
    assert.deepEqual(
      published.map(({ type, data, version }) => [type, data, version]),
      [['$stream-deleted', { mode: 'soft' }, 4n]],
    );
    await assertConflict(store.append(stream, numbered(1), { expectedVersion: 'exists' }), 4n);
    await assertConflict(store.append(stream, numbered(1), { expectedVersion: 0n }), 4n);
    const again = await store.append(stream, numbered(2, 5), { expectedVersion: 'none' });
    assert.deepEqual(again, { stream, version: 6n, created: true, repeated: false });
    const slice = await store.read(stream);
    assert.deepEqual([slice.exists, slice.version, versions(slice.events), numbers(slice.events)], [true, 6n, [5, 6], [5, 6]]);
    assert.deepEqual(versions((await store.read(stream, { direction: 'backwards' })).events), [6, 5]);
    assert.deepEqual(await store.aggregate(stream, count), { state: 2, version: 6n, exists: true });
  });

  test('a stream deleted for good is erased, and takes no more', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const before = await suite.end();
    await store.append(stream, [{ id: `erased-${stream.id}`, type: 'Counted', data: { number: 1 } }, ...numbered(2500, 2)]);
    await store.aggregate(stream, count);
    await store.deleteStream(stream, 'hard', { expectedVersion: 2501n });
    assert.deepEqual(await store.read(stream), { events: [], version: 2502n, exists: false });
    assert.deepEqual(await store.aggregate(stream, count), { state: 0, version: 2502n, exists: false });
    const left = (await store.readAll(before, { limit: 10_000 })).filter(event => event.stream.id === stream.id);
    assert.deepEqual(
      left.map(({ type, data }) => [type, data]),
      [['$stream-deleted', { mode: 'hard' }]],
    );
    const refused = { code: 'STREAM_DELETED', message: new RegExp(`order:${stream.id} was deleted for good`) };
    await assert.rejects(store.append(stream, numbered(1)), refused);
    await assert.rejects(store.append(stream, [{ id: `erased-${stream.id}`, type: 'Counted', data: 1 }]), refused);
    await assert.rejects(
      store.appendAll([
        { stream: suite.stream(), events: numbered(1) },
        { stream, events: numbered(1) },
      ]),
      refused,
    );
    await assert.rejects(store.deleteStream(stream, 'soft'), refused);
    await assert.rejects(store.setRetention(stream, { eventsMax: 1, ageMsMax: null }), refused);
    await store.deleteStream(stream, 'hard');
    await suite.under.reopen();
    await assert.rejects(suite.store.append(stream, numbered(1)), refused);
  });

  test('a deletion expects a version as an append does', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(stream, numbered(2));
    await assertConflict(store.deleteStream(stream, 'soft', { expectedVersion: 1n }), 2n);
    await assertConflict(store.deleteStream(stream, 'hard', { expectedVersion: 'none' }), 2n);
    await assertConflict(store.deleteStream(suite.stream(), 'soft', { expectedVersion: 'exists' }), 0n);
    assert.equal((await store.read(stream)).events.length, 2);
  });

  test('where there is nothing to delete nothing happens', async () => {
    const { store } = suite;
    const [stream, never] = [suite.stream(), suite.stream()];
    await store.append(stream, numbered(1));
    await store.deleteStream(stream, 'soft');
    const after = await suite.end();
    await store.deleteStream(stream, 'soft');
    await store.deleteStream(never, 'soft');
    await store.deleteStream(never, 'hard');
    assert.deepEqual(await store.readAll(after), []);
    assert.equal((await store.append(never, numbered(1))).version, 1n);
  });

  test('what was deleted softly can be erased', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const before = await suite.end();
    await store.append(stream, numbered(2));
    await store.deleteStream(stream, 'soft');
    await store.deleteStream(stream, 'hard');
    assert.deepEqual(
      (await store.readAll(before)).map(({ data }) => data),
      [{ mode: 'hard' }],
    );
  });
}
