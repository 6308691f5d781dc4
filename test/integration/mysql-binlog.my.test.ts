import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RowDataPacket } from 'mysql2/promise';
import type { BinlogStart } from '../../connectors/mysql/binlog/binlog-stream.ts';
import { rowLayout } from '../../connectors/mysql/row-layout.ts';
import { jdbcTypes } from '../../connectors/mysql/table-model.ts';
import { createColumnReader } from '../../connectors/mysql/values/column-reader.ts';
import { defaultValueOptions } from '../../connectors/mysql/values/value-options.ts';
import { type MysqlAddress, startMariadb, startMysql } from '../services/mysql.ts';
import { type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { BinlogListener, listenUntil, openStream } from './mysql-binlog-listener.ts';
import { MysqlTableDecoder } from './mysql-decoded-tables.ts';
import { comparableJson } from './mysql-oracles.ts';

// Servers of their own: what else is written would be in the same binlog.
for (const [flavor, start] of [
  ['mysql', startMysql],
  ['mariadb', startMariadb],
] as const) {
  describe(`the binlog of ${flavor}`, () => {
    const resources = new AsyncDisposableStack();
    let server: MysqlAddress;
    let database: FreshMysqlDatabase;
    before(async () => {
      server = resources.use(await start());
      database = resources.use(await freshMysqlDatabase(server));
    });
    after(() => resources.disposeAsync());

    const one = async (sql: string) => {
      const [rows] = await database.connection.query<RowDataPacket[]>(sql);
      return rows[0]!;
    };
    const place = async (): Promise<Partial<BinlogStart>> => {
      const row = await one(flavor === 'mysql' ? 'show binary log status' : 'show master status');
      return { file: row['File'], position: row['Position'] };
    };
    const gtids = async (): Promise<string> =>
      flavor === 'mysql'
        ? (await one('select @@gtid_executed g'))['g'].replaceAll('\n', '')
        : (await one('select @@gtid_binlog_pos g'))['g'];

    test('a transaction comes with its GTID, its statements and its commit, and an idle stream still hears the server', async () => {
      await database.run('create table story (id int primary key, v varchar(20))');
      const from = await place();
      await database.run(
        `${flavor === 'mysql' ? 'set binlog_rows_query_log_events = on' : 'set binlog_annotate_row_events = on'};
         begin; insert into story values (1, 'a'), (2, 'b'); update story set v = 'c' where id = 2; delete from story where id = 1; commit`,
      );
      await using stream = await openStream(flavor, server, from, { heartbeatMs: 500 });
      const listener = new BinlogListener();
      await listenUntil(stream, listener, () => listener.texts('heartbeat').length >= 2);
      const kinds = listener.heard.map(({ kind, text }) => (kind === 'rows' || kind === 'rowsQuery' ? `${kind} ${text}` : kind));
      const begin = flavor === 'mysql' ? ['query'] : []; // MariaDB's GTID says that it begins
      assert.deepEqual(
        kinds.filter(kind => kind !== 'rotate' && kind !== 'heartbeat'),
        [
          'gtid',
          ...begin,
          "rowsQuery insert into story values (1, 'a'), (2, 'b')",
          'rows insert story',
          "rowsQuery update story set v = 'c' where id = 2",
          'rows update story',
          'rowsQuery delete from story where id = 1',
          'rows delete story',
          'xid',
        ],
      );
      assert.equal(stream.header.nextPosition, (await place()).position);
    });

    test('from a set of GTIDs only what is not in it comes', async () => {
      await database.run('create table known (id int primary key)');
      await database.run('insert into known values (1)');
      const known = await gtids();
      await database.run('insert into known values (2)');
      await using stream = await openStream(flavor, server, { gtids: known });
      const listener = new BinlogListener();
      await listenUntil(stream, listener, () => listener.texts('xid').length > 0);
      assert.equal(listener.texts('gtid').length, 1);
      assert.deepEqual(listener.texts('rows'), ['insert known']);
    });

    test('an event in many pieces: a value of twenty megabytes', { skip: flavor === 'mariadb' && 'its packets end at 16 MB' }, async () => {
      await database.run('create table large (id int primary key, v longblob)');
      const from = await place();
      await database.run("insert into large values (1, repeat('0123456789', 2000000))");
      await using stream = await openStream(flavor, server, from);
      let size = 0;
      const id = { jdbcType: jdbcTypes.INTEGER, typeName: 'INT', name: 'id' };
      const readers = [id, { jdbcType: jdbcTypes.BLOB, typeName: 'LONGBLOB', name: 'v' }].map((column, index) =>
        createColumnReader(
          {
            nativeType: null,
            typeExpression: null,
            charsetName: null,
            length: null,
            scale: null,
            position: index + 1,
            optional: true,
            autoIncremented: false,
            generated: false,
            comment: null,
            hasDefaultValue: false,
            defaultValueExpression: null,
            enumValues: null,
            ...column,
          },
          defaultValueOptions,
        ),
      );
      const listener = new BinlogListener(event => {
        const made = rowLayout(event.table, readers);
        assert.ok('layout' in made);
        event.each(made.layout, (_, row) => {
          size = (row![1] as Uint8Array).length;
        });
      });
      await listenUntil(stream, listener, () => listener.texts('xid').length > 0);
      assert.equal(size, 20_000_000);
    });

    test('a handler that holds gets the rest at the next call, nothing twice', async () => {
      await database.run('create table held (id int primary key)');
      const from = await place();
      for (let id = 0; id < 20; id++) await database.run(`insert into held values (${id})`);
      await using stream = await openStream(flavor, server, from);
      const listener = new BinlogListener(() => stream.hold());
      let calls = 0;
      await listenUntil(stream, listener, () => {
        calls++;
        return listener.texts('rows').length === 20;
      });
      assert.ok(calls >= 20);
      assert.equal(new Set(listener.heard.filter(({ kind }) => kind === 'rows').map(({ position }) => position)).size, 20);
    });

    test('row images without all columns: what was not sent is the placeholder, or null', async () => {
      await database.run("create table images (id int primary key, n int, t text, b blob); insert into images values (1, 1, 'one', 'x')");
      await using decoder = await MysqlTableDecoder.open(flavor, server, database.name, defaultValueOptions);
      await decoder.tables();
      await database.run(`set binlog_row_image = minimal; update images set n = 2; set binlog_row_image = noblob; update images set n = 3;
        set binlog_row_image = full`);
      const unavailable = '__debezium_unavailable_value';
      const changes = await decoder.changes();
      const shown = changes.map(({ before, after }) =>
        [before, after].map(row => row!.values.map(cell => (cell instanceof Uint8Array ? String(Buffer.from(cell)) : cell))),
      );
      assert.deepEqual(shown, [
        [
          [1, null, unavailable, unavailable],
          [1, 2, unavailable, unavailable],
        ],
        [
          [1, 2, unavailable, unavailable],
          [1, 3, unavailable, unavailable],
        ],
      ]);
    });

    test('what the server refuses is a lost position, by file and by GTID', async () => {
      await using stream = await openStream(flavor, server, { file: 'binlog.999999' });
      await assert.rejects(stream.next(new BinlogListener()), { code: 'POSITION_LOST' });
    });

    test('a connection that the server kills is lost, and says so', async () => {
      await using stream = await openStream(flavor, server, {});
      const listener = new BinlogListener();
      await stream.next(listener);
      const [rows] = await database.connection.query<RowDataPacket[]>('show processlist');
      const dump = rows.filter(row => String(row['Command']).startsWith('Binlog Dump'));
      assert.ok(dump.length > 0);
      for (const { Id } of dump) await database.run(`kill ${Id}`).catch(() => {});
      await assert.rejects(
        (async () => {
          for (;;) await stream.next(listener);
        })(),
        { code: 'DATABASE_UNAVAILABLE' },
      );
    });
  });
}

describe('the binlog of MySQL alone', () => {
  const resources = new AsyncDisposableStack();
  let server: MysqlAddress;
  let database: FreshMysqlDatabase;
  before(async () => {
    server = resources.use(await startMysql());
    database = resources.use(await freshMysqlDatabase(server));
  });
  after(() => resources.disposeAsync());

  test('compressed transactions, also large ones, come event by event under one position', async () => {
    await database.run('create table packed (id int primary key, v varchar(200))');
    await using decoder = await MysqlTableDecoder.open('mysql', server, database.name, defaultValueOptions);
    await decoder.tables();
    const rows = 20_000;
    await database.run(`set cte_max_recursion_depth = ${rows + 1}; set session binlog_transaction_compression = on;
      insert into packed with recursive n as (select 1 i union all select i + 1 from n where i < ${rows}) select i, repeat(i, 30) from n;
      update packed set v = concat('x', v) where id % 100 = 0; set session binlog_transaction_compression = off`);
    const changes = await decoder.changes();
    assert.equal(changes.length, rows + rows / 100);
    assert.deepEqual(
      changes.slice(0, rows).map(({ after }) => after!.values[0]),
      Array.from({ length: rows }, (_, index) => index + 1),
    );
    assert.equal(changes.at(-1)!.after!.get('v'), `x${String(rows).repeat(30).slice(0, 200)}`);
  });

  test('tagged GTIDs are read, and asked for', async () => {
    await database.run("create table tagged (id int primary key); set gtid_next = 'automatic:blue'; insert into tagged values (1)");
    const [rows] = await database.connection.query<RowDataPacket[]>('select @@gtid_executed g');
    const known = String(rows[0]!['g']).replaceAll('\n', '');
    assert.match(known, /:blue:/);
    await database.run("insert into tagged values (2); set gtid_next = 'automatic'");
    await using stream = await openStream('mysql', server, { gtids: known });
    const listener = new BinlogListener();
    await listenUntil(stream, listener, () => listener.texts('xid').length > 0);
    assert.match(listener.texts('gtid').join(), /^[0-9a-f-]{36}:blue:\d+$/);
  });

  test('partial updates of JSON are applied to the former value', async () => {
    await database.run('create table docs (id int primary key, d json)');
    await using decoder = await MysqlTableDecoder.open('mysql', server, database.name, defaultValueOptions);
    const [table] = (await decoder.tables()).filter(({ model }) => model.id.table === 'docs');
    const document = `{"a": [1, 2.5, {"deep": ["x", null]}], "b c": "t\\\\"ext", "n": 12345678901234567890, "long": "${'l'.repeat(200)}"}`;
    const updates = [
      "json_set(d, '$.a[0]', 42)",
      "json_set(d, '$.new', cast('2024-02-29' as date), '$.z', 1.50)",
      `json_remove(d, '$."b c"')`,
      "json_replace(d, '$.a[2].deep[1]', json_object('k', true))",
      "json_array_append(d, '$.a', 'end')",
      "json_remove(d, '$.a[1]', '$.a[1].deep[0]')",
      "json_insert(d, '$.a[1].more', json_array(1, 2))",
      "json_array_insert(d, '$.a[0]', 'first')",
    ];
    await database.run(`set session binlog_row_value_options = PARTIAL_JSON; insert into docs values (1, '${document}')`);
    const expected: unknown[] = [];
    for (const update of updates) {
      await database.run(`update docs set d = ${update}`);
      expected.push(comparableJson((await decoder.rows(table!))[0]!.get('d')));
    }
    await database.run("set session binlog_row_value_options = ''");
    const changes = (await decoder.changes()).filter(({ op }) => op === 'u');
    assert.deepEqual(
      changes.map(({ after }) => comparableJson(after!.get('d'))),
      expected,
    );
  });
});
