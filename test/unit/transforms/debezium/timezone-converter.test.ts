import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Schema, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { dateOf, daysOf } from '../../../../transforms/debezium/time/calendar.ts';
import { timeZone } from '../../../../transforms/debezium/time/time-zone.ts';
import { timezoneConverter } from '../../../../transforms/debezium/timezone-converter.ts';
import { change, envelopeSchema, struct, tombstone } from './golden.ts';
import { faultsOf, type LogLine, transformOf } from './transform-under-test.ts';

const typed = (type: 'int64' | 'string' | 'int32', name: string): Schema => schemaOf(type, { name, version: 1, optional: true });
const rowSchema = structSchema(
  [
    ['id', schemas.int32],
    ['micros', typed('int64', 'io.debezium.time.MicroTimestamp')],
    ['nanos', typed('int64', 'io.debezium.time.NanoTimestamp')],
    ['millis', typed('int64', 'io.debezium.time.Timestamp')],
    ['connect', typed('int64', schemas.connectTimestamp)],
    ['zoned', typed('string', 'io.debezium.time.ZonedTimestamp')],
    ['shipped', typed('string', 'io.debezium.time.ZonedTimestamp')],
    ['time', typed('string', 'io.debezium.time.ZonedTime')],
    ['date', typed('int32', 'io.debezium.time.Date')],
  ],
  { name: 'srv.public.t.Value' },
);
const envelope = envelopeSchema(rowSchema, 'srv.public.t');
const row = (fields: Readonly<Record<string, Value>>) => struct(envelope.field('after')?.schema ?? rowSchema, { id: 1, ...fields });

/** The row after the change, converted. */
function converted(
  options: Record<string, string>,
  fields: Readonly<Record<string, Value>>,
  where: { topic?: string; table?: string } = {},
  log: LogLine[] = [],
) {
  const record = change(envelope, {
    op: 'u',
    before: row(fields),
    after: row(fields),
    topic: where.topic ?? 'db.server1.table1',
    source: { table: where.table ?? 'orders', ts_ms: 123_456_789n },
  });
  const result = transformOf(timezoneConverter, options, log)(record);
  assert.ok(result?.value instanceof Struct);
  const [before, after, source] = [result.value.get('before'), result.value.get('after'), result.value.get('source')];
  assert.ok(before instanceof Struct && after instanceof Struct && source instanceof Struct);
  const picked = (part: Struct) => Object.fromEntries(Object.keys(fields).map(name => [name, part.get(name)]));
  return { before: picked(before), after: picked(after), sourceMs: source.get('ts_ms'), unchanged: result === record };
}

describe('TimezoneConverter', () => {
  test('converts every kind of timestamp, as the reference does', () => {
    const fields = {
      micros: 1529507596945104n,
      nanos: 1531481025340000104n,
      millis: 1514908810123n,
      zoned: '2018-01-02T11:15:30.123456789+00:00',
      time: '11:15:30.123456789+00:00',
    };
    const expected = {
      micros: 1529487796945104n,
      nanos: 1531461225340000104n,
      millis: 1514889010123n,
      zoned: '2018-01-02T16:45:30.123456789+05:30',
      time: '16:45:30.123456789+05:30',
    };
    const { before, after, sourceMs } = converted({ 'converted.timezone': '+05:30' }, fields);
    assert.deepEqual(after, expected);
    assert.deepEqual(before, expected);
    assert.equal(sourceMs, 123_456_789n);
  });

  test('follows the rules of zones, summer time included', () => {
    const zoned = (zone: string, text: string) => converted({ 'converted.timezone': zone }, { zoned: text }).after['zoned'];
    assert.equal(zoned('Pacific/Easter', '2011-01-11T16:40:30.123456789+00:00'), '2011-01-11T11:40:30.123456789-05:00');
    assert.equal(zoned('Atlantic/Azores', '2020-01-01T11:55:30Z'), '2020-01-01T10:55:30-01:00');
    assert.equal(zoned('Europe/London', '2020-07-01T11:55:30.100+02:00'), '2020-07-01T10:55:30.1+01:00');
    assert.equal(zoned('UTC', '2020-01-01T00:30+01:00'), '2019-12-31T23:30:00Z');
    const midnightMs = BigInt(Date.UTC(2018, 2, 27, 2));
    assert.equal(converted({ 'converted.timezone': 'Africa/Cairo' }, { connect: midnightMs }).after['connect'], midnightMs - 7_200_000n);
  });

  test('in a gap and in an overlap the offset before it counts', () => {
    const berlin = timeZone('Europe/Berlin');
    assert.equal(berlin.offsetAtLocal(Date.UTC(2024, 2, 31, 1, 59)), 3_600);
    assert.equal(berlin.offsetAtLocal(Date.UTC(2024, 2, 31, 2, 30)), 3_600);
    assert.equal(berlin.offsetAtLocal(Date.UTC(2024, 2, 31, 3, 0)), 7_200);
    assert.equal(berlin.offsetAtLocal(Date.UTC(2024, 9, 27, 2, 30)), 7_200);
    assert.equal(berlin.offsetAtLocal(Date.UTC(2024, 9, 27, 3, 0)), 3_600);
  });

  test('years beyond four digits and before Christ keep their form', () => {
    const zoned = (text: string) => converted({ 'converted.timezone': '+01:00' }, { zoned: text }).after['zoned'];
    assert.equal(zoned('+294276-12-31T23:30:00Z'), '+294277-01-01T00:30:00+01:00');
    assert.equal(zoned('-4712-01-01T00:00:00Z'), '-4712-01-01T01:00:00+01:00');
    assert.equal(zoned('infinity'), 'infinity');
  });

  test('an include list chooses tables, topics and fields', () => {
    const fields = { zoned: '2020-01-01T11:55:30+00:00', shipped: '2020-05-01T11:55:30+00:00' };
    const moved = { zoned: '2020-01-01T12:55:30+01:00', shipped: '2020-05-01T12:55:30+01:00' };
    const include = (list: string, where: { topic?: string; table?: string } = {}) =>
      converted({ 'converted.timezone': '+01:00', 'include.list': list }, fields, where);
    assert.deepEqual(include('source:orders').after, moved);
    assert.deepEqual(include('source:orders:zoned').after, { ...fields, zoned: moved.zoned });
    assert.deepEqual(include('topic:db.server1.table1:shipped').after, { ...fields, shipped: moved.shipped });
    assert.deepEqual(include('db.server1.table1:shipped').after, { ...fields, shipped: moved.shipped });
    assert.deepEqual(include('orders:shipped').after, { ...fields, shipped: moved.shipped });
    const onlyAfter = include('source:orders:after.zoned');
    assert.deepEqual([onlyAfter.before, onlyAfter.after], [fields, { ...fields, zoned: moved.zoned }]);
    assert.equal(include('source:other').unchanged, true);
    assert.deepEqual(include('source:other,orders', { table: 'orders' }).after, moved);
  });

  test('an exclude list leaves what it names', () => {
    const fields = { zoned: '2020-01-01T11:55:30+00:00', shipped: '2020-05-01T11:55:30+00:00' };
    const exclude = (list: string) => converted({ 'converted.timezone': '+01:00', 'exclude.list': list }, fields).after;
    assert.deepEqual(exclude('source:orders'), fields);
    assert.deepEqual(exclude('source:orders:zoned'), { ...fields, shipped: '2020-05-01T12:55:30+01:00' });
    assert.deepEqual(exclude('source:other'), { zoned: '2020-01-01T12:55:30+01:00', shipped: '2020-05-01T12:55:30+01:00' });
  });

  test('fields of source are converted if named', () => {
    const { sourceMs } = converted({ 'converted.timezone': '+01:00', 'include.list': 'source:orders:source.ts_ms' }, {});
    assert.equal(sourceMs, 123_456_789n + 3_600_000n);
  });

  test('dates have no zone: they stay, which is said once', () => {
    const log: LogLine[] = [];
    assert.deepEqual(converted({ 'converted.timezone': '+01:00' }, { date: 5 }, {}, log).after, { date: 5 });
    assert.deepEqual(
      log.map(({ level }) => level),
      ['warn', 'warn'],
    );
  });

  test('records without an envelope stay, texts that are no time fail without being shown', () => {
    const gone = tombstone(null);
    const transform = transformOf(timezoneConverter, { 'converted.timezone': 'UTC' });
    assert.equal(transform(gone), gone);
    const record = change(envelope, { op: 'c', after: row({ zoned: 'secret' }) });
    assert.throws(
      () => transform(record),
      (error: Error & { code?: string }) => error.code === 'TRANSFORM_FAILED' && !error.message.includes('secret'),
    );
  });

  test('wants a zone, lists of the known form, and one of the two', () => {
    for (const zone of ['Mars/Olympus', '+19:00', '+1', '', 'UTC+1 '])
      assert.deepEqual(faultsOf(timezoneConverter, { 'converted.timezone': zone }), ['converted.timezone'], zone);
    const zone = { 'converted.timezone': 'UTC' };
    assert.deepEqual(faultsOf(timezoneConverter, { ...zone, 'include.list': 'orders' }), ['include.list']);
    assert.deepEqual(faultsOf(timezoneConverter, { ...zone, 'exclude.list': 'a:b:c:d' }), ['exclude.list']);
    assert.deepEqual(faultsOf(timezoneConverter, { ...zone, 'include.list': 'a:b', 'exclude.list': 'a:b' }), ['exclude.list']);
  });

  test('a conversion keeps the instant, whatever the zone', () => {
    const zones = ['America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham', 'Africa/Casablanca', '-03:30'];
    const instants = fc.integer({ min: Date.UTC(1890, 0), max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), instants, (zone, ms) => {
        const text = new Date(ms).toISOString();
        const { after } = converted({ 'converted.timezone': zone }, { zoned: text });
        const moved = String(after['zoned']).replace(/(\d{2}:\d{2}:\d{2}(?:\.\d+)?[+-]\d{2}:\d{2}):\d{2}$/, '$1');
        const seconds = /[+-]\d{2}:\d{2}:(\d{2})$/.exec(String(after['zoned']));
        return seconds !== null || Date.parse(moved) === ms;
      }),
    );
  });

  test('days and dates turn into each other', () => {
    fc.assert(fc.property(fc.integer({ min: -200_000_000, max: 200_000_000 }), days => daysOf(dateOf(days)) === days));
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), date => {
        const days = Math.floor(date.getTime() / 86_400_000);
        const { year, month, day } = dateOf(days);
        return year === date.getUTCFullYear() && month === date.getUTCMonth() + 1 && day === date.getUTCDate();
      }),
    );
  });
});
