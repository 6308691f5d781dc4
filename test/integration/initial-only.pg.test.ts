import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { databaseOptions } from '../support/database-options.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { postgresRun } from '../support/source-run.ts';

test('an interrupted snapshot of snapshot.mode=initial_only goes on where it was, makes no slot, and ends', async () => {
  await using database = await freshDatabase(await sharedPostgres(18));
  await database.run(`
    create table wide (id int primary key, pad text); alter table wide alter pad set storage external;
    insert into wide select n, repeat('p', 1000) from generate_series(1, 12000) n;`);
  const run = postgresRun({
    'topic.prefix': 'srv',
    ...databaseOptions(database.url),
    'snapshot.mode': 'initial_only',
    'snapshot.fetch.size': '500',
  });
  // A batch is what a read of the socket brought, which may be a few rows or many.
  await run.run(() => (run.records.length < 2_000 ? 'append' : 'crash before'));
  const before = run.records.length;
  assert.ok(before < 12_000, `interrupted half-way, after ${before} rows`);
  await run.run(() => 'append');
  const ids = run.records.map(({ key }) => (key instanceof Struct ? key.values[0] : null));
  assert.deepEqual(
    ids,
    Array.from({ length: 12_000 }, (_, index) => index + 1),
  );
  await run.run(() => assert.fail('nothing is left to read'));
  const { rows } = await database.client.query('select slot_name from pg_replication_slots where database = $1', [database.name]);
  assert.deepEqual(rows, []);
});
