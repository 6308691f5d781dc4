import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockingReader } from '../../../../../connectors/debezium/incremental/blocking-reader.ts';
import { BlockingSnapshots } from '../../../../../connectors/debezium/incremental/blocking-snapshots.ts';
import { ViewReading } from '../../../../../connectors/debezium/incremental/view-reading.ts';
import { Notifications } from '../../../../../connectors/debezium/notifications/notifications.ts';
import { type Logger, SluiceError } from '../../../../../src/contract/index.ts';

const table = (name: string) => ({ id: { catalog: 'shop', schema: '', table: name }, rowsEstimated: 1 });

/** What happens to tables `a` and `b`; each reading answers with an error of that code, or with one batch. */
function readerOf(readings: (ConstructorParameters<typeof SluiceError>[0] | null)[]) {
  const told: string[] = [];
  const logger: Logger = { debug() {}, info() {}, warn: (_, text) => void told.push(text), error() {}, child: () => logger };
  const clock = { nowMs: () => 0, nowNs: () => 0n };
  const blocking = new BlockingSnapshots(() => 0);
  const window = {
    unclear: false,
    reached: false,
    close() {
      [this.unclear, this.reached] = [false, false];
    },
  };
  const state = { mayOpen: true, opened: 0, closed: 0 };
  const reading = new ViewReading({
    blocking,
    window,
    captured: async () => [table('a'), table('b')],
    mayOpen: () => state.mayOpen,
    async open() {
      state.opened++;
      return {
        async *read() {
          const code = readings.shift() ?? null;
          if (code !== null) throw new SluiceError(code, 'refused');
          yield { records: [], bytes: 1, offsets: [], committedAtMs: null };
        },
        [Symbol.asyncDispose]: async () => void state.closed++,
      };
    },
    logger,
  });
  const reader = new BlockingReader({
    blocking,
    reading,
    isFree: () => true,
    offset: () => ({ partition: { server: 'srv' }, offset: blocking.store() }),
    forget: () => [{ partition: { server: 'srv', sluice_snapshot_table: 'a' }, offset: null }],
    failure: thrown => thrown,
    notifications: new Notifications({ logged: false, topic: 'notes' }, 'srv', clock, logger),
    logger,
  });
  const step = async () => {
    const batches: string[] = [];
    for await (const { bytes, offsets } of reader.read(new AbortController().signal))
      batches.push(bytes > 0 ? 'rows' : `${JSON.stringify(offsets[0]?.offset)}${offsets.length > 1 ? ' forgotten' : ''}`);
    return batches;
  };
  return { blocking, window, state, told, step };
}

const begun = '{"sluice_blocking_snapshots":[{"id":"one","begun":true,"tables":[{"name":"shop.a","filter":null}]}]}';
const ask = (blocking: BlockingSnapshots, ...names: readonly string[]) =>
  blocking.add(
    'one',
    names.map(name => ({ name: `shop.${name}`, filter: null })),
    [],
  );

test('begun, read once the stream is past the view, and forgotten with its end', async () => {
  const { blocking, window, state, step } = readerOf([]);
  assert.deepEqual(await step(), [], 'nothing was asked for');
  ask(blocking, 'a');
  state.mayOpen = false;
  assert.deepEqual([await step(), state.opened], [[begun], 0], 'the stream must bring more');
  state.mayOpen = true;
  assert.deepEqual([await step(), state.opened], [[], 1]);
  assert.deepEqual(await step(), [], 'not before the stream is past the view');
  window.reached = true;
  assert.deepEqual(await step(), ['rows', '{} forgotten']);
  assert.deepEqual([state.closed, blocking.next], [1, null]);
});

test('another view is taken where it cannot be told what is newer, and where a table has changed since', async () => {
  const { blocking, window, state, step } = readerOf(['TABLE_CHANGED']);
  ask(blocking, 'a');
  await step();
  [window.reached, window.unclear] = [true, true];
  assert.deepEqual([await step(), state.opened, state.closed], [[], 2, 1]);
  window.reached = true;
  assert.deepEqual([await step(), state.opened, state.closed], [[], 3, 2]);
  window.reached = true;
  assert.deepEqual(await step(), ['rows', '{} forgotten']);
});

test('what cannot be read ends the request with the reason; a lost server ends the task', async () => {
  const refused = readerOf(['SNAPSHOT_FAILED']);
  ask(refused.blocking, 'a', 'missing');
  await refused.step();
  refused.window.reached = true;
  assert.deepEqual(await refused.step(), ['{} forgotten']);
  assert.deepEqual(
    refused.blocking.progress?.tables.map(({ state, reason }) => [state, reason]),
    [
      ['skipped', 'refused'],
      ['skipped', 'There is no such table among those that are captured.'],
    ],
  );
  assert.match(refused.told.join('\n'), /leaves shop\.missing out: .*\n.*snapshot one is given up: refused/);
  const lost = readerOf(['DATABASE_UNAVAILABLE']);
  ask(lost.blocking, 'a');
  await lost.step();
  lost.window.reached = true;
  await assert.rejects(lost.step(), { code: 'DATABASE_UNAVAILABLE' });
  assert.equal(lost.blocking.next?.begun, true, 'it goes on with it');
});
