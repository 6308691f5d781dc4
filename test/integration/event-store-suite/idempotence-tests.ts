import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewEvent } from '../../../src/services/event-store/event-store.ts';
import { assertConflict, numbered, numbers, type Suite } from './suite.ts';

export function idempotenceTests(suite: Suite): void {
  const withIds = (prefix: string, count: number, first = 1): NewEvent[] =>
    numbered(count, first).map((event, index) => ({ ...event, id: `${prefix}-${first + index}` }));

  test('an append that is repeated is stored once, whatever it expects', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const events = withIds(stream.id, 2);
    const first = await store.append(stream, events, { expectedVersion: 'none' });
    assert.deepEqual([first.version, first.repeated], [2n, false]);
    await store.append(stream, numbered(1, 3));
    for (const expectedVersion of ['none', 'any', 0n, 7n] as const) {
      const again = await store.append(stream, events, { expectedVersion });
      assert.deepEqual([again.version, again.created, again.repeated], [2n, false, true], `expecting ${expectedVersion}`);
    }
    assert.deepEqual(numbers((await store.read(stream)).events), [1, 2, 3]);
  });

  test('the same append many times at once is stored once', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const results = await Promise.all(Array.from({ length: 12 }, () => store.append(stream, withIds(stream.id, 3))));
    assert.equal(results.filter(({ repeated }) => !repeated).length, 1);
    assert.ok(results.every(({ version }) => version === 3n));
    assert.deepEqual(numbers((await store.read(stream)).events), [1, 2, 3]);
  });

  test('of an append of which a part is stored already the rest is stored', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(stream, withIds(stream.id, 2));
    await assertConflict(store.append(stream, withIds(stream.id, 2, 2), { expectedVersion: 1n }), 2n);
    const rest = await store.append(stream, withIds(stream.id, 2, 2), { expectedVersion: 2n });
    assert.deepEqual([rest.version, rest.repeated], [3n, false]);
    assert.deepEqual(numbers((await store.read(stream)).events), [1, 2, 3]);
  });

  test('an id is of one event: twice in an append or in two streams it is refused', async () => {
    const { store } = suite;
    const [stream, other] = [suite.stream(), suite.stream()];
    const [event] = withIds(stream.id, 1);
    await assert.rejects(store.append(stream, [event!, event!]), { code: 'EVENT_INVALID', message: /comes twice/ });
    await store.append(stream, [event!]);
    await assert.rejects(store.append(other, [event!]), { code: 'EVENT_INVALID', message: /another stream/ });
    const both = [
      { stream: other, events: numbered(1) },
      { stream, events: [event!] },
    ];
    const results = await store.appendAll(both);
    assert.deepEqual(
      results.map(({ repeated }) => repeated),
      [false, true],
    );
  });

  test('what was stored is known by its id after a restart', async () => {
    const stream = suite.stream();
    await suite.store.append(stream, withIds(stream.id, 2));
    await suite.under.reopen();
    const again = await suite.store.append(stream, withIds(stream.id, 2), { expectedVersion: 'none' });
    assert.deepEqual([again.version, again.repeated], [2n, true]);
    assert.equal((await suite.store.append(stream, numbered(1, 3), { expectedVersion: 2n })).version, 3n);
    assert.deepEqual(numbers((await suite.store.read(stream)).events), [1, 2, 3]);
  });
}
