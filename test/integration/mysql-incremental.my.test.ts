import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { RowDataPacket } from 'mysql2';
import { Struct } from '../../src/contract/index.ts';
import { type MysqlFlavor, type MysqlServer, startMysql } from '../services/mysql.ts';
import { connectMysql, type FreshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { VersionedRows } from '../support/versioned-rows.ts';
import {
  type AnyRun,
  execute,
  isFinished,
  notesOf,
  notified,
  progressOf,
  readsOf,
  rows,
  runWith,
  stored,
  waitMsMax,
} from './incremental-run.ts';
import { changingItems, insertSignal, itemsDatabase, mysqlRunOf, signalTableOf } from './mysql-incremental-run.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
let withoutGtids: MysqlServer | undefined;
after(() => withoutGtids?.[Symbol.asyncDispose]());

const itemsOf = ({ name }: FreshMysqlDatabase) => `srv.${name}.items`;

async function assertFollowed(database: FreshMysqlDatabase, run: AnyRun): Promise<void> {
  const followed = new VersionedRows();
  for (const record of run.records) if (record.topic === itemsOf(database)) followed.apply(record);
  assert.deepEqual(followed.faults.slice(0, 5), [], `${followed.faults.length} faults`);
  const [found] = await database.connection.query<RowDataPacket[]>("select concat(id, ':', v) as line from items");
  const expected = found.map(({ line }) => String(line)).sort();
  assert.deepEqual(followed.rows, expected);
}

type Case = {
  readonly name: string;
  readonly flavor: MysqlFlavor;
  readonly gtids?: false;
  readonly options: Readonly<Record<string, string>>;
  /** Kinds of watermarks left in the signal table. */
  readonly left: readonly string[];
};
const both = ['snapshot-window-close', 'snapshot-window-open'];
const cases: readonly Case[] = [
  { name: 'MySQL', flavor: 'mysql', options: { 'provide.transaction.metadata': 'true' }, left: both },
  { name: 'MySQL, read-only', flavor: 'mysql', options: { 'read.only': 'true', 'max.batch.size': '16' }, left: [] },
  { name: 'MySQL without GTIDs', flavor: 'mysql', gtids: false, options: {}, left: both },
  { name: 'MariaDB', flavor: 'mariadb', options: {}, left: both },
  { name: 'MariaDB, read-only', flavor: 'mariadb', options: { 'read.only': 'true' }, left: [] },
];

for (const [seed, { name, flavor, gtids = true, options, left }] of cases.entries()) {
  test(`crashes at any batch of an incremental snapshot under load lose nothing, and nothing is older after newer (${name})`, {
    timeout: 240_000,
  }, async () => {
    if (!gtids) withoutGtids = await startMysql({ settings: { 'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF' } });
    const server = gtids ? servers[flavor] : withoutGtids!;
    await using database = await itemsDatabase(server);
    const random = randomOf(seed);
    const run = mysqlRunOf(flavor, server, database, { ...signalTableOf(database), ...options });
    // A position first: what is changed before it is nobody's.
    await runWith(
      run,
      () => run.offsets.length > 0,
      async () => {},
    );
    const load = changingItems(server, database, seed);
    await insertSignal(database, 'load', 'execute-snapshot', execute([`${database.name}.items`]));
    for (let crash = 0; crash < 8; crash++) {
      let batches = 1 + random(12);
      await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
    }
    const isTold = () => run.records.some(({ key }) => key instanceof Struct && key.values[0] === 100_000);
    const reads = () => readsOf(run, itemsOf(database));
    await runWith(run, isTold, async () => {
      const isOver = () => stored(run)['incremental_snapshot_collections'] === undefined && reads().length > 0;
      await until(isOver, { what: 'the end of the snapshot', timeoutMs: waitMsMax });
      await load.rest();
      await database.connection.query('insert into items values (100000, 1, null)');
    });
    await assertFollowed(database, run);
    assert.ok(reads().length > rows / 2, `${reads().length} rows were read`);
    assert.equal(new Set(reads()).size, reads().length, 'none twice: a restart goes on behind the last chunk');
    const [found] = await database.connection.query<RowDataPacket[]>("select distinct type from signals where id <> 'load' order by type");
    assert.deepEqual(
      found.map(({ type }) => String(type)),
      left,
    );
  });
}

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`by a call, on a server where nothing else happens and a transaction idles (${flavor})`, { timeout: 240_000 }, async () => {
    await using database = await itemsDatabase(servers[flavor]);
    await using idle = await connectMysql(servers[flavor], { database: database.name });
    await idle.query('begin; insert into items values (200000, 0, null)');
    const run = mysqlRunOf(flavor, servers[flavor], database, notified);
    const reads = () => readsOf(run, itemsOf(database));
    for (const round of [1, 2]) {
      const isTold = () => notesOf(run).filter(({ type }) => type === 'COMPLETED').length === round;
      await runWith(run, isTold, async () => {
        await run.source!.signal!({ id: `call-${round}`, type: 'execute-snapshot', data: execute([`${database.name}\\.it.*`]) });
        await until(() => isFinished(run), { what: 'the end of the snapshot', timeoutMs: waitMsMax });
        const { id, chunks, rows: read } = progressOf(run)!;
        assert.deepEqual([id, chunks, read], [`call-${round}`, rows / 100, rows]);
        await database.connection.query('update items set v = v + 1 where id = 1');
        const updated = () => run.records.findLast(({ value }) => value instanceof Struct && value.get('op') === 'u');
        await until(() => updated() !== undefined, { what: 'the update', timeoutMs: waitMsMax });
        const readRecord = run.records.findLast(
          ({ topic, value }) => topic === itemsOf(database) && value instanceof Struct && value.get('op') === 'r',
        );
        if (round === 1) assert.equal(updated()!.valueSchema, readRecord!.valueSchema, 'one schema for what is read and what is streamed');
      });
      assert.equal(reads().length, round * rows);
      assert.equal(new Set(reads()).size, rows);
    }
    await idle.query('rollback');
    const last = notesOf(run).findLast(({ type }) => type === 'IN_PROGRESS')!;
    assert.deepEqual([last.data['last_processed_key'], last.data['maximum_key']], [String(rows), String(rows)]);
    const { value } = run.records.find(({ topic, value: of }) => topic === itemsOf(database) && of instanceof Struct)!;
    const source = (value as Struct).get('source') as Struct;
    assert.deepEqual([source.get('snapshot'), source.get('db'), source.get('table')], ['incremental', database.name, 'items']);
  });
}

test('conditions, surrogate keys, tables that cannot be read, pause and stop', { timeout: 240_000 }, async () => {
  const server = servers.mysql;
  await using database = await itemsDatabase(server);
  const numbers = Array.from({ length: 250 }, (_, n) => n + 1);
  await database.run(`
    create table keyless(seq int not null, n int);
    insert into keyless values ${numbers.map(n => `(${n}, ${n})`).join(', ')};
    create table odd(\`the key\` varchar(50) character set latin1, part int(5) unsigned zerofill, v int, primary key (\`the key\`, part));
    insert into odd values ${numbers.map(n => `('it''s \\\\ ${n}', ${n}, ${n})`).join(', ')};
    create table dated(day date primary key);
    create table emptied(id int primary key);`);
  const run = mysqlRunOf('mysql', server, database, signalTableOf(database));
  const named = (...tables: readonly string[]) => tables.map(table => `${database.name}.${table}`);
  const finished = async (id: string) => {
    await until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });
    return Object.fromEntries(progressOf(run)!.tables.map(({ name, state, rows: read }) => [name.split('.')[1], [state, read]]));
  };
  const order = async (id: string, tables: readonly string[], more: object = {}) => {
    await insertSignal(database, id, 'execute-snapshot', execute(named(...tables), more));
  };
  await runWith(
    run,
    () => true,
    async () => {
      await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
      const where = (filter: string) => ({ 'additional-conditions': [{ 'data-collection': `${database.name}.odd`, filter }] });
      await order('s1', ['keyless', 'emptied', 'missing', 'dated', 'odd'], where('part > 99'));
      assert.deepEqual(await finished('s1'), {
        keyless: ['skipped', 0],
        emptied: ['done', 0],
        missing: ['skipped', 0],
        dated: ['skipped', 0],
        odd: ['done', 151],
      });
      assert.match(run.warnings.join('\n'), /keyless out: .*no primary key/);
      assert.match(run.warnings.join('\n'), /missing out: There is no table/);
      await order('s2', ['keyless'], { 'surrogate-key': 'seq' });
      assert.deepEqual(await finished('s2'), { keyless: ['done', 250] });
      await order('s3', ['odd'], where('no such column'));
      assert.deepEqual(await finished('s3'), { odd: ['skipped', 0] });
      await insertSignal(database, 'bad', 'execute-snapshot', 'no JSON');
      await until(() => run.warnings.some(warning => /signal bad .*not a JSON object/.test(warning)), {
        what: 'the warning',
        timeoutMs: waitMsMax,
      });
      // Both in one statement: paused before anything is read.
      await database.connection.query("insert into signals values ('s4', 'execute-snapshot', ?), ('p4', 'pause-snapshot', '{}')", [
        execute(named('items', 'odd')),
      ]);
      await until(() => progressOf(run)?.id === 's4' && progressOf(run)?.state === 'paused', { what: 'the pause', timeoutMs: waitMsMax });
      await insertSignal(database, 't4', 'stop-snapshot', JSON.stringify({ 'data-collections': named('items'), type: 'incremental' }));
      await until(() => progressOf(run)?.tables[0]?.state === 'stopped', { what: 'the stop', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'r4', type: 'resume-snapshot', data: null });
      assert.deepEqual(await finished('s4'), { items: ['stopped', 0], odd: ['done', 250] });
      await assert.rejects(run.source!.signal!({ id: 't5', type: 'stop-snapshot', data: null }), { code: 'BAD_REQUEST' });
    },
  );
  assert.equal(stored(run)['incremental_snapshot_collections'], undefined);
});

test('an XA transaction is streamed when it is prepared and visible when it is committed: no chunk comes in between', {
  timeout: 240_000,
}, async () => {
  const server = servers.mysql;
  await using database = await itemsDatabase(server);
  await using client = await connectMysql(server, { database: database.name });
  const run = mysqlRunOf('mysql', server, database, signalTableOf(database));
  const hasVersion = (version: bigint) =>
    run.records.some(({ topic, value }) => topic === itemsOf(database) && ((value as Struct).get('after') as Struct).get('v') === version);
  await runWith(
    run,
    () => isFinished(run),
    async () => {
      await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
      await client.query(
        `xa start '${database.name}'; update items set v = 5 where id = 50; xa end '${database.name}'; xa prepare '${database.name}'`,
      );
      await until(() => hasVersion(5n), { what: 'what is prepared', timeoutMs: waitMsMax });
      await insertSignal(database, 'xa', 'execute-snapshot', execute([`${database.name}.items`]));
      const isTold = () =>
        run.records.some(
          ({ value }) => value instanceof Struct && String((value.values[1] as Struct | null)?.values?.[1]) === 'snapshot-window-open',
        );
      await until(isTold, { what: 'the first chunk to be asked for', timeoutMs: waitMsMax });
      await database.connection.query('update items set v = 6 where id = 3000');
      await until(() => hasVersion(6n), { what: 'a change behind it', timeoutMs: waitMsMax });
      await client.query(`xa commit '${database.name}'`);
    },
  ).finally(() => client.query(`xa rollback '${database.name}'`).catch(() => {})); // What is prepared would hold the database.
  assert.equal(new Set(readsOf(run, itemsOf(database))).size, rows);
  await assertFollowed(database, run);
});

test('an offset as Debezium stores it in mid-snapshot is gone on with, behind its key; a pause outlives a restart', {
  timeout: 240_000,
}, async () => {
  const server = servers.mysql;
  await using database = await itemsDatabase(server);
  const run = mysqlRunOf('mysql', server, database, { 'incremental.snapshot.rows.per.second.max': '400' });
  const reads = () => readsOf(run, itemsOf(database));
  const own = () => stored(run)['sluice_incremental_snapshot'] as { chunks?: number; paused?: boolean } | undefined;
  await runWith(
    run,
    () => own()?.paused === true,
    async () => {
      const filter = { 'additional-conditions': [{ 'data-collection': '.*', filter: 'id <= 1000' }] };
      await run.source!.signal!({ id: 'd1', type: 'execute-snapshot', data: execute([`${database.name}.items`], filter) });
      await until(() => (own()?.chunks ?? 0) >= 2, { what: 'two chunks', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'p1', type: 'pause-snapshot', data: null });
    },
  );
  run.config = { ...run.config, 'incremental.snapshot.rows.per.second.max': '0' };
  const before = reads().length;
  await runWith(
    run,
    () => run.records.some(({ value }) => value instanceof Struct && value.get('op') === 'u'),
    async () => {
      await database.connection.query('update items set v = 1 where id = 3000');
    },
  );
  assert.equal(reads().length, before);
  // Of the snapshot Debezium has no other keys than its own, and no pause.
  assert.match(String(stored(run)['incremental_snapshot_primary_key']), /^aced0005/);
  run.keep(offset => Object.fromEntries(Object.entries(offset).filter(([name]) => name !== 'sluice_incremental_snapshot')));
  await runWith(
    run,
    () => stored(run)['incremental_snapshot_collections'] === undefined && reads().length > before,
    async () => {},
  );
  assert.deepEqual(
    reads().map(Number),
    Array.from({ length: 1_000 }, (_, n) => n + 1),
    'each row once, in order; no row that the filter excludes',
  );
});
