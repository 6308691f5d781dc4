import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import {
  assertFollowed,
  changing,
  execute,
  isFinished,
  notesOf,
  notified,
  progressOf,
  readsOf,
  rows,
  runOf,
  runWith,
  setup,
  signal,
  stored,
  waitMsMax,
  withSignalTable,
} from './incremental-run.ts';

const server = await sharedPostgres(18);
after(() => server);

/** So large that it is read by its key, in parts. */
const large = `alter table items alter pad set storage external; update items set pad = repeat('p', 4000);`;
const blocking = { type: 'blocking' };
const isUnderWay = (offset: object) => 'sluice_blocking_snapshots' in offset;

test('crashes at any batch of a blocking snapshot under load lose nothing, and nothing is older after newer', {
  timeout: 240_000,
}, async t => {
  await using database = await freshDatabase(server);
  await database.run(`${setup}${large}`);
  const random = randomOf(5);
  const run = runOf(database, { ...withSignalTable, 'snapshot.fetch.size': '300' });
  // The slot first: what is changed before it is nobody's.
  await runWith(
    run,
    () => true,
    async () => {},
  );
  const load = changing(database, 5);
  for (const id of ['block-1', 'block-2']) {
    await signal(database, id, 'execute-snapshot', execute(['public.items'], blocking));
    for (let crash = 0; crash < 4; crash++) {
      let batches = 1 + random(15);
      await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
    }
  }
  const isTold = () => run.records.some(({ key }) => key instanceof Struct && key.values[0] === 100_000);
  await runWith(run, isTold, async () => {
    const isAsked = () =>
      run.records.some(({ topic, key }) => topic === 'srv.public.signals' && key instanceof Struct && key.values[0] === 'block-2');
    await until(() => isAsked() && !isUnderWay(stored(run)), { what: 'the end of the snapshots', timeoutMs: waitMsMax });
    assert.ok(readsOf(run).length > rows);
    await load.rest();
    await database.client.query('insert into items values (100000, 1)');
  });
  const { operations } = await assertFollowed(database, run);
  t.diagnostic([...operations].map(([operation, count]) => `${operation} ${count}`).join(', '));
  assert.ok(!run.offsets.some(({ partition }) => partition['sluice_snapshot_table'] !== undefined), 'nothing is left of its progress');
});

test('conditions, tables without a key, ones that are not there, what the database refuses, and one beside an incremental one', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(server);
  await database.run(`${setup}
    create table keyless(id int, n int);
    insert into keyless select n, n from generate_series(1, 50) n;`);
  const run = runOf(database, { ...notified, 'snapshot.max.threads': '2' });
  const finished = async (id: string) => {
    await until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });
    return Object.fromEntries(progressOf(run)!.tables.map(({ name, state, rows: read }) => [name, [state, read]]));
  };
  const ask = (id: string, ...of: Parameters<typeof execute>) =>
    run.source!.signal!({ id, type: 'execute-snapshot', data: execute(...of) });
  const where = (collection: string, filter: string) => ({ 'data-collection': collection, filter });
  const noted = () => notesOf(run).flatMap(({ type, id }) => (id === null ? [] : [`${id} ${type}`]));
  await runWith(
    run,
    () => noted().includes('b4 COMPLETED'),
    async () => {
      const conditions = [where('public.items', 'id <= 10'), where('public.keyless', 'SELECT * FROM keyless WHERE n > 40 ORDER BY n DESC')];
      await ask('b1', ['public.items', 'public.keyless', 'public.missing'], { ...blocking, 'additional-conditions': conditions });
      assert.deepEqual(await finished('b1'), {
        'public.items': ['done', 10],
        'public.keyless': ['done', 10],
        'public.missing': ['skipped', 0],
      });
      await ask('b2', ['public.items'], { ...blocking, 'additional-conditions': [where('.*', 'no such column')] });
      assert.deepEqual(await finished('b2'), { 'public.items': ['skipped', 0] });
      assert.match(run.warnings.join('\n'), /blocking snapshot b2 is given up: /);
      await ask('i3', ['public.items']);
      await ask('b4', ['public.keyless'], blocking);
      assert.deepEqual(await finished('b4'), { 'public.keyless': ['done', 50] });
    },
  );
  assert.ok(!isUnderWay(stored(run)));
  assert.deepEqual(
    noted().filter(note => /^b\d /.test(note)),
    ['b1 STARTED', 'b1 COMPLETED', 'b2 STARTED', 'b2 ABORTED', 'b4 STARTED', 'b4 COMPLETED'],
  );
  const order = run.records.flatMap(({ topic, value }) =>
    value instanceof Struct && value.schema.fields.some(({ name }) => name === 'op') ? [`${topic} ${value.get('op')}`] : [],
  );
  assert.equal(readsOf(run).length, 10 + rows);
  assert.deepEqual(new Set(order.slice(-50)), new Set(['srv.public.keyless r']), 'the incremental one first');
  const marker = (run.records.find(({ topic }) => topic === 'srv.public.items')!.value as Struct).get('source') as Struct;
  assert.equal(marker.get('snapshot'), 'first');
});
