import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SluiceError } from '../../../../src/contract/index.ts';
import { batch, created, HandlerFixture, never, record, updated } from './handler-fixture.ts';

const row = (id: number, value = 0) => created({ id, value });
const user = (id: number, value = 0) => record('users', { id }, row(id, value));

async function rejection(promise: Promise<unknown>): Promise<SluiceError> {
  return promise.then(
    () => assert.fail('it did not reject'),
    error => error,
  );
}

describe('what a module publishes', () => {
  test('goes out with the batch, in the order of the events, whatever order they end in', async () => {
    await using fixture = new HandlerFixture({ ends: [] as number[] });
    const sink = fixture.sink(
      fixture.module(`
        export default { users: { async onCreate({ after }, context) {
          context.publish('events', after.id, { type: 'first', at: new Date(0), nothing: undefined, list: [1n, null] }, { headers: { a: 'b' }, timestampMs: 5, partition: 2 });
          for (let turn = 10 - after.id; turn > 0; turn--) await null;
          $probe.ends.push(after.id);
          context.publish('events', after.id, null);
        } } };`),
    );
    const { publish, failed } = await sink.write(batch(user(1), user(2), user(3)), never);
    assert.deepEqual(failed, []);
    assert.deepEqual(fixture.probe.ends, [3, 2, 1]);
    assert.deepEqual(
      publish.map(({ key, value }) => [key, value === null]),
      [1, 2, 3].flatMap(id => [
        [id, false],
        [id, true],
      ]),
    );
    assert.deepEqual(publish[0], {
      topic: 'events',
      partition: 2,
      timestamp: 5,
      keySchema: null,
      key: 1,
      valueSchema: null,
      value: new Map<string, unknown>([
        ['type', 'first'],
        ['at', '1970-01-01T00:00:00.000Z'],
        ['list', [1n, null]],
      ]),
      headers: [{ key: 'a', schema: null, value: 'b' }],
    });
  });

  test('is dropped where the function fails behind it', async () => {
    await using fixture = new HandlerFixture({});
    const sink = fixture.sink(
      fixture.module(`export default { users: { onCreate({ after }, context) {
        context.publish('events', after.id, 1);
        if (after.id === 2) throw new Error('no');
      } } };`),
    );
    const { publish, failed } = await sink.write(batch(user(1), user(2), user(3)), never);
    assert.deepEqual(
      publish.map(({ key }) => key),
      [1, 3],
    );
    assert.deepEqual(
      failed.map(({ index }) => index),
      [1],
    );
  });

  test('is refused where no record can hold it, or when the event is over', async () => {
    await using fixture = new HandlerFixture({ late: [] as string[], contexts: [] as { publish(...args: unknown[]): void }[] });
    const sink = fixture.sink(
      fixture.module(`export default { users: { onCreate({ after }, context) {
        $probe.contexts.push(context);
        if (after.id === 1) context.publish('events', 1, { handle() {} });
        if (after.id === 2) context.publish('', 1, 1);
        if (after.id === 3) { const loop = {}; loop.loop = loop; context.publish('events', 1, loop); }
        if (after.id === 4) for (let n = 0; n <= 10_000; n++) context.publish('events', n, n);
      } } };`),
    );
    const { failed } = await sink.write(batch(user(1), user(2), user(3), user(4)), never);
    assert.deepEqual(
      failed.map(({ error }) => [error.code, error.message.replace(/^.*\d: /, '')]),
      [
        ['RECORD_REFUSED', `The value published to 'events' is nothing that a record can hold: it holds a function.`],
        ['RECORD_REFUSED', 'context.publish was given no topic.'],
        ['RECORD_REFUSED', `The value published to 'events' is nothing that a record can hold: it is nested more than 100 deep.`],
        ['RECORD_REFUSED', 'One event published more than 10000 records.'],
      ],
    );
    assert.throws(() => fixture.probe.contexts[0]!.publish('events', 1, 1), /the event has ended/);
  });
});

describe('an error', () => {
  const failing = `
    import { RefusedError, RetriableError } from 'sluice/handler';
    export default { users: { onCreate({ after }) {
      if (after.value === 1) throw new TypeError('ann@example.com');
      if (after.value === 2) throw new RefusedError('no such plan');
      if (after.value === 3) throw new RetriableError('the mail server is away');
      if (after.value === 4) throw 'a text';
    } } };`;

  test('fails its record, with its class and place; its message only where that is asked for', async () => {
    await using fixture = new HandlerFixture({});
    const module = fixture.module(failing);
    const { failed } = await fixture.sink(module).write(batch(user(1, 1), user(2), user(3, 4)), never);
    assert.deepEqual(
      failed.map(({ index, error }) => [index, error.code]),
      [
        [0, 'HANDLER_FAILED'],
        [2, 'HANDLER_FAILED'],
      ],
    );
    assert.match(failed[0]!.error.message, /^onCreate of topic 'users' failed at .*handler\.ts:4: TypeError$/);
    assert.match(failed[1]!.error.message, /failed: string$/);
    assert.equal(failed[0]!.error.cause, undefined, 'no cause carries the message on');
    const shown = await fixture.sink(module, { 'handler.errors.include.messages': 'true' }).write(batch(user(1, 1)), never);
    assert.match(shown.failed[0]!.error.message, /TypeError: ann@example\.com$/);
  });

  test('that refuses is shown, and not tried again', async () => {
    await using fixture = new HandlerFixture({});
    const { failed } = await fixture.sink(fixture.module(failing)).write(batch(user(1, 2)), never);
    assert.equal(failed[0]!.error.code, 'RECORD_REFUSED');
    assert.match(failed[0]!.error.message, /^onCreate of topic 'users' refused the record at .*handler\.ts:5: no such plan$/);
  });

  test('that can be retried has the batch come again', async () => {
    await using fixture = new HandlerFixture({});
    const error = await rejection(fixture.sink(fixture.module(failing)).write(batch(user(1, 3)), never));
    assert.equal(error.code, 'TARGET_UNAVAILABLE');
    assert.equal(error.retry, 'backoff');
    assert.match(error.message, /^onCreate of topic 'users' cannot go on at .*handler\.ts:6: the mail server is away$/);
  });

  test('a topic without functions is refused; one with none of that event is not', async () => {
    await using fixture = new HandlerFixture({});
    const sink = fixture.sink(fixture.module('export default { users: { onDelete() {} }, "": {} };'));
    const { failed } = await sink.write(batch(user(1), record('orders', { id: 1 }, row(1))), never);
    assert.deepEqual(
      failed.map(({ index, error }) => [index, error.code]),
      [[1, 'RECORD_REFUSED']],
    );
    assert.match(failed[0]!.error.message, /has no functions for topic 'orders'/);
  });
});

test('a record that fails fails alone: what of its key is to wait, the engine keeps back', async () => {
  await using fixture = new HandlerFixture({ calls: [] as number[] });
  const module = fixture.module(`export default { users: { onCreate({ after }) {
    $probe.calls.push(after.value);
    if (after.value === 1) throw new Error('no');
  } } };`);
  const records = () => [
    user(1, 0),
    user(1, 1),
    user(2, 2),
    user(1, 3),
    record('users', null, row(9, 1)),
    record('users', null, row(9, 4)),
  ];
  const sink = fixture.sink(module, { 'handler.concurrency': '1' });
  const { failed } = await sink.write(batch(...records()), never);
  assert.deepEqual(
    failed.map(({ index, error }) => [index, error.code]),
    [
      [1, 'HANDLER_FAILED'],
      [4, 'HANDLER_FAILED'],
    ],
  );
  assert.deepEqual(fixture.probe.calls, [0, 1, 3, 2, 1, 4]);
});

test('what was handled before one had to be put off is not handled again with it', async () => {
  await using fixture = new HandlerFixture({ calls: [] as number[], away: true });
  const sink = fixture.sink(
    fixture.module(`
      import { RetriableError } from 'sluice/handler';
      export default { users: { onCreate({ after }, context) {
        $probe.calls.push(after.id);
        if (after.id === 2 && $probe.away) throw new RetriableError('away');
        if (after.id === 1) throw new Error('refused for good');
        context.publish('events', after.id, after.value);
      } } };`),
    { 'handler.concurrency': '1' },
  );
  const records = [user(0, 7), user(1), user(2), user(3)];
  await rejection(sink.write(batch(...records), never));
  await rejection(sink.write(batch(...records), never));
  assert.deepEqual(fixture.probe.calls, [0, 1, 2, 2]);
  fixture.probe.away = false;
  const { publish, failed } = await sink.write(batch(...records), never);
  assert.deepEqual(fixture.probe.calls, [0, 1, 2, 2, 2, 3]);
  assert.deepEqual(
    publish.map(({ key, value }) => [key, value]),
    [
      [0, 7],
      [2, 0],
      [3, 0],
    ],
  );
  assert.deepEqual(
    failed.map(({ index }) => index),
    [1],
  );
  await sink.write(batch(records[0]!), never);
  assert.deepEqual(fixture.probe.calls.at(-1), 0, 'a redelivery after that is handled anew');
});

test('a replay is told as such, and its events are handled though they were before', async () => {
  await using fixture = new HandlerFixture({ replayed: [] as boolean[] });
  const sink = fixture.sink(fixture.module('export default { users: { onCreate: event => $probe.replayed.push(event.replayed) } };'));
  const one = user(1);
  await sink.write(batch(one), never);
  await sink.write({ records: [one], mode: 'replay', consumed: null }, never);
  assert.deepEqual(fixture.probe.replayed, [false, true]);
});

test('a function that takes too long has failed, and its signal is aborted', async () => {
  await using fixture = new HandlerFixture({ aborted: [] as boolean[] });
  const sink = fixture.sink(
    fixture.module(`export default { users: { onCreate: (event, { signal }) => new Promise(() => {
      signal.addEventListener('abort', () => $probe.aborted.push(signal.aborted));
    }) } };`),
    { 'handler.timeout.ms': '20' },
  );
  const { failed } = await sink.write(batch(user(1)), never);
  assert.equal(failed[0]!.error.code, 'HANDLER_FAILED');
  assert.match(failed[0]!.error.message, /took longer than handler\.timeout\.ms \(20 ms\)/);
  assert.deepEqual(fixture.probe.aborted, [true]);
});

test('a stop ends a batch at once, and begins no further event', async () => {
  const started = Promise.withResolvers<void>();
  await using fixture = new HandlerFixture({ calls: 0, started: () => started.resolve() });
  const sink = fixture.sink(
    fixture.module(`export default { users: { onCreate: () => new Promise(() => { $probe.calls++; $probe.started(); }) } };`),
    { 'handler.concurrency': '1' },
  );
  const stop = new AbortController();
  const writing = sink.write(batch(user(1), user(2)), stop.signal);
  await started.promise;
  stop.abort(new Error('stopped'));
  await assert.rejects(writing, /stopped/);
  assert.equal(fixture.probe.calls, 1);
});

test('a module knows its connector’s handler.config', async () => {
  await using fixture = new HandlerFixture({ seen: [] as unknown[] });
  const sink = fixture.sink(
    fixture.module(
      `export default { users: { onCreate: (event, { config, connector, task }) => $probe.seen.push([config, connector, task]) } };`,
    ),
    { 'handler.config.mail.url': 'http://mail' },
  );
  await sink.write(batch(user(1)), never);
  assert.deepEqual(fixture.probe.seen, [[{ 'mail.url': 'http://mail' }, 'users-handler', 0]]);
});

test('keys are handled beside each other, never more than allowed; the events of one key in their order (invariant 7)', async () => {
  type Probe = { running: number; most: number; seen: Map<unknown, unknown[]> };
  await using fixture = new HandlerFixture<Probe>({ running: 0, most: 0, seen: new Map() });
  const module = fixture.module(`
    export default { users: { async onUpdate({ key, after }) {
      const probe = $probe;
      probe.most = Math.max(probe.most, ++probe.running);
      const id = key?.id ?? null;
      for (let turn = 1 + ((after.value * 7) % 5); turn > 0; turn--) await null;
      probe.seen.set(id, [...(probe.seen.get(id) ?? []), after.value]);
      probe.running--;
    } } };`);
  const keys = fc.array(fc.option(fc.nat(5), { nil: null }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(keys, fc.integer({ min: 1, max: 4 }), async (ids, concurrency) => {
      Object.assign(fixture.probe, { running: 0, most: 0, seen: new Map() });
      const records = ids.map((id, value) => record('users', id === null ? null : { id }, updated(null, { value })));
      await fixture.sink(module, { 'handler.concurrency': String(concurrency) }).write(batch(...records), never);
      const expected = new Map<unknown, unknown[]>();
      for (const [value, id] of ids.entries()) expected.set(id, [...(expected.get(id) ?? []), value]);
      assert.deepEqual(fixture.probe.seen, expected);
      assert.ok(fixture.probe.most <= concurrency);
      assert.ok(concurrency === 1 || new Set(ids).size === 1 || fixture.probe.most > 1);
    }),
    { numRuns: 60 },
  );
});
