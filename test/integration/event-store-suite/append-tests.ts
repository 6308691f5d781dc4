import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewEvent, RecordedEvent } from '../../../src/services/event-store/event-store.ts';
import { assertConflict, numbered, numbers, type Suite, versions } from './suite.ts';

export function appendTests(suite: Suite): void {
  test('what is appended is read back as it was, with its place', async () => {
    const stream = suite.stream();
    const given: NewEvent = {
      id: `given-${stream.id}`,
      type: 'OrderPlaced',
      data: { lines: [{ sku: 'ä-1', amount: 2.5, gift: false, note: null }], text: 'quote " and \\ and 🎈' },
      metadata: { correlationId: 'c-1', causationId: 'c-0', userId: 'u', tenant: { name: 'north' } },
      schemaVersion: 3,
      timestampMs: 1_700_000_000_123,
    };
    const before = Date.now();
    const result = await suite.store.append(stream, [given, { type: 'Noted', data: 'just a text' }]);
    assert.deepEqual(result, { stream, version: 2n, created: true, repeated: false });
    const { events, version, exists } = await suite.store.read(stream);
    assert.deepEqual([version, exists, versions(events)], [2n, true, [1, 2]]);
    const [first, second] = events;
    const { id, type, data, metadata, schemaVersion, timestampMs } = given;
    assert.deepEqual(
      { ...first, position: 0n },
      { id, stream, type, version: 1n, position: 0n, data, metadata, schemaVersion, timestampMs },
    );
    assert.match(second!.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual([second!.data, second!.metadata, second!.schemaVersion], ['just a text', {}, 1]);
    assert.ok(second!.timestampMs >= before && second!.timestampMs <= Date.now());
    assert.ok(second!.position > first!.position);
  });

  test('integers beyond 2^53 keep their digits, and numbers stay numbers', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const data = {
      exact: [9_007_199_254_740_993n, -(2n ** 64n), 10n ** 300n],
      near: 9_007_199_254_740_991,
      far: [2 ** 60, 6.02e23, 1e300, 0.1],
    };
    const metadata = { trace: 12_345_678_901_234_567_890n, ratio: 1e25 };
    await store.append(stream, [{ type: 'Counted', data, metadata }]);
    const { events } = await store.read(stream);
    assert.deepEqual([events[0]!.data, events[0]!.metadata], [data, metadata]);
    const last = { initial: (): unknown => null, evolve: (_: unknown, event: RecordedEvent) => event.data, snapshotEvery: 1, name: 'last' };
    for (const what of ['made', 'stored']) assert.deepEqual((await store.aggregate(stream, last)).state, data, what);
  });

  test('an append is made only to the stream that it expects', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const append = (expectedVersion: 'any' | 'none' | 'exists' | bigint) => store.append(stream, numbered(1), { expectedVersion });
    await assertConflict(append('exists'), 0n);
    await assertConflict(append(1n), 0n);
    assert.equal((await append('none')).version, 1n);
    await assertConflict(append('none'), 1n);
    await assertConflict(append(0n), 1n);
    await assertConflict(append(2n), 1n);
    assert.deepEqual([(await append(1n)).version, (await append('exists')).version, (await append('any')).version], [2n, 3n, 4n]);
    assert.equal((await store.append(suite.stream(), numbered(2), { expectedVersion: 0n })).version, 2n, 'none is at version 0');
    assert.deepEqual(versions((await store.read(stream)).events), [1, 2, 3, 4]);
  });

  test('of many that expect the same version one is made, and none of the others costs anybody anything', async () => {
    const { store } = suite;
    const [stream, other] = [suite.stream(), suite.stream()];
    await store.append(stream, numbered(1));
    const racing = Array.from({ length: 16 }, () => store.append(stream, numbered(2), { expectedVersion: 1n }));
    const beside = Array.from({ length: 16 }, () => store.append(other, numbered(1)));
    const settled = await Promise.allSettled(racing);
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of settled)
      if (outcome.status === 'rejected') assert.deepEqual([outcome.reason.code, outcome.reason.currentVersion], ['STREAM_CONFLICT', 3n]);
    assert.deepEqual(
      (await Promise.all(beside)).map(({ version }) => Number(version)).sort((a, b) => a - b),
      versionsUpTo(16),
    );
    assert.deepEqual([versions((await store.read(stream)).events), (await store.read(other)).version], [[1, 2, 3], 16n]);
  });

  test('an append to several streams is made whole or not at all', async () => {
    const { store } = suite;
    const [order, stock, payment] = [suite.stream('order'), suite.stream('stock'), suite.stream('payment')];
    await store.append(stock, numbered(3));
    const results = await store.appendAll([
      { stream: order, events: numbered(2), expectedVersion: 'none' },
      { stream: stock, events: numbered(1, 4), expectedVersion: 3n },
    ]);
    assert.deepEqual(results, [
      { stream: order, version: 2n, created: true, repeated: false },
      { stream: stock, version: 4n, created: false, repeated: false },
    ]);
    const refused = store.appendAll([
      { stream: payment, events: numbered(1) },
      { stream: stock, events: numbered(1), expectedVersion: 3n },
    ]);
    await assertConflict(refused, 4n);
    assert.deepEqual(await store.read(payment), { events: [], version: 0n, exists: false });
    assert.deepEqual(numbers((await store.read(stock)).events), [1, 2, 3, 4]);
  });

  test('what cannot be stored is refused with its place, and stores nothing', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const refuse = async (events: readonly unknown[], message: RegExp) =>
      assert.rejects(store.append(stream, events as NewEvent[]), { code: 'EVENT_INVALID', message });
    const good = { type: 'Good', data: 1 };
    await refuse([], /There is no event to append/);
    await refuse([good, { type: '', data: 1 }], /Event 2 for order:\S+: The event type is empty/);
    await refuse([{ type: '$own', data: 1 }], /begins with '\$'/);
    await refuse([{ type: 'Bad', data: { at: [new Date()] } }], /Event 1 for \S+ \(Bad\) is no JSON: data\.at\[0\] is a Date/);
    await refuse([{ type: 'Bad', data: { amount: 1n } }], /data\.amount is a bigint that a number can hold/);
    await refuse([{ type: 'Bad', data: [], timestampMs: 253_402_300_800_000 }], /between 1970 and the end of 9999/);
    await refuse([{ type: 'Bad', data: Number.NaN }], /data is NaN/);
    await refuse([{ type: 'Bad', data: 1, metadata: [] }], /metadata is no object/);
    await refuse([{ ...good, schemaVersion: 0 }], /schemaVersion/);
    await refuse([{ ...good, timestampMs: 1.5 }], /timestampMs/);
    await refuse([{ type: 'Bad', data: 'x'.repeat(1_000_001) }], /bytes as JSON/);
    await assert.rejects(store.append({ type: 'a:b', id: '1' }, [good]), { code: 'EVENT_INVALID', message: /holds a colon/ });
    await assert.rejects(store.append({ type: 'a', id: 'x\n' }, [good]), { code: 'EVENT_INVALID', message: /control character/ });
    const twice = { stream, events: [good] };
    await assert.rejects(store.appendAll([twice, twice]), { code: 'EVENT_INVALID', message: /comes twice/ });
    assert.equal((await store.read(stream)).exists, false);
  });
}

function versionsUpTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
