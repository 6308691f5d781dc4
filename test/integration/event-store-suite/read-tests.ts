import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadOptions, RecordedEvent } from '../../../src/services/event-store/event-store.ts';
import { numbered, numbers, type Suite, versions } from './suite.ts';

export function readTests(suite: Suite): void {
  test('a stream is read forwards and backwards, from any version on', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(stream, numbered(6));
    const read = async (options: ReadOptions) => {
      const { events, version, exists } = await store.read(stream, options);
      assert.deepEqual([version, exists], [6n, true]);
      return versions(events);
    };
    assert.deepEqual(await read({}), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await read({ from: 4n }), [4, 5, 6]);
    assert.deepEqual(await read({ from: 2n, to: 4n }), [2, 3, 4]);
    assert.deepEqual(await read({ limit: 2 }), [1, 2]);
    assert.deepEqual(await read({ direction: 'backwards' }), [6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await read({ direction: 'backwards', from: 4n, limit: 2 }), [4, 3]);
    assert.deepEqual(await read({ direction: 'backwards', from: 99n, limit: 1 }), [6]);
    assert.deepEqual(await read({ from: 7n }), []);
    assert.deepEqual(await read({ from: 3n, to: 2n }), []);
  });

  test('more events than lie on a page are read in order, both ways', async () => {
    const { store } = suite;
    const stream = suite.stream();
    await store.append(stream, numbered(2500));
    assert.equal((await store.read(stream)).events.length, 1000, 'unless told otherwise');
    const expected = numbered(2500).map(({ data }) => (data as { number: number }).number);
    assert.deepEqual(numbers((await store.read(stream, { limit: 10_000 })).events), expected);
    assert.deepEqual(numbers((await store.read(stream, { limit: 10_000, direction: 'backwards' })).events), expected.toReversed());
  });

  test('a stream that never was has nothing, and is no error', async () => {
    assert.deepEqual(await suite.store.read(suite.stream()), { events: [], version: 0n, exists: false });
  });

  test('streams of the same id but of another type are others', async () => {
    const stream = suite.stream('order');
    await suite.store.append(stream, numbered(2));
    assert.equal((await suite.store.read({ ...stream, type: 'Order' })).exists, false);
  });

  test('all events come in the order of their commits, page by page', async () => {
    const { store } = suite;
    const after = await suite.end();
    const streams = Array.from({ length: 5 }, () => suite.stream());
    for (let round = 1; round <= 4; round++) await Promise.all(streams.map(stream => store.append(stream, numbered(3, round * 10))));
    const found: RecordedEvent[] = [];
    for (;;) {
      const page = await store.readAll(found.at(-1)?.position ?? after, { limit: 7 });
      if (page.length === 0) break;
      assert.ok(page.length <= 7);
      found.push(...page);
    }
    assert.equal(found.length, 60);
    for (const [index, { position }] of found.entries()) assert.ok(index === 0 || position > found[index - 1]!.position);
    for (const stream of streams) {
      const own = found.filter(event => event.stream.id === stream.id);
      assert.deepEqual(own, (await store.read(stream)).events);
    }
  });

  test('what is asked wrongly is refused', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const refused = { code: 'EVENT_INVALID' };
    await assert.rejects(store.read(stream, { limit: 0 }), refused);
    await assert.rejects(store.read(stream, { limit: 10_001 }), refused);
    await assert.rejects(store.read(stream, { from: 0n }), refused);
    await assert.rejects(store.read(stream, { direction: 'backwards', to: 3n }), refused);
    await assert.rejects(store.readAll(-1n), refused);
  });

  test('events of older schema versions are read as they are today', async () => {
    const [stream, broken] = [suite.stream(), suite.stream()];
    const place = (number: number, schemaVersion: number) => ({ type: 'Placed', data: { number }, schemaVersion });
    await suite.store.append(stream, [place(1, 1), place(2, 2), place(3, 3), { type: 'Other', data: 4 }]);
    await suite.store.append(broken, [{ type: 'Broken', data: 1 }]);
    const after = (await suite.store.read(stream)).events[0]!.position;
    await suite.under.reopen({
      Placed: {
        1: data => ({ ...(data as object), second: true }),
        2: (data, { schemaVersion, version }) => ({ ...(data as object), from: schemaVersion, version: Number(version) }),
      },
      Broken: {
        1: () => {
          throw new Error('no');
        },
      },
    });
    try {
      const { events } = await suite.store.read(stream);
      const expected = [{ number: 1, second: true, from: 2, version: 1 }, { number: 2, from: 2, version: 2 }, { number: 3 }, 4];
      assert.deepEqual(
        events.map(({ data }) => data),
        expected,
      );
      assert.deepEqual(
        events.map(({ schemaVersion }) => schemaVersion),
        [3, 3, 3, 1],
      );
      assert.deepEqual((await suite.store.readAll(after, { limit: 1 }))[0]!.data, expected[1]);
      await assert.rejects(suite.store.read(broken), {
        code: 'EVENT_INVALID',
        message: /Event 1 of order:\S+: the upcaster of Broken from schema version 1/,
      });
      await assert.rejects(suite.store.append(stream, [place(5, 4)]), {
        code: 'EVENT_INVALID',
        message: /schema version 4 of Placed is unknown/,
      });
      assert.equal((await suite.store.append(stream, [place(5, 3)])).version, 5n);
    } finally {
      await suite.under.reopen();
    }
  });
}
