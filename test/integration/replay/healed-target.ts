import assert from 'node:assert/strict';
import { embeddedLog, type Item, itemRecords, itemsLeft, jsonConverters, partitions } from './item-records.ts';
import { ReplayingSink } from './replaying-sink.ts';

/** A target that holds the items. */
export type ItemsTarget = {
  /** The connector's own part of its config. */
  config(topic: string): Readonly<Record<string, string>>;
  items(topic: string): Promise<readonly Item[]>;
  /** Changes the rows 1 and 2, deletes 3, and makes 5, which was deleted, again: behind the sink's back. */
  damage(topic: string): Promise<void>;
};

/** What a right target holds stays as it is; a wrong one is healed, and the live flow goes on over what was healed. */
export async function healsTarget(target: ItemsTarget): Promise<void> {
  await using daemon = await embeddedLog.newDaemon();
  const topic = `items${process.pid}`;
  const records = itemRecords(topic, Date.now() - 3_600_000);
  await embeddedLog.seed(daemon, topic, partitions, records);
  await daemon.start();
  const sink = new ReplayingSink(daemon, 'target');
  await sink.rest.putConfig(sink.name, { topics: topic, ...jsonConverters, ...target.config(topic) });
  await sink.applied();
  const items = async () => (await target.items(topic)).toSorted((a, b) => a.id - b.id);
  assert.deepEqual(await items(), itemsLeft);
  await sink.replayed({ from: 'start' });
  assert.deepEqual(await items(), itemsLeft, 'a right target');
  await target.damage(topic);
  assert.notDeepEqual(await items(), itemsLeft);
  await sink.replayed({ from: 'start' });
  assert.deepEqual(await items(), itemsLeft, 'a wrong target');
  assert.deepEqual(
    (await sink.list()).map(({ state, dead_letters: letters, skipped }) => [state, letters, skipped]),
    [
      ['COMPLETED', 0, 0],
      ['COMPLETED', 0, 0],
    ],
  );
}
