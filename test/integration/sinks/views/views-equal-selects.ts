import assert from 'node:assert/strict';
import type { ViewsSink } from '../../../../sinks/views/views-sink.ts';
import type { Consumed, SinkRecord } from '../../../../src/contract/index.ts';
import { RandomShop, type SourceRow, type SourceTable } from './random-shop.ts';

/** Where the views are, and a database that has the source's tables and runs the same selects. */
export type ViewsTarget = {
  make(): ViewsSink;
  /** The rows of a view's table. */
  view(name: string): Promise<readonly Record<string, unknown>[]>;
  /** The rows of the select over the source's tables. */
  oracle(select: string, rows: ReadonlyMap<SourceTable, ReadonlyMap<string, SourceRow>>): Promise<readonly Record<string, unknown>[]>;
};

const group = 'connect-views';
const never = new AbortController().signal;

const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows.map(row => JSON.stringify(Object.entries(row).map(([name, value]) => [name, shown(value)]))).sort();
const shown = (value: unknown) => (value === null ? null : String(value));

/** What of the log a batch uses up. */
function consumedBy(records: readonly SinkRecord[], generation: number): Consumed {
  const next = new Map<string, bigint>();
  for (const { place } of records) next.set(place.topic, place.offset + 1n);
  return {
    group,
    member: 'test',
    generation,
    next: Array.from(next, ([topic, offset]) => ({ topic, partition: 0, offset })),
  };
}

/**
 * A random workload, written in batches by tasks that end anywhere: behind each, the next begins where the target says, or over again what came
 * before. After every batch each view must be what the database says its select is over the rows at that place of the log.
 */
export async function viewsEqualSelects(
  target: ViewsTarget,
  selects: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, readonly string[]>>,
  seed: number,
): Promise<void> {
  const shop = new RandomShop(seed);
  let generation = 0;
  let done = 0;
  const partitions = ['shop.customers', 'shop.orders', 'shop.lines'].map(topic => ({ topic, partition: 0, era: 1 }));
  for (let task = 0; task < 6; task++) {
    await using sink = target.make();
    const from = await sink.assign({ group, generation: ++generation, partitions }, never);
    const at = new Map(from.map(({ topic, offset }) => [topic, offset]));
    assert.ok(
      shop.records.slice(0, done).every(({ place }) => place.offset < (at.get(place.topic) ?? 0n)),
      'the target knows what it has',
    );
    for (let batch = 0; batch < 3; batch++) {
      for (let changes = 1 + shop.below(25); changes > 0; changes--) shop.change();
      const records = shop.records.slice(done);
      if (shop.below(4) === 0) {
        // A task that is stopped in its write, or dies: nothing or all of it is there.
        const abort = new AbortController();
        const writing = sink.write({ records, mode: 'live', consumed: consumedBy(records, generation) }, abort.signal).catch(() => null);
        abort.abort();
        await writing;
      }
      // What came before, once more: to the live flow and beside it.
      const again = shop.records.slice(Math.max(0, done - shop.below(20)));
      const { failed } = await sink.write({ records: again, mode: 'live', consumed: consumedBy(again, generation) }, never);
      assert.deepEqual(failed, []);
      done = shop.records.length;
      const older = shop.records.filter(() => shop.below(3) === 0);
      await sink.write({ records: older, mode: 'replay', consumed: null }, never);
      for (const [name, select] of Object.entries(selects)) {
        const wanted = (await target.oracle(select, shop.rows)).filter(row => keys[name]!.every(column => row[column] !== null));
        assert.deepEqual(sorted(await target.view(name)), sorted(wanted), `${name}, seed ${seed}, after ${done} records`);
      }
      for (const { view, missing, surplus } of await sink.verify([], never)) assert.deepEqual([missing, surplus], [0, 0], view);
    }
  }
}
