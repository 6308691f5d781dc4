import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { postgresAddress } from '../services/postgres.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { postgresRun } from '../support/source-run.ts';

const tables = 150;

test('a snapshot with several readers brings every table whole, and one row marked last', { timeout: 180_000 }, async () => {
  await using database = await freshDatabase(await sharedPostgres(18));
  const names = Array.from({ length: tables }, (_, index) => `t${index}`);
  await database.run(names.map(name => `create table ${name} (id int primary key); insert into ${name} values (1), (2);`).join('\n'));
  const { host, port, user, password } = postgresAddress(database.url);
  for (let round = 0; round < 2; round++) {
    const run = postgresRun({
      'topic.prefix': 'srv',
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password || 'none',
      'database.dbname': database.name,
      'snapshot.mode': 'initial_only',
      'snapshot.max.threads': '4',
    });
    // A log that takes its time: readers finish tables while others wait to hand theirs over.
    await run.run(async () => {
      await database.client.query('select 1');
      return 'append' as const;
    });
    const counts = Map.groupBy(run.records, ({ topic }) => topic);
    assert.deepEqual(
      names.filter(name => counts.get(`srv.public.${name}`)?.length !== 2),
      [],
      'tables that are not there with both of their rows',
    );
    const markers = run.records
      .map(({ value }) => value instanceof Struct && value.get('source'))
      .map(source => source instanceof Struct && source.get('snapshot'));
    assert.deepEqual([markers.filter(marker => marker === 'last').length, markers.at(-1)], [1, 'last']);
    assert.equal(markers.filter(marker => marker === 'last_in_data_collection').length, tables - 1);
  }
});
