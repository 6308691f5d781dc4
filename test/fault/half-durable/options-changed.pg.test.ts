import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../../src/contract/index.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { randomOf } from '../../support/random-changes.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { postgresRun } from '../../support/source-run.ts';
import { faultSeed } from '../rounds.ts';

const rows = 3000;
/** Records between two crashes. */
const recordsMax = 1500;

test('in the middle of a transaction the connector may come back with other options', { timeout: 240_000 }, async t => {
  const random = randomOf(faultSeed);
  const server = await sharedPostgres(18);
  await using database = await freshDatabase(server);
  await database.run(`create table kept (id int primary key, pad text); create table beside (id int primary key, pad text);
    create publication everything for all tables`);
  const all = {
    'topic.prefix': 'srv',
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password || 'x',
    'database.dbname': database.name,
    'slot.name': database.name,
    'slot.retry.delay.ms': '50',
    'slot.max.retries': '200',
    'publication.name': 'everything',
    'snapshot.mode': 'no_data',
    'max.batch.size': '64',
    'max.queue.size': '1024',
  };
  const options = [all, { ...all, 'table.exclude.list': 'public.beside' }, { ...all, 'skipped.operations': 'u,t' }];
  const run = postgresRun(all);
  await run.run(() => 'crash after'); // makes the slot
  // Each row's first change is of the table that is kept, its second one of the other.
  await database.run(`begin;
    do $$ begin for n in 1..${rows} loop
      insert into kept values (n, repeat('k', 200)); insert into beside values (n, repeat('b', 200)); update beside set pad = 'u' where id = n;
    end loop; end $$; commit; insert into kept values (0, 'the end')`);
  let crashes = 0;
  let ended = false;
  let halves = 0;
  while (!ended) {
    run.config = options[crashes++ % options.length]!;
    let left = 1 + random(recordsMax);
    await run.run(batch => {
      ended = batch.records.some(({ value }) => value instanceof Struct && JSON.stringify(value.get('after')).includes('the end'));
      if (ended) return 'crash after';
      left -= batch.records.length;
      return left > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after';
    });
    if (run.offsets.some(({ offset }) => offset?.['sluice_messages'] !== undefined)) halves++;
  }
  t.diagnostic(`seed ${faultSeed}: ${crashes} crashes, ${halves} with a part of the transaction durable`);
  assert.ok(halves >= options.length, `${halves} crashes left a part of the transaction durable`);
  const keys = run.records
    .filter(({ topic }) => topic === 'srv.public.kept')
    .map(({ key }) => (key instanceof Struct ? key.get('id') : key));
  assert.deepEqual(keys, [...Array.from({ length: rows }, (_, index) => index + 1), 0]);
});
