import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from './verified-daemon.ts';

const tables = `
  create table orders (id int primary key, name text, amount numeric(12,2), at timestamptz, day date, seen timestamp(3), flag boolean, doc jsonb,
    tags text[], ratio double precision, raw bytea, code char(4), took interval, ref uuid);
  create table lines (order_id int, position text, note text, primary key (order_id, position));
  create table empty (id int primary key, name text);
  create table keyless (name text);
  create table elsewhere (id int primary key);
  insert into elsewhere values (1)`;
const rows = (from: number, to: number) => `
  insert into orders select n, 'first ' || n, n * 1.5, timestamptz '2026-01-01 12:00:00.123456+02' + n * interval '1 minute', date '2026-01-01' + n,
    timestamp '2026-01-01 00:00:00.5' + n * interval '1 second', n % 2 = 0, jsonb_build_object('n', n, 'a', 'b'), array['x', 'y "z" ' || n, null],
    n / 7.0, decode(md5(n::text), 'hex'), 'c' || n % 100, n * interval '90 seconds', md5(n::text)::uuid
  from generate_series(${from}, ${to}) n`;

describe('verification of Postgres against tables of jdbc and the log', { timeout: 420_000 }, () => {
  const resources = new AsyncDisposableStack();
  let source: FreshDatabase;
  let target: FreshDatabase;
  let daemon: Daemon;
  let verified: VerifiedDaemon;
  let file: string;

  const sqlite = () => new DatabaseSync(file, { timeout: 20_000 });

  before(async () => {
    const server = await sharedPostgres(18);
    source = resources.use(await freshDatabase(server));
    target = resources.use(await freshDatabase(server));
    const scratch = new ScratchFolder('verification');
    resources.defer(() => scratch[Symbol.dispose]());
    file = scratch.file('target.db');
    await source.run(tables);
    await source.run(rows(1, 2_000));
    await source.run("insert into lines select n, 'p' || m, 'note' from generate_series(1, 100) n, generate_series(1, 3) m");
    daemon = resources.use(await startDaemon({}));
    verified = new VerifiedDaemon(daemon, 'shop');
    await verified.rest.putConfig('shop', {
      'connector.class': 'postgres',
      ...databaseOptions(source.url),
      'topic.prefix': 'shop',
      'plugin.name': 'pgoutput',
      'slot.name': source.name,
    });
    const upsert = {
      'connector.class': 'jdbc',
      'topics.regex': 'shop\\.public\\.(orders|lines|empty)',
      'insert.mode': 'upsert',
      'delete.enabled': 'true',
      'primary.key.mode': 'record_key',
      'schema.evolution': 'basic',
    };
    const targetUrl = new URL(target.url);
    const address = `postgresql://${targetUrl.host}${targetUrl.pathname}`;
    const login = { 'connection.username': targetUrl.username, 'connection.password': decodeURIComponent(targetUrl.password) || 'none' };
    await verified.rest.putConfig('upserts', { ...upsert, ...login, 'connection.url': `jdbc:${address}` });
    await verified.rest.putConfig('file', {
      ...upsert,
      'connection.url': `jdbc:sqlite:${file}`,
      // Fields of the record, which no row of the source has.
      transforms: 'unwrap',
      'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
      'transforms.unwrap.add.fields': 'op,source.lsn,source.ts_ms,table',
      'transforms.unwrap.delete.tombstone.handling.mode': 'tombstone',
    });
    await verified.applied('upserts');
    // Rows that have been something else before.
    await source.run("update orders set name = 'second ' || id, amount = amount + 1 where id between 11 and 15 or id between 500 and 600");
    await source.run('delete from orders where id = 1999');
    for (const sink of ['upserts', 'file']) await verified.applied(sink);
  });
  after(() => resources.disposeAsync());

  /** Twenty faults in a table of the target, five of each kind. */
  const faults = (orders: string) => [
    `delete from ${orders} where id between 1 and 5`,
    `update ${orders} set name = 'first ' || id, amount = amount - 1 where id between 11 and 15`,
    `update ${orders} set amount = amount + 1000 where id between 16 and 20`,
    `insert into ${orders} (id, name) select id + 900000, 'nobody' from ${orders} where id between 21 and 25`,
  ];
  const expected = (fate: string) =>
    [
      ...[1, 2, 3, 4, 5].map(id => `missing ${id}${fate}`),
      ...[11, 12, 13, 14, 15].map(id => `stale ${id}${fate}`),
      ...[16, 17, 18, 19, 20].map(id => `changed ${id}${fate}`),
      ...[21, 22, 23, 24, 25].map(id => `extra ${900_000 + id}${fate}`),
    ].sort();

  /** Inserts, updates and deletes of other rows, all the while. */
  function load(client: pg.Client) {
    return steadyLoad(async round => {
      const id = 2_001 + (round % 400);
      await client.query(rows(id, id).concat(' on conflict (id) do update set name = excluded.name || random()'));
      await client.query('update orders set amount = amount + 1, name = $2 where id = $1', [30 + (round % 400), `load ${round}`]);
      if (round % 5 === 0) await client.query('delete from orders where id = $1', [2_001 + ((round * 7) % 400)]);
    }, 2);
  }

  const orders = 'shop_public_orders';
  for (const sink of ['upserts', 'file']) {
    const plant = async () => {
      if (sink === 'upserts') for (const statement of faults(orders)) await target.run(statement);
      else {
        const database = sqlite();
        for (const statement of faults(orders)) database.exec(statement);
        database.close();
      }
    };

    test(`${sink}: exactly the twenty planted faults are found and repaired, under load`, async t => {
      await using client = await connectTo(source.url);
      await using changing = load(client);
      const clean = await verified.verify({ against: sink });
      assert.deepEqual([clean.state, clean.error, differencesOf(clean)], ['COMPLETED', null, []]);
      assert.ok(clean.tables.find(({ table }) => table === 'public.keyless')!.notes[0]!.includes('no primary key'));
      await plant();
      const found = await verified.verify({ against: sink });
      assert.deepEqual(differencesOf(found), expected(''));
      assert.deepEqual([found.state, found.differences, found.repaired], ['COMPLETED', 20, 0]);
      const repaired = await verified.verify({ against: sink, repair: true, tables: ['public.orders'] });
      assert.deepEqual(differencesOf(repaired), expected(' repaired'));
      const again = await verified.verify({ against: sink });
      assert.deepEqual([again.state, differencesOf(again)], ['COMPLETED', []]);
      assert.ok(changing.changes > 20, 'the tables changed meanwhile');
      t.diagnostic(`${changing.changes} rounds of load; ${again.rows} rows, ${again.rows_per_second} rows/s`);
    });
  }

  test('a table that is empty at the source has no rows at the target, and one that is there is extra', async () => {
    await source.run("insert into empty values (1, 'gone')");
    await verified.applied('upserts');
    await until(
      async () =>
        (await target.client.query("select 1 from information_schema.tables where table_name = 'shop_public_empty'")).rowCount === 1,
      {
        what: 'the table',
        timeoutMs: 60_000,
      },
    );
    await source.run('delete from empty');
    await verified.applied('upserts');
    await target.run("insert into shop_public_empty values (7, 'planted')");
    const found = await verified.verify({ against: 'upserts', tables: ['public.empty'], repair: true });
    assert.deepEqual(differencesOf(found), ['extra 7 repaired']);
    assert.equal((await target.client.query('select 1 from shop_public_empty')).rowCount, 0);
  });

  test('the log is right under load, and is told from the source where it lacks a change', async () => {
    {
      await using client = await connectTo(source.url);
      await using _ = load(client);
      const found = await verified.verify({ against: 'log' });
      assert.deepEqual([found.state, found.error, differencesOf(found)], ['COMPLETED', null, []]);
    }
    // What is not published the log never has.
    await source.run("alter publication dbz_publication set (publish = 'insert')");
    await source.run("update lines set note = 'unpublished' where order_id = 70 and position = 'p1'");
    await source.run("delete from lines where order_id = 70 and position = 'p2'");
    await source.run("alter publication dbz_publication set (publish = 'insert, update, delete, truncate')");
    const [table] = (await verified.verify({ against: 'log', tables: ['public.lines'] })).tables;
    assert.deepEqual([table!.stale, table!.extra, table!.missing, table!.changed], [1, 1, 0, 0]);
    const kept = await verified.verify({ against: 'upserts', tables: ['public.lines'], repair: true });
    assert.deepEqual(differencesOf(kept), ['extra 70/p2 repaired', 'stale 70/p1 left']);
    assert.match(
      kept.tables[0]!.differences.find(({ kind }) => kind === 'stale')!.reason ?? '',
      /the last record of the log is not of the row/,
    );
    await source.run("update lines set note = 'published' where order_id = 70 and position = 'p1'");
    assert.deepEqual(differencesOf(await verified.verify({ against: 'upserts', tables: ['public.lines'] })), []);
  });

  test('bad input is refused with what is wrong with it', async () => {
    const refused = (asked: object, message: RegExp, status = 400) =>
      assert.rejects(verified.rest.call('POST', '/connectors/shop/verifications', asked), (error: Error & { status: number }) => {
        assert.match(error.message, message);
        assert.equal(error.status, status);
        return true;
      });
    await refused({}, /must name a sink/);
    await refused({ against: 'nobody' }, /Connector nobody not found/, 404);
    await refused({ against: 'shop' }, /Connector shop is not a sink/);
    await refused({ against: 'upserts', tabels: [] }, /Unrecognized field .*tabels/);
    await refused({ against: 'upserts', rate: 0 }, /rate.* must be a whole number from 1/);
    await refused({ against: 'log', repair: true }, /The log is not repaired/);
    await assert.rejects(verified.rest.call('POST', '/connectors/upserts/verifications', { against: 'log' }), /upserts is not a source/);
    await assert.rejects(verified.get('77'), { status: 404 });
    const unknown = await verified.verify({ against: 'upserts', tables: ['public.nothing'] });
    assert.deepEqual([unknown.state, /captures no table 'public.nothing'/.test(unknown.error ?? '')], ['FAILED', true]);
    const keyless = await verified.verify({ against: 'upserts', tables: ['public.keyless'] });
    assert.match(keyless.error ?? '', /public.keyless: without a primary key/);
    const elsewhere = await verified.verify({ against: 'upserts', tables: ['public.elsewhere'] });
    assert.match(elsewhere.error ?? '', /public.elsewhere: its records do not come to the target/);
  });

  test('with a schedule they begin by themselves, tell what differs by metrics, and repair where that is asked for', async () => {
    const config = await verified.rest.call<Record<string, string>>('GET', '/connectors/shop/config');
    const figure = async (name: string) => {
      const text = await (await fetch(`${daemon.url}/metrics`)).text();
      const line = text.split('\n').find(one => one.startsWith(name));
      return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
    };
    const becomes = (name: string, value: number) =>
      until(async () => (await figure(name)) === value, {
        what: `${name} to be ${value}. The daemon's log:\n${daemon.log()}\n`,
        timeoutMs: 120_000,
        everyMs: 200,
      });
    const left = 'sluice_verification_unrepaired_rows{connector="shop",against="upserts"}';
    const schedule = { 'verify.against': 'upserts,log', 'verify.interval.ms': '1000', 'verify.rate': '100000' };
    try {
      await verified.rest.putConfig('shop', { ...config, ...schedule });
      await becomes(left, 0);
      await becomes('sluice_verification_success{connector="shop",against="log"}', 1);
      await target.run(`delete from ${orders} where id = 7`);
      await becomes('sluice_verification_differing_rows{connector="shop",against="upserts",kind="missing"}', 1);
      await becomes(left, 1);
      assert.match(daemon.log(1_000), /The verification against upserts has ended, and rows differ: 1 of/);
      await verified.rest.putConfig('shop', { ...config, ...schedule, 'verify.repair': 'true' });
      await becomes(left, 0);
      assert.equal((await target.client.query(`select 1 from ${orders} where id = 7`)).rowCount, 1);
    } finally {
      await verified.rest.putConfig('shop', config);
    }
    await until(async () => (await verified.list()).every(({ state }) => state !== 'RUNNING'), {
      what: 'those that run to end',
      timeoutMs: 120_000,
    });
    await verified.applied('upserts');
  });

  test('one that is stopped ends, and one whose worker is killed half-way says so; the next finds what is left', async () => {
    await plantMissing();
    const slow = await verified.start({ against: 'upserts', rate: 50 });
    assert.equal(slow.state, 'RUNNING');
    await assert.rejects(verified.start({ against: 'upserts' }), { status: 409 });
    const stopped = await verified.rest.call<{ state: string }>('DELETE', `/connectors/shop/verifications/${slow.id}`);
    assert.equal(stopped.state, 'STOPPED');
    const second = await verified.start({ against: 'upserts', rate: 50, repair: true });
    await until(async () => (await verified.get(second.id)).rows > 0, { what: 'the verification to be under way', timeoutMs: 60_000 });
    await daemon.stop('SIGKILL');
    await daemon.start();
    const abandoned = await until(() => verified.get(second.id).catch(() => null), { what: 'the daemon to know it', timeoutMs: 60_000 });
    assert.equal(abandoned.state, 'ABANDONED');
    assert.match(abandoned.error ?? '', /start it again/);
    assert.deepEqual(
      (await verified.list()).filter(({ state }) => state === 'RUNNING'),
      [],
    );
    await verified.applied('upserts');
    const found = await verified.verify({ against: 'upserts', repair: true, keys: 1 });
    assert.deepEqual([found.state, found.differences, found.repaired, differencesOf(found).length], ['COMPLETED', 3, 3, 1]);

    async function plantMissing(): Promise<void> {
      await target.run('delete from shop_public_lines where order_id = 50');
    }
  });
});
