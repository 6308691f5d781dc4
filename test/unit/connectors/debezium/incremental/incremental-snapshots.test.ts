import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chunk, ChunkDatabase, ChunkRequest } from '../../../../../connectors/debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../../../../../connectors/debezium/incremental/incremental-snapshots.ts';
import { Notifications } from '../../../../../connectors/debezium/notifications/notifications.ts';
import { SluiceError } from '../../../../../src/contract/index.ts';
import { silentLogger } from '../../../../support/silent-logger.ts';
import { until } from '../../../../support/until.ts';
import { simpleTable, taskOf } from '../task.ts';

const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };
const captured = taskOf().compile(simpleTable);

/** Tables whose keys are numbers, read in chunks; what is asked of them is held until `go`. */
class MemoryTables implements ChunkDatabase<number> {
  readonly rows: Record<string, number[]>;
  readonly asked: ChunkRequest[] = [];
  held: Promise<void> = Promise.resolve();
  fault: Error | null = null;
  closed = 0;
  answerRowsMax = Number.POSITIVE_INFINITY;

  constructor(rows: Record<string, number[]>) {
    this.rows = rows;
  }

  async tables() {
    return Object.entries(this.rows).map(([name, rows]) => ({ name, rowsEstimated: rows.length }));
  }

  async lastKey({ name }: ChunkRequest['collection']) {
    const last = this.rows[name]?.at(-1);
    return last === undefined ? null : { key: [String(last)], classes: ['Integer' as const] };
  }

  async readChunk(request: ChunkRequest): Promise<Chunk<number>> {
    this.asked.push(request);
    await this.held;
    if (this.fault) throw this.fault;
    const { collection, after, upTo, rowsMax } = request;
    const found = this.rows[collection.name]!.filter(key => key > Number(after?.[0] ?? -1) && key <= Number(upTo[0])).slice(0, rowsMax);
    const answered = found.slice(0, this.answerRowsMax);
    const last = answered.length === 0 ? null : [String(answered.at(-1))];
    const rows = answered.map(key => [key, null]);
    return { view: 0, captured, rows, keys: answered.map(String), last, classes: ['Integer'], more: answered.length < found.length };
  }

  async [Symbol.asyncDispose]() {
    this.closed++;
  }
}

function snapshotsOf(tables: MemoryTables, chunkRows = 2) {
  const topicless = new Notifications({ logged: false, topic: 'notes' }, 'srv', clock, silentLogger);
  return new IncrementalSnapshots<number, number>({
    open: async () => tables,
    tables: () => tables.tables(),
    sees: () => false,
    chunkRows,
    rowsPerSecondMax: 0,
    notifications: topicless,
    clock,
    logger: silentLogger,
  });
}

const execute = (...tables: readonly string[]) => ({
  id: 's',
  type: 'execute-snapshot',
  data: JSON.stringify({ 'data-collections': tables }),
});

/** The keys of the chunks that are delivered until the snapshot has ended. */
async function deliverAll(snapshots: IncrementalSnapshots<number, number>): Promise<readonly string[]> {
  const keys: string[] = [];
  await until(
    () => {
      const delivery = snapshots.deliver(() => true);
      if (delivery) keys.push(delivery.places.map(place => delivery.chunk.keys[place]).join(' '));
      return snapshots.progress?.state === 'finished';
    },
    { what: 'the end', everyMs: 1 },
  );
  return keys;
}

test('tables one after another, in chunks; the connection is given back at the end', async () => {
  const tables = new MemoryTables({ 'a.one': [1, 2, 3, 4], 'a.two': [7], 'a.none': [] });
  await using snapshots = snapshotsOf(tables);
  snapshots.start(() => {});
  assert.equal(await snapshots.signal(execute('a\\..*')), null);
  assert.deepEqual(await deliverAll(snapshots), ['1 2', '3 4', '7']);
  await until(() => tables.closed === 1, { what: 'the connection to be closed' });
  assert.deepEqual(snapshots.store(), {});
  assert.deepEqual(
    snapshots.progress?.tables.map(({ name, state, rows }) => [name, state, rows]),
    [
      ['a.one', 'done', 4],
      ['a.two', 'done', 1],
      ['a.none', 'done', 0],
    ],
  );
});

test('a chunk waits for the stream, and a row that changes meanwhile is left out', async () => {
  const tables = new MemoryTables({ 'a.one': [1, 2] });
  await using snapshots = snapshotsOf(tables);
  snapshots.start(() => {});
  await snapshots.signal(execute('a.one'));
  snapshots.changed = false;
  await until(() => snapshots.isDue(() => true), { what: 'the chunk' });
  assert.equal(snapshots.watched, 'a.one');
  assert.equal(
    snapshots.deliver(() => false),
    null,
  );
  snapshots.touched('2', 9);
  assert.deepEqual(await deliverAll(snapshots), ['1']);
});

test('what one table fails with leaves the others; a lost connection ends it all', async () => {
  const tables = new MemoryTables({ 'a.one': [1], 'a.two': [2] });
  await using snapshots = snapshotsOf(tables);
  snapshots.start(() => {});
  tables.fault = new SluiceError('DATABASE_FAILED', 'no such column');
  await snapshots.signal(execute('a.one'));
  await until(() => snapshots.progress?.state === 'finished', { what: 'the end' });
  assert.deepEqual(snapshots.progress?.tables[0]?.state, 'skipped');
  tables.fault = new SluiceError('DATABASE_UNAVAILABLE', 'gone');
  await snapshots.signal(execute('a.two'));
  await until(
    () => {
      try {
        snapshots.deliver(() => true);
        return false;
      } catch (error) {
        return error === tables.fault;
      }
    },
    { what: 'the fault' },
  );
  assert.notDeepEqual(snapshots.store(), {}, 'it goes on after a restart');
});

test('stopped while a chunk is read: nothing of it is published', async () => {
  const tables = new MemoryTables({ 'a.one': [1, 2, 3], 'a.two': [5] });
  await using snapshots = snapshotsOf(tables);
  snapshots.start(() => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  tables.held = promise;
  await snapshots.signal(execute('a.one', 'a.two'));
  await until(() => tables.asked.length === 1, { what: 'the reading' });
  assert.equal(await snapshots.signal({ id: 't', type: 'stop-snapshot', data: '{"data-collections": ["a.one"]}' }), null);
  resolve();
  assert.deepEqual(await deliverAll(snapshots), ['5']);
});

test('an offset of a run before goes on where it was', async () => {
  const tables = new MemoryTables({ 'a.one': [1, 2, 3, 4, 5] });
  const before = snapshotsOf(tables);
  before.start(() => {});
  await before.signal(execute('a.one'));
  await until(() => before.deliver(() => true) !== null, { what: 'a chunk' });
  const offset = before.store();
  await before[Symbol.asyncDispose]();
  await using snapshots = snapshotsOf(tables);
  snapshots.restore(offset);
  snapshots.start(() => {});
  assert.deepEqual(await deliverAll(snapshots), ['3 4', '5']);
  assert.deepEqual([snapshots.progress?.rows, snapshots.progress?.chunks], [5, 3]);
});

test('a change that does not hold its whole row has a chunk with that row read again, in half the size', async () => {
  const tables = new MemoryTables({ 'a.one': [1, 2, 3, 4, 5, 6, 7, 8] });
  await using snapshots = snapshotsOf(tables, 4);
  snapshots.start(() => {});
  await snapshots.signal(execute('a.one'));
  const isWaiting = () => snapshots.isDue(() => true) && !snapshots.changed;
  snapshots.changed = false;
  await until(isWaiting, { what: 'the first chunk' });
  snapshots.touched('7', 0, false);
  assert.ok(isWaiting(), 'a row of another chunk');
  snapshots.touched('2', 0, false);
  assert.ok(!isWaiting());
  await until(isWaiting, { what: 'the chunk that is read again' });
  snapshots.touched('1', 0);
  assert.deepEqual(await deliverAll(snapshots), ['2', '3 4 5 6', '7 8']);
  assert.deepEqual(
    tables.asked.map(({ rowsMax }) => rowsMax),
    [4, 2, 4, 4],
  );
});

test('a chunk that was too much for one answer does not end its table', async () => {
  const tables = new MemoryTables({ 'a.one': [1, 2, 3] });
  tables.answerRowsMax = 1;
  await using snapshots = snapshotsOf(tables);
  snapshots.start(() => {});
  await snapshots.signal(execute('a.one'));
  assert.deepEqual(await deliverAll(snapshots), ['1', '2', '3']);
});
