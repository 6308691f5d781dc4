import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { postgresAddress } from '../services/postgres.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { postgresRun } from '../support/source-run.ts';

const rows = 12_000;

test('what an abandoned snapshot read does not count for the next one', async () => {
  await using database = await freshDatabase(await sharedPostgres(18));
  await database.run(`create table items (id int primary key, pad text);
    alter table items alter pad set storage external;
    insert into items select n, repeat('p', 1000) from generate_series(1, ${rows}) n;`);
  const { host, port, user, password } = postgresAddress(database.url);
  const run = postgresRun({
    'topic.prefix': 'srv',
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password || 'x',
    'database.dbname': new URL(database.url).pathname.slice(1),
    'snapshot.mode': 'initial_only',
    'snapshot.fetch.size': '500',
  });
  const progress = () => run.offsets.filter(({ partition }) => partition['sluice_snapshot_table'] !== undefined);
  await run.run(() => (run.records.length < 2_000 ? 'append' : 'crash after'));
  assert.equal(progress().length, 1);
  // Its position is no longer known: the next snapshot begins anew, and is interrupted before its first row.
  run.forget(({ partition }) => partition['sluice_snapshot_table'] === undefined);
  run.records.length = 0;
  await run.run(() => 'crash after');
  assert.deepEqual(progress(), []);
  await run.run(() => 'append');
  const ids = run.records.map(({ value }) => {
    const after = value instanceof Struct ? value.get('after') : null;
    return after instanceof Struct ? after.get('id') : null;
  });
  assert.equal(ids.length, rows);
  assert.equal(new Set(ids).size, rows);
});
