import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evolution, RecordedEvent } from '../../../src/services/event-store/event-store.ts';
import { numbered, type Suite } from './suite.ts';

type Sum = { readonly sum: number; readonly count: number };

/** Sums the numbers up, and counts how many events it was given. */
function summing(options: Pick<Evolution<Sum>, 'snapshotEvery' | 'name'> = {}): Evolution<Sum> & { seen: number } {
  const evolution = {
    ...options,
    seen: 0,
    initial: () => ({ sum: 0, count: 0 }),
    evolve: ({ sum, count }: Sum, { data }: RecordedEvent) => {
      evolution.seen++;
      return { sum: sum + (data as { number: number }).number, count: count + 1 };
    },
  };
  return evolution;
}

export function aggregateTests(suite: Suite): void {
  test('an aggregate is rebuilt from its events', async () => {
    const { store } = suite;
    const stream = suite.stream();
    assert.deepEqual(await store.aggregate(stream, summing()), { state: { sum: 0, count: 0 }, version: 0n, exists: false });
    await store.append(stream, numbered(2500));
    assert.deepEqual(await store.aggregate(stream, summing()), { state: { sum: 3_126_250, count: 2500 }, version: 2500n, exists: true });
  });

  test('an aggregate is rebuilt as it was at a version and at a moment', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(
      stream,
      numbered(5).map((event, index) => ({ ...event, timestampMs: (index + 1) * 1000 })),
    );
    const sum = async (at: { version?: bigint; timestampMs?: number }) => (await store.aggregate(stream, summing(), at)).state.sum;
    assert.deepEqual([await sum({ version: 2n }), await sum({ version: 5n }), await sum({ version: 99n })], [3, 15, 15]);
    assert.deepEqual([await sum({ timestampMs: 3999 }), await sum({ timestampMs: 4000 }), await sum({ timestampMs: 1 })], [6, 10, 0]);
    assert.equal(await sum({ version: 2n, timestampMs: 9000 }), 3);
    assert.deepEqual(await store.aggregate(stream, summing(), { timestampMs: 1 }), {
      state: { sum: 0, count: 0 },
      version: 0n,
      exists: false,
    });
  });

  test('a state that is stored saves reading the events before it, and is the same', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const rebuild = async (evolution = summing({ snapshotEvery: 10, name: 'sum' })) => {
      const { state, version } = await store.aggregate(stream, evolution);
      return { sum: state.sum, count: state.count, version, seen: evolution.seen };
    };
    await store.append(stream, numbered(9));
    await rebuild();
    assert.equal((await rebuild()).seen, 9, 'nine are too few to store a state');
    await store.append(stream, numbered(3, 10));
    assert.equal((await rebuild()).seen, 12);
    assert.deepEqual(await rebuild(), { sum: 78, count: 12, version: 12n, seen: 0 });
    await store.append(stream, numbered(1, 13));
    assert.deepEqual(await rebuild(), { sum: 91, count: 13, version: 13n, seen: 1 });
    assert.equal((await rebuild(summing({ snapshotEvery: 10, name: 'other' }))).seen, 13, 'another name has another state');
    assert.equal((await rebuild(summing())).seen, 13, 'without snapshotEvery none is taken');
    const before = summing({ snapshotEvery: 10, name: 'sum' });
    assert.equal((await store.aggregate(stream, before, { version: 11n })).state.sum, 66);
    assert.equal(before.seen, 11, 'a state that is too late is not taken');
    await suite.under.reopen();
    const reopened = summing({ snapshotEvery: 10, name: 'sum' });
    assert.equal((await suite.store.aggregate(stream, reopened)).state.sum, 91);
    assert.equal(reopened.seen, 1, 'it is there after a restart');
  });

  test('without a name, a state counts for the code that made it', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(stream, numbered(4));
    const initial = () => 0;
    const add = (state: number, { data }: RecordedEvent) => state + (data as { number: number }).number;
    const count = (state: number) => state + 1;
    for (let round = 0; round < 2; round++) {
      assert.equal((await store.aggregate(stream, { initial, evolve: add, snapshotEvery: 2 })).state, 10);
      assert.equal((await store.aggregate(stream, { initial, evolve: count, snapshotEvery: 2 })).state, 4);
    }
  });

  test('a state that is to be stored has to be JSON', async () => {
    const stream = suite.stream();
    await suite.store.append(stream, numbered(3));
    const evolution = { initial: () => new Map<string, number>(), evolve: (state: Map<string, number>) => state };
    assert.equal((await suite.store.aggregate(stream, evolution)).version, 3n);
    await assert.rejects(suite.store.aggregate(stream, { ...evolution, snapshotEvery: 1 }), {
      code: 'EVENT_INVALID',
      message: /state is a Map/,
    });
  });
}
