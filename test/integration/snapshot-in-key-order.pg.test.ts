import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { databaseOptions } from '../support/database-options.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { postgresRun } from '../support/source-run.ts';

const rows = 20_000;

test('a large table whose override only orders it by its key is read by its key: in order, and behind what is durable after a crash', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(await sharedPostgres(18));
  // In descending order, so that rows do not lie as they are ordered; more than 8 MiB.
  await database.run(`
    create table events (position bigint primary key, pad text);
    alter table events alter column pad set storage plain;
    insert into events select n, repeat('x', 600) from generate_series(${rows}, 1, -1) n;
    create table few (position bigint primary key);
    insert into few select n from generate_series(5, 1, -1) n`);
  const run = postgresRun({
    ...databaseOptions(database.url),
    'topic.prefix': 'ordered',
    'slot.name': `ordered_${database.name}`,
    'snapshot.fetch.size': '3000',
    'snapshot.select.statement.overrides': 'public.events,public.few',
    'snapshot.select.statement.overrides.public.events': 'SELECT * FROM "public"."events" ORDER BY "position"',
    'snapshot.select.statement.overrides.public.few': 'SELECT * FROM "public"."few" ORDER BY "position"',
  });
  const positions = (table: string) =>
    run.records.flatMap(({ topic, key }) =>
      topic === `ordered.public.${table}` && key instanceof Struct ? [Number(key.get('position'))] : [],
    );
  await run.run(() => (positions('events').length < rows / 2 ? 'append' : 'crash after'));
  const before = positions('events').length;
  assert.ok(before > 0 && before < rows, `${before} rows before the crash`);
  await run.run(() => (positions('events').length < rows || positions('few').length < 5 ? 'append' : 'crash after'));
  assert.deepEqual(
    positions('events'),
    Array.from({ length: rows }, (_, index) => index + 1),
  );
  assert.deepEqual(positions('few'), [1, 2, 3, 4, 5]);
});
