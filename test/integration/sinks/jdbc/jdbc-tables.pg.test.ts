import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  arraySchema,
  recordVersion,
  type Schema,
  type SinkRecord,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  type Value,
} from '../../../../src/contract/index.ts';
import { type FreshDatabase, freshDatabase } from '../../../support/fresh-database.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { jdbcUrl } from '../views/views-target.ts';
import { jdbcSinkOf, upserts } from './jdbc-target.ts';

const never = new AbortController().signal;
let offset = 0n;

/** The row of a topic, alone as ExtractNewRecordState leaves it; null: a tombstone. */
function record(
  topic: string,
  key: Readonly<Record<string, readonly [Schema, Value]>>,
  row: Readonly<Record<string, readonly [Schema, Value]>> | null,
): SinkRecord {
  const struct = (fields: Readonly<Record<string, readonly [Schema, Value]>>) => {
    const schema = structSchema(Object.entries(fields).map(([name, [of]]) => [name, of]));
    return new Struct(
      schema,
      Object.values(fields).map(([, value]) => value),
    );
  };
  const place = { topic, partition: 0, offset: offset++ };
  const keyStruct = struct(key);
  const value = row === null ? null : struct(row);
  return {
    topic,
    partition: 0,
    timestamp: 0,
    keySchema: keyStruct.schema,
    key: keyStruct,
    valueSchema: value?.schema ?? null,
    value,
    headers: [],
    place,
    version: recordVersion(1, place.offset),
  };
}

const id = (value: number) => ({ id: [schemas.int64, BigInt(value)] as const });

async function written(database: FreshDatabase, config: Record<string, string>, ...batches: readonly (readonly SinkRecord[])[]) {
  await using sink = jdbcSinkOf({ ...upserts, 'connection.url': jdbcUrl(database.url), ...config });
  const failed = [];
  for (const records of batches) {
    const topics = [...new Set(records.map(({ topic }) => topic))];
    const next = topics.map(topic => ({ topic, partition: 0, offset }));
    await sink.assign?.(
      { group: 'connect-jdbc', generation: 1, partitions: topics.map(topic => ({ topic, partition: 0, era: 1 })) },
      never,
    );
    const consumed = { group: 'connect-jdbc', member: 'test', generation: 1, next };
    failed.push(...(await sink.write({ records, mode: 'live', consumed }, never)).failed);
  }
  return failed;
}

const named = (type: Parameters<typeof schemaOf>[0], name: string, parameters: Record<string, string> | null = null) =>
  schemaOf(type, { name, parameters, optional: true });

describe('tables of the JDBC sink in Postgres', () => {
  test('a table is made by the schema, with the types of its logical types, and widened by further fields', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const row = {
      ...id(1),
      price: [named('bytes', schemas.connectDecimal, { scale: '2', 'connect.decimal.precision': '10' }), Uint8Array.of(0x30, 0x39)],
      day: [named('int32', 'io.debezium.time.Date'), 20_000],
      at: [named('int64', 'io.debezium.time.MicroTimestamp'), 1_700_000_000_000_001n],
      zoned: [named('string', 'io.debezium.time.ZonedTimestamp'), '2024-01-01T00:00:00.5Z'],
      document: [named('string', 'io.debezium.data.Json'), '{"a": [1, 2]}'],
      token: [named('string', 'io.debezium.data.Uuid'), '2f1f8d1c-6a3b-4a5e-9e2d-0123456789ab'],
      tags: [arraySchema(schemas.optionalString, { optional: true }), ['a', null, '"']],
      raw: [schemas.optionalBytes, Uint8Array.of(1, 2)],
      good: [schemas.optionalBoolean, true],
    } as const;
    const wider = { ...row, note: [schemas.optionalString, 'it’s new'] } as const;
    assert.deepEqual(
      await written(database, {}, [record('shop.items', id(1), row)], [record('shop.items', id(2), { ...wider, ...id(2) })]),
      [],
    );
    const { rows: types } = await database.client.query(
      `select attname, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'shop_items'::regclass and attnum > 0 order by attnum`,
    );
    assert.deepEqual(
      types.map(({ attname, type }) => `${attname} ${type}`),
      [
        'id bigint',
        'price numeric(10,2)',
        'day date',
        'at timestamp without time zone',
        'zoned timestamp with time zone',
        'document json',
        'token uuid',
        'tags text[]',
        'raw bytea',
        'good boolean',
        'note text',
      ].map(text => text.replace('timestamp without', 'timestamp(6) without').replace('timestamp with ', 'timestamp(6) with ')),
    );
    const { rows } = await database.client.query(
      `select id::int, price::text, day::text, at::text, zoned at time zone 'UTC' as zoned, document, token, tags, raw, good, note from shop_items order by id`,
    );
    assert.deepEqual(
      { ...rows[1], zoned: null },
      {
        id: 2,
        price: '123.45',
        day: '2024-10-04',
        at: '2023-11-14 22:13:20.000001',
        zoned: null,
        document: { a: [1, 2] },
        token: '2f1f8d1c-6a3b-4a5e-9e2d-0123456789ab',
        tags: ['a', null, '"'],
        raw: Buffer.from([1, 2]),
        good: true,
        note: 'it’s new',
      },
    );
    assert.equal(rows[0].note, null);
  });

  test('a value that the database did not send leaves the column as it is', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const text = (value: string) =>
      ({ name: [schemas.string, value], big: [schemas.optionalString, '__debezium_unavailable_value'] }) as const;
    await written(
      database,
      {},
      [record('items', id(1), { ...id(1), name: [schemas.string, 'a'], big: [schemas.optionalString, 'kept'] })],
      [record('items', id(1), { ...id(1), ...text('b') }), record('items', id(2), { ...id(2), ...text('c') })],
    );
    const { rows } = await database.client.query('select name, big from items order by id');
    assert.deepEqual(rows, [
      { name: 'b', big: 'kept' },
      { name: 'c', big: null },
    ]);
  });

  test('rows without key, by the place in the log, by fields of the value, and updates only', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const row = (key: number, name: string) => ({ ...id(key), name: [schemas.string, name] }) as const;
    const twice = [record('plain', id(1), row(1, 'a')), record('plain', id(1), row(1, 'b'))];
    const plain = { 'insert.mode': 'insert', 'delete.enabled': 'false', 'primary.key.mode': 'none' };
    await written(database, plain, twice, twice);
    assert.equal((await database.client.query('select 1 from plain')).rowCount, 2, 'each record once');
    const places = [record('places', id(1), row(1, 'a')), record('places', id(1), row(1, 'b'))];
    await written(database, { ...plain, 'primary.key.mode': 'kafka' }, places, places);
    assert.deepEqual((await database.client.query('select __connect_topic as topic, name from places order by __connect_offset')).rows, [
      { topic: 'places', name: 'a' },
      { topic: 'places', name: 'b' },
    ]);
    const byValue = { 'delete.enabled': 'false', 'primary.key.mode': 'record_value', 'primary.key.fields': 'name' };
    await written(database, byValue, [record('named', id(1), row(1, 'a')), record('named', id(2), row(2, 'a'))]);
    assert.deepEqual((await database.client.query('select id::int, name from named')).rows, [{ id: 2, name: 'a' }]);
    await written(database, { ...byValue, 'insert.mode': 'update' }, [
      record('named', id(3), row(3, 'a')),
      record('named', id(4), row(4, 'z')),
    ]);
    assert.deepEqual((await database.client.query('select id::int, name from named')).rows, [{ id: 3, name: 'a' }]);
  });

  test('a table that is not there is refused without schema.evolution, a value too long fails alone', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const none = { 'schema.evolution': 'none' };
    await assert.rejects(written(database, none, [record('absent', id(1), id(1))]), /There is no table absent/);
    await database.run('create table short (id bigint primary key, name varchar(3))');
    const row = (key: number, name: string) => ({ ...id(key), name: [schemas.string, name] }) as const;
    const failed = await written(database, none, [
      record('short', id(1), row(1, 'abc')),
      record('short', id(2), row(2, 'abcd')),
      record('short', id(3), row(3, 'x')),
    ]);
    assert.deepEqual(
      failed.map(({ index, error }) => [index, error.code]),
      [[1, 'RECORD_REFUSED']],
    );
    assert.doesNotMatch(failed[0]!.error.message, /abcd/, 'the value is not shown');
    assert.equal((await database.client.query('select 1 from short')).rowCount, 2);
    await assert.rejects(
      written(database, none, [record('short', id(5), { ...row(5, 'a'), further: [schemas.string, 'x'] })]),
      /Table short has no column further/,
    );
  });
});
