import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { RowDataPacket } from 'mysql2';
import { Struct } from '../../src/contract/index.ts';
import { type MysqlFlavor, type MysqlServer, startMysql } from '../services/mysql.ts';
import { connectMysql } from '../support/fresh-mysql-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { VersionedRows } from '../support/versioned-rows.ts';
import { execute, isFinished, notesOf, notified, progressOf, readsOf, rows, runWith, stored, waitMsMax } from './incremental-run.ts';
import { changingItems, insertSignal, itemsDatabase, mysqlRunOf, signalTableOf } from './mysql-incremental-run.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
let withoutGtids: MysqlServer | undefined;
after(() => withoutGtids?.[Symbol.asyncDispose]());

/** A server of this file’s own. */
async function serverWithoutGtids(): Promise<MysqlServer> {
  withoutGtids ??= await startMysql({ settings: { 'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF' } });
  return withoutGtids;
}

const blocking = { type: 'blocking' };
const isUnderWay = (offset: object) => 'sluice_blocking_snapshots' in offset;

type Case = {
  readonly name: string;
  readonly flavor: MysqlFlavor;
  readonly gtids?: false;
  readonly options: Readonly<Record<string, string>>;
};
const cases: readonly Case[] = [
  { name: 'MySQL, no lock', flavor: 'mysql', options: { 'max.batch.size': '16' } },
  { name: 'MySQL without GTIDs', flavor: 'mysql', gtids: false, options: {} },
  { name: 'MariaDB, no lock', flavor: 'mariadb', options: {} },
];

for (const [seed, { name, flavor, gtids = true, options }] of cases.entries()) {
  test(`crashes at any batch of a blocking snapshot under load lose nothing, and nothing is older after newer (${name})`, {
    timeout: 240_000,
  }, async t => {
    const server = gtids ? servers[flavor] : await serverWithoutGtids();
    await using database = await itemsDatabase(server);
    // So large that it is read by its key, in parts.
    await database.run("update items set pad = repeat('p', 4000); analyze table items");
    const random = randomOf(seed + 5);
    const run = mysqlRunOf(flavor, server, database, { ...signalTableOf(database), 'snapshot.fetch.size': '300', ...options });
    const items = `srv.${database.name}.items`;
    const keyed = (topic: string, key: unknown) =>
      run.records.some(({ topic: of, key: is }) => of === topic && is instanceof Struct && is.values[0] === key);
    // A position first: what is changed before it is nobody's.
    await runWith(
      run,
      () => run.offsets.length > 0,
      async () => {},
    );
    const load = changingItems(server, database, seed);
    for (const id of ['block-1', 'block-2']) {
      await insertSignal(database, id, 'execute-snapshot', execute([`${database.name}.items`], blocking));
      for (let crash = 0; crash < 4; crash++) {
        let batches = 1 + random(15);
        await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
      }
    }
    await runWith(
      run,
      () => keyed(items, 100_000),
      async () => {
        const isOver = () => keyed(`srv.${database.name}.signals`, 'block-2') && !isUnderWay(stored(run));
        await until(isOver, { what: 'the end of the snapshots', timeoutMs: waitMsMax });
        assert.ok(readsOf(run, items).length > rows);
        await load.rest();
        await database.connection.query('insert into items values (100000, 1, null)');
      },
    );
    const followed = new VersionedRows();
    for (const record of run.records) if (record.topic === items) followed.apply(record);
    assert.deepEqual(followed.faults.slice(0, 5), [], `${followed.faults.length} faults`);
    const [found] = await database.connection.query<RowDataPacket[]>("select concat(id, ':', v) as line from items");
    assert.deepEqual(followed.rows, found.map(({ line }) => String(line)).sort());
    t.diagnostic([...followed.operations].map(([operation, count]) => `${operation} ${count}`).join(', '));
    assert.ok(!run.offsets.some(({ partition }) => partition['sluice_snapshot_table'] !== undefined), 'nothing is left of its progress');
  });
}

for (const flavor of ['mysql', 'mariadb'] as const) {
  const server = servers[flavor];

  test(`conditions, tables without a key, ones that are not there, what the server refuses, and one beside an incremental one (${flavor})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await itemsDatabase(server);
    const numbers = Array.from({ length: 50 }, (_, n) => n + 1);
    await database.run(`
      create table keyless(id int, n int);
      insert into keyless values ${numbers.map(n => `(${n}, ${n})`).join(', ')};`);
    const run = mysqlRunOf(flavor, server, database, { ...notified, 'snapshot.max.threads': '2' });
    const [items, keyless] = ['items', 'keyless'].map(table => `${database.name}.${table}`);
    const finished = async (id: string) => {
      await until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });
      return Object.fromEntries(progressOf(run)!.tables.map(({ name, state, rows: read }) => [name.split('.')[1], [state, read]]));
    };
    const ask = (id: string, ...of: Parameters<typeof execute>) =>
      run.source!.signal!({ id, type: 'execute-snapshot', data: execute(...of) });
    const where = (collection: string, filter: string) => ({ 'data-collection': collection, filter });
    const noted = () => notesOf(run).flatMap(({ type, id }) => (id === null ? [] : [`${id} ${type}`]));
    await runWith(
      run,
      () => noted().includes('b4 COMPLETED'),
      async () => {
        const conditions = [where(items!, 'id <= 10'), where(keyless!, `SELECT * FROM ${keyless} WHERE n > 40 ORDER BY n DESC`)];
        await ask('b1', [items!, keyless!, `${database.name}.missing`], { ...blocking, 'additional-conditions': conditions });
        assert.deepEqual(await finished('b1'), { items: ['done', 10], keyless: ['done', 10], missing: ['skipped', 0] });
        await ask('b2', [items!], { ...blocking, 'additional-conditions': [where('.*', 'no such column')] });
        assert.deepEqual(await finished('b2'), { items: ['skipped', 0] });
        assert.match(run.warnings.join('\n'), /blocking snapshot b2 is given up: /);
        await ask('i3', [items!]);
        await ask('b4', [keyless!], blocking);
        assert.deepEqual(await finished('b4'), { keyless: ['done', 50] });
        await assert.rejects(ask('b5', [items!], { ...blocking, 'surrogate-key': 'v' }), { code: 'BAD_REQUEST' });
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
    assert.equal(readsOf(run, `srv.${items}`).length, 10 + rows);
    assert.deepEqual(new Set(order.slice(-50)), new Set([`srv.${keyless} r`]), 'the incremental one first');
    const source = (run.records.find(({ topic }) => topic === `srv.${items}`)!.value as Struct).get('source') as Struct;
    assert.deepEqual([source.get('snapshot'), source.get('db'), source.get('table')], ['first', database.name, 'items']);
  });

  test(`a table that is altered while others are read is read under another view, as it is by then (${flavor})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await itemsDatabase(server);
    await database.run(`create table late(id int primary key); insert into late values (1);
      create table later(id int primary key, v int); insert into later values (1, 1), (2, 2)`);
    const run = mysqlRunOf(flavor, server, database, {});
    const [items, later] = ['items', 'later'].map(table => `srv.${database.name}.${table}`);
    let altered: Promise<void> | null = null;
    const heard = run.run(async (batch): Promise<'append'> => {
      // Here the stream waits, and the view is open. Two tables are read by now, of which the last is held back.
      if (altered === null && batch.offsets.some(({ partition }) => String(partition['sluice_snapshot_table']).endsWith('.items'))) {
        altered = database.run('alter table later add column w int not null default 7, drop column v; insert into later values (3, 8)');
        await altered;
      }
      return 'append';
    });
    await until(() => run.source?.status().phase === 'streaming', { what: 'the stream', timeoutMs: waitMsMax });
    await run.source!.signal!({ id: 'a1', type: 'execute-snapshot', data: execute([`${database.name}\\..*`], blocking) });
    await until(() => isFinished(run), { what: 'the end', timeoutMs: waitMsMax }).finally(() => run.end());
    await heard;
    const shown = run.records.flatMap(({ topic, value }) =>
      topic === later && value instanceof Struct ? [`${value.get('op')} ${(value.get('after') as Struct).values}`] : [],
    );
    assert.ok(altered !== null, 'items is read first');
    assert.deepEqual(shown, ['c 3,8', 'r 1,7', 'r 2,7', 'r 3,8']);
    assert.deepEqual(
      [readsOf(run, items).length, readsOf(run, `srv.${database.name}.late`)],
      [rows, ['1']],
      'what was published is not read again',
    );
  });
}

test('tables that cannot be locked in time end the snapshot, not the stream', { timeout: 120_000 }, async () => {
  // Nobody else’s statements are waited for there.
  const server = await serverWithoutGtids();
  await using database = await itemsDatabase(server);
  await database.run('create table keyless(id int); insert into keyless values (1)');
  await using other = await connectMysql(server, { database: database.name });
  const run = mysqlRunOf('mysql', server, database, { 'snapshot.lock.timeout.ms': '1000' });
  const isStreamed = () => run.records.some(({ value }) => value instanceof Struct && value.get('op') === 'u');
  await runWith(run, isStreamed, async () => {
    // snapshot.mode=no_data locks too: for the moment in which it reads the schema.
    await until(() => run.offsets.length > 0, { what: 'the schema to be read', timeoutMs: waitMsMax });
    await other.query('lock tables keyless write');
    await run.source!.signal!({ id: 'locked', type: 'execute-snapshot', data: execute([`${database.name}.keyless`], blocking) });
    await until(() => isFinished(run), { what: 'the end of the snapshot', timeoutMs: waitMsMax });
    await other.query('unlock tables');
    await database.run('update items set v = 1 where id = 1');
  });
  assert.match(run.warnings.join('\n'), /blocking snapshot locked is given up: The tables could not be locked within 1000 ms/);
});

test('killed in the middle of a table it goes on behind the last key that is in the log, and once it is over nothing is read again', {
  timeout: 240_000,
}, async () => {
  const server = servers.mysql;
  await using database = await itemsDatabase(server);
  await database.run("update items set pad = repeat('p', 4000); analyze table items");
  const run = mysqlRunOf('mysql', server, database, { ...signalTableOf(database), 'snapshot.fetch.size': '300' });
  const items = `srv.${database.name}.items`;
  await runWith(
    run,
    () => run.offsets.length > 0,
    async () => {},
  );
  await insertSignal(database, 'once', 'execute-snapshot', execute([`${database.name}.items`], blocking));
  let batches = 0;
  await run.run(({ records }) => (records.some(({ topic }) => topic === items) && ++batches === 3 ? 'crash after' : 'append'));
  const before = readsOf(run, items).length;
  assert.ok(before > 0 && before < rows, `${before} rows were read`);
  await runWith(
    run,
    () => !isUnderWay(stored(run)),
    async () => {},
  );
  assert.deepEqual([readsOf(run, items).length, new Set(readsOf(run, items)).size], [rows, rows], 'each row once');
  await runWith(
    run,
    () => run.records.some(({ topic, value }) => topic === items && (value as Struct).get('op') === 'u'),
    async () => void (await database.run('update items set v = 1 where id = 1')),
  );
  assert.equal(readsOf(run, items).length, rows);
});

test('rows of an XA transaction that is prepared are streamed, and not visible: the snapshot waits for its end', {
  timeout: 240_000,
}, async () => {
  const server = servers.mysql;
  await using database = await itemsDatabase(server);
  await using client = await connectMysql(server, { database: database.name });
  const run = mysqlRunOf('mysql', server, database, {});
  const items = `srv.${database.name}.items`;
  const hasVersion = (version: bigint) =>
    run.records.some(({ topic, value }) => topic === items && ((value as Struct).get('after') as Struct).get('v') === version);
  await runWith(
    run,
    () => isFinished(run),
    async () => {
      await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
      await client.query(
        `xa start '${database.name}'; update items set v = 5 where id = 50; xa end '${database.name}'; xa prepare '${database.name}'`,
      );
      await until(() => hasVersion(5n), { what: 'what is prepared', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'xa', type: 'execute-snapshot', data: execute([`${database.name}.items`], blocking) });
      await database.connection.query('update items set v = 6 where id = 3000');
      await until(() => hasVersion(6n), { what: 'a change behind it', timeoutMs: waitMsMax });
      assert.equal(readsOf(run, items).length, 0);
      await client.query(`xa commit '${database.name}'`);
    },
  ).finally(() => client.query(`xa rollback '${database.name}'`).catch(() => {})); // What is prepared would hold the database.
  const followed = new VersionedRows();
  for (const record of run.records) if (record.topic === items) followed.apply(record);
  assert.deepEqual(followed.faults, []);
  assert.equal(followed.rows.length, rows);
});
