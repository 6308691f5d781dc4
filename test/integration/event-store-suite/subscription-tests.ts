import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '../../../src/services/event-store/event-store.ts';
import { numbered, numbers, type Suite } from './suite.ts';

export function subscriptionTests(suite: Suite): void {
  test('a subscription brings what is there, then what comes, each once and in order, until it is aborted', async () => {
    const { store } = suite;
    const stream = suite.stream();
    const after = await suite.end();
    await store.append(stream, numbered(3));
    const abort = new AbortController();
    const found: RecordedEvent[] = [];
    const [caughtUp, live] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const subscribed = (async () => {
      for await (const events of store.subscribe(after, abort.signal)) {
        assert.ok(events.length > 0);
        found.push(...events);
        if (found.length >= 3) caughtUp.resolve();
        if (found.length >= 63) live.resolve();
      }
    })();
    await caughtUp.promise;
    // Some while it waits, some while it reads.
    for (let round = 0; round < 6; round++)
      await Promise.all(Array.from({ length: 5 }, (_, index) => store.append(stream, numbered(2, 4 + round * 10 + index * 2))));
    await live.promise;
    abort.abort();
    await subscribed;
    assert.deepEqual(
      found.map(({ version }) => Number(version)),
      Array.from({ length: 63 }, (_, index) => index + 1),
    );
    assert.deepEqual(numbers(found), numbers((await store.read(stream)).events));
  });

  test('a subscription that waits ends when it is aborted', async () => {
    const after = await suite.end();
    const abort = new AbortController();
    const next = suite.store.subscribe(after, abort.signal)[Symbol.asyncIterator]().next();
    abort.abort();
    assert.deepEqual(await next, { done: true, value: undefined });
  });

  test('a store that is closed ends its subscriptions with an error, and takes nothing more', async () => {
    const after = await suite.end();
    const { store } = suite;
    const next = store.subscribe(after, new AbortController().signal)[Symbol.asyncIterator]().next();
    const ended = assert.rejects(next, { code: 'STORE_UNAVAILABLE' });
    await suite.under.reopen();
    await ended;
    await assert.rejects(store.append(suite.stream(), numbered(1)), { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(store.read(suite.stream()), { code: 'STORE_UNAVAILABLE' });
  });
}
