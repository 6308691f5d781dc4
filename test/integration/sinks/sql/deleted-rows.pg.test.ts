import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  type PartitionOffset,
  recordVersion,
  type Sink,
  type SinkRecord,
  Struct,
  schemas,
  structSchema,
} from '../../../../src/contract/index.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { jdbcSinkOf, upserts } from '../jdbc/jdbc-target.ts';
import { jdbcUrl, viewsSinkOf } from '../views/views-target.ts';

const never = new AbortController().signal;
const [hour, retention] = [3_600_000, 2_592_000_000];
const partition = { topic: 'orders', partition: 0 };
const keySchema = structSchema([['id', schemas.int64]]);
const valueSchema = structSchema([
  ['id', schemas.int64],
  ['name', schemas.string],
]);

/** The row of an offset; null: it is deleted. */
function record(offset: number, id: number, name: string | null): SinkRecord {
  const place: PartitionOffset = { ...partition, offset: BigInt(offset) };
  return {
    ...partition,
    timestamp: 0,
    keySchema,
    key: new Struct(keySchema, [BigInt(id)]),
    valueSchema: name === null ? null : valueSchema,
    value: name === null ? null : new Struct(valueSchema, [BigInt(id), name]),
    headers: [],
    place,
    version: recordVersion(1, place.offset),
  };
}

const views = `
tables:
  orders: { topic: orders, key: id, columns: { id: bigint, name: text } }
views:
  names: { key: name, from: { orders: name }, select: 'select name, count(*) as n from orders group by name' }
`;

type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;
type Case = {
  readonly what: string;
  readonly sink: (url: string, more: Record<string, string>, nowMs: () => number) => Sink;
  /** Counts the versions of deleted rows. */
  readonly markers: string;
  /** Makes the tables as they were before deleted rows had a time. */
  readonly old: (isPostgres: boolean) => string;
};

const cases: readonly Case[] = [
  {
    what: 'jdbc',
    sink: (url, more, nowMs) => jdbcSinkOf({ ...upserts, 'version.tracking': 'key', 'connection.url': url, ...more }, nowMs),
    markers: "select count(*) as n from _sluice_versions where key in ('1', '2')",
    old: isPostgres => `${isPostgres ? '' : 'drop index _sluice_versions_deleted;'} alter table _sluice_versions drop column deleted_ms`,
  },
  {
    what: 'views',
    sink: (url, more, nowMs) => viewsSinkOf({ 'connection.url': url, views, ...more }, 'pruned', nowMs),
    markers: 'select count(*) as n from SCHEMA_rows_orders where _sluice_deleted and id in (1, 2)',
    old: isPostgres =>
      `${isPostgres ? '' : 'drop index "_deleted_INDEX";'} alter table SCHEMA_rows_orders drop column _sluice_deleted_ms;
       update SCHEMA_tables set definition = '{"key":["id"],"columns":{"id":"bigint","name":"text"}}'`,
  },
];

for (const { what, sink: sinkOf, markers, old } of cases)
  for (const server of ['SQLite', 'Postgres'])
    test(`${what} in ${server}: versions of deleted rows go when their time is over, and no others`, { timeout: 240_000 }, async () => {
      using scratch = new ScratchFolder('deleted-rows');
      await using database = server === 'Postgres' ? await freshDatabase(await sharedPostgres(18)) : null;
      const file = scratch.file('target.db');
      const url = database === null ? `jdbc:sqlite:${file}` : jdbcUrl(database.url);
      const query: Query = async text => {
        const sql = text.replaceAll('SCHEMA', database === null ? '' : 'sluice_pruned.');
        if (database !== null) return (await database.client.query(sql)).rows;
        using opened = new DatabaseSync(file, { timeout: 20_000 });
        return opened.prepare(sql).all();
      };
      const kept = async () => Number((await query(markers))[0]!['n']);
      let nowMs = 1_000_000 * hour;
      let next = 0;
      let generation = 0;
      let more: Record<string, string> = {};
      /** A task of its own that writes these rows in the live flow. */
      const live = async (...rows: readonly (readonly [id: number, name: string | null])[]) => {
        await using sink = sinkOf(url, more, () => nowMs);
        await sink.assign!({ group: 'connect-pruned', generation: ++generation, partitions: [{ ...partition, era: 1 }] }, never);
        const records = rows.map(([id, name]) => record(next++, id, name));
        const consumed = { group: 'connect-pruned', member: 'm', generation, next: [{ ...partition, offset: BigInt(next) }] };
        assert.deepEqual((await sink.write({ records, mode: 'live', consumed }, never)).failed, []);
      };
      await live([1, 'one'], [2, 'two'], [3, 'three']);
      await live([1, null]);
      nowMs += hour;
      await live([2, null], [4, 'four']);
      assert.equal(await kept(), 2);
      // What is older than the delete does not bring the row back, as long as it is kept.
      {
        await using beside = sinkOf(url, more, () => nowMs + 10 * retention);
        await beside.write({ records: [record(0, 1, 'one')], mode: 'replay', consumed: null }, never);
      }
      assert.equal(await kept(), 2, 'a replay prunes nothing');
      nowMs += retention - hour + 1;
      more = { 'delete.markers.retention.ms': '-1' };
      await live([5, 'five']);
      assert.equal(await kept(), 2, 'for good');
      more = {};
      await live([5, null]);
      assert.equal(await kept(), 1, 'the first was deleted an hour before the second');
      nowMs += hour;
      await live([6, 'six']);
      assert.equal(await kept(), 0);
      if (what === 'jdbc')
        assert.deepEqual(
          (await query('select id from orders order by id')).map(row => Number(row['id'])),
          [3, 4, 6],
        );
      else
        assert.deepEqual(
          (await query('select name from names order by name')).map(row => row['name']),
          ['four', 'six', 'three'],
        );
      // Tables of before are brought up to it.
      const index =
        database === null
          ? String((await query("select name from sqlite_master where name like '#_deleted#_%' escape '#'"))[0]?.['name'] ?? '')
          : '';
      for (const statement of old(database !== null)
        .replace('_deleted_INDEX', index)
        .split(';'))
        await query(statement);
      await live([3, null]);
      nowMs += retention + hour;
      await live([4, 'again']);
      assert.equal(Number((await query(markers.replace(/in \(.*\)/, what === 'jdbc' ? "= '3'" : '= 3')))[0]!['n']), 0);
    });
