import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { postgresRun } from '../support/source-run.ts';

test('an offset stored under another topic.prefix is not taken for its own', async () => {
  const server = await sharedPostgres(18);
  await using database = await freshDatabase(server);
  await database.run('create table t (id int primary key); insert into t select n from generate_series(1, 10) n');
  const config = (prefix: string) => ({
    'topic.prefix': prefix,
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password,
    'database.dbname': database.name,
    'slot.name': `slot_${database.name}_${prefix}`,
  });
  const former = postgresRun(config('former'));
  await former.run(() => (former.records.length < 10 ? 'append' : 'crash after'));
  const renamed = postgresRun(config('renamed'));
  renamed.append({ records: [], offsets: former.offsets, bytes: 0, committedAtMs: null });
  await renamed.run(() => (renamed.records.length < 10 ? 'append' : 'crash after'));
  assert.deepEqual([...new Set(renamed.records.map(({ topic }) => topic))], ['renamed.public.t']);
  assert.deepEqual(
    renamed.offsets.filter(({ partition }) => partition['server'] === 'former'),
    former.offsets,
    'the others stay',
  );
});
