import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type pg from 'pg';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { RowHistory } from '../support/row-history.ts';
import { sharedPostgres } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';

/** Numbers that look random and are the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Larger than what is read in one go, so that it is read by key, in batches; keys whose order depends on a collation. */
const setup = `
  create table numbered (id int primary key, v text, pad text);
  create table named (name text collate "en-x-icu", nr int, v text, pad text, primary key (name, nr));
  create table small (id int primary key, v text);
  create table keyed (id int primary key, v text);
  alter table numbered replica identity full; alter table named replica identity full; alter table small replica identity full; alter table keyed replica identity full;
  alter table numbered alter pad set storage external; alter table named alter pad set storage external;
  insert into numbered select n * 2, 'initial', repeat('p', 1000) from generate_series(1, 9000) n;
  insert into named select (array['Ähre', 'apfel', 'Zebra', 'zebra', 'Über', 'o''hara', 'back\\slash', 'tab' || chr(9)])[1 + n % 8], n, 'initial', repeat('p', 1000) from generate_series(1, 9000) n;
  insert into small select n, 'initial' from generate_series(1, 50) n;
  insert into keyed select n, 'initial' from generate_series(1, 50) n;
  create publication everything for all tables;`;

/** One transaction: inserts, updates, deletes and moved keys, in several tables. */
async function transact(client: pg.Client, random: (below: number) => number, n: number): Promise<void> {
  await client.query('begin');
  for (let step = 0; step <= random(4); step++) {
    const id = random(20_000);
    const statements = [
      [`update numbered set v = 'changed ' || $1::text where id between $2::int and $2::int + 3`, [n, id]],
      ['insert into numbered values ($1, $2, repeat($3, 100)) on conflict (id) do update set v = excluded.v', [id, `new ${n}`, 'q']],
      ['delete from numbered where id = $1', [id]],
      ['update numbered set id = $1 where id = $2 and not exists (select from numbered where id = $1)', [random(20_000), id]],
      [`update named set v = 'changed ' || $1::text where nr = $2`, [n, random(9000)]],
      [`update named set name = 'moved' where nr = $1 and not exists (select from named where name = 'moved' and nr = $1)`, [random(9000)]],
      ['delete from named where nr = $1', [random(9000)]],
      [`update small set v = 'changed ' || $1::text where id = $2`, [n, random(50)]],
      [`insert into keyed values ($1, 'new') on conflict (id) do update set v = 'again ' || $2::text`, [random(100), n]],
    ] as const;
    const [statement, values] = statements[random(statements.length)]!;
    await client.query(statement, [...values]);
  }
  await client.query(random(8) === 0 ? 'rollback' : 'commit');
}

/** The database's rows as the records have them. */
async function rowsOf(client: pg.Client, table: string, columns: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query({ text: `select ${columns.join(', ')} from ${table}`, rowMode: 'array' });
  return rows.map(row => JSON.stringify(row)).sort();
}

const seeds = [1, 2, 3, 4];
const server = await sharedPostgres(18);
after(() => server);

for (const seed of seeds) {
  test(`crashes at any batch of snapshot and stream, under load, lose and double nothing (seed ${seed})`, {
    timeout: 120_000,
  }, async () => {
    await using database = await freshDatabase(server);
    await database.run(setup);
    await using writer = await connectTo(database.url);
    const random = randomOf(seed);
    const url = new URL(database.url);
    const run = new SourceRun({
      'topic.prefix': 'srv',
      'database.hostname': url.hostname,
      'database.port': url.port,
      'database.user': decodeURIComponent(url.username),
      'database.password': decodeURIComponent(url.password) || 'none',
      'database.dbname': database.name,
      'slot.name': `slot_${database.name}`,
      'publication.name': 'everything',
      'snapshot.fetch.size': '500',
      'max.batch.size': '64',
      'max.queue.size': '1024',
      'snapshot.max.threads': String(1 + (seed % 3)),
    });
    let busy = true;
    const load = (async () => {
      for (let n = 0; busy; n++) await transact(writer, random, n);
    })();
    const crashes = 12;
    for (let crash = 0; crash < crashes; crash++) {
      let batches = 1 + random(crash < 8 ? 9 : 30);
      await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
    }
    busy = false;
    await load;
    await writer.query(`insert into small values (1000, 'the end')`);
    await run.run(batch =>
      batch.records.some(({ topic, key }) => topic === 'srv.public.small' && JSON.stringify(key).includes('1000'))
        ? 'crash after'
        : 'append',
    );
    const history = new RowHistory();
    for (const record of run.records) history.apply(record);
    assert.deepEqual(history.faults.slice(0, 5), [], `seed ${seed}: ${history.faults.length} faults`);
    for (const [table, columns] of [
      ['numbered', ['id', 'v', 'pad']],
      ['named', ['name', 'nr', 'v', 'pad']],
      ['small', ['id', 'v']],
      ['keyed', ['id', 'v']],
    ] as const) {
      const [fromLog, fromDatabase] = [history.rowsOf(`srv.public.${table}`), await rowsOf(database.client, table, columns)];
      assert.equal(fromLog.length, fromDatabase.length, `${table}: as many rows in the log as in the database`);
      assert.ok(
        fromLog.every((content, index) => content === fromDatabase[index]),
        `${table}: the same rows`,
      );
    }
    assert.ok((history.operations.get('u') ?? 0) > 50 && (history.operations.get('r') ?? 0) > 5000, 'the run had both phases');
  });
}
