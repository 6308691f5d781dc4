import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { seeded } from '../../conformance/sink-suite/model.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { until } from '../../support/until.ts';
import type { PlainRecord } from '../serialized-batch.ts';
import { embeddedLog, type Item, item, jsonConverters } from './item-records.ts';
import { ReplayingSink } from './replaying-sink.ts';

const keys = 60;
const records = 12_000;

/** Rows that are made, changed and deleted at random, and what is left of them. */
function history(topic: string): { readonly records: readonly PlainRecord[]; readonly left: readonly Item[] } {
  const random = seeded(7);
  const rows = new Map<number, Item>();
  const made: PlainRecord[] = [];
  const envelope = (op: string, before: Item | null, after: Item | null) =>
    JSON.stringify({ before, after, source: { ts_ms: Date.now() }, op });
  while (made.length < records) {
    const id = 1 + Math.floor(random() * keys);
    const [key, partition, before] = [JSON.stringify({ id }), id % 3, rows.get(id) ?? null];
    if (before !== null && random() < 0.3) {
      rows.delete(id);
      made.push({ topic, key, partition, value: envelope('d', before, null) }, { topic, key, partition, value: null });
    } else {
      const after = item(id, made.length);
      rows.set(id, after);
      made.push({ topic, key, partition, value: envelope(before === null ? 'c' : 'u', before, after) });
    }
  }
  return { records: made, left: [...rows.values()].sort((a, b) => a.id - b.id) };
}

test('replays beside a live flow that is far behind never take a row back', { timeout: 300_000 }, async () => {
  using scratch = new ScratchFolder('beside-live');
  const [copyFile, viewsFile] = [scratch.file('copy.db'), scratch.file('views.db')];
  const rows = (file: string, table: string) => {
    using database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    return database
      .prepare(`select id, n, name from ${table} order by id`)
      .all()
      .map(row => ({ ...row }));
  };
  {
    using database = new DatabaseSync(copyFile);
    database.exec('create table items (id integer primary key, n integer, name text)');
  }
  await using daemon = await embeddedLog.newDaemon();
  const { records: seededRecords, left } = history('items');
  await embeddedLog.seed(daemon, 'items', 3, seededRecords);
  await daemon.start();
  const made = ({ name, rest }: ReplayingSink, config: Readonly<Record<string, string>>) =>
    rest.call('POST', '/connectors', { name, config, initial_state: 'STOPPED' });
  // Small batches, so that the replays go on while the live flow does.
  const slow = { topics: 'items', 'tasks.max': '2', 'sink.batch.max.records': '10', ...jsonConverters };
  const [copy, views] = [new ReplayingSink(daemon, 'copy'), new ReplayingSink(daemon, 'views')];
  await made(copy, {
    ...slow,
    'connector.class': 'jdbc',
    'connection.url': `jdbc:sqlite:${copyFile}`,
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_key',
    'delete.enabled': 'true',
    'collection.name.format': 'items',
  });
  const table = 'topic: items\n    key: id\n    columns: { id: integer, n: integer, name: text }';
  const view = 'key: id\n    from: { items: id }\n    select: select id, n, name from items';
  await made(views, {
    ...slow,
    'connector.class': 'views',
    'connection.url': `jdbc:sqlite:${viewsFile}`,
    views: `tables:\n  items:\n    ${table}\nviews:\n  shown:\n    ${view}\n`,
  });
  const lag = async ({ name, rest }: ReplayingSink) => {
    const { tasks } = await rest.call<{ tasks: { consuming: { lag_records: number } | null }[] }>('GET', `/sluice/connectors/${name}`);
    return tasks.reduce((sum, { consuming }) => sum + (consuming?.lag_records ?? 0), 0);
  };
  // One replay after the other, until the live flow has come to the end.
  for (const sink of [copy, views]) {
    await sink.rest.call('PUT', `/connectors/${sink.name}/resume`);
    await until(async () => (await lag(sink)) > 0, { what: `${sink.name} to have its partitions`, timeoutMs: 60_000 });
    do await sink.replayed({ from: 'start' });
    while ((await lag(sink)) > 0);
  }
  for (const sink of [copy, views]) await sink.applied();
  assert.deepEqual(rows(copyFile, 'items'), left);
  assert.deepEqual(rows(viewsFile, 'shown'), left);
  // And once more, when all is there.
  for (const sink of [copy, views]) await sink.replayed({ from: 'start' });
  assert.deepEqual(rows(copyFile, 'items'), left);
  assert.deepEqual(rows(viewsFile, 'shown'), left);
});
