import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectRecord, momentText, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { DigestSet } from '../../../../src/engine/verification/digest-set.ts';
import { everyField, fieldsOfRecord, momentsIn, rowDigest } from '../../../../src/engine/verification/row-digest.ts';

test('a digest set has what was added, and nothing else', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 3_000 }), fc.array(fc.string(), { maxLength: 50 }), (texts, others) => {
      const set = new DigestSet();
      for (const text of [...texts, ...texts]) set.add(text);
      assert.equal(set.size, texts.length);
      for (const text of texts) assert.ok(set.has(text));
      for (const text of others) assert.equal(set.has(text), texts.includes(text));
    }),
    { numRuns: 30 },
  );
});

const row = (fields: readonly (readonly [string, Value])[]) => ({ schema: null, fields: new Map(fields) });

test('rows that differ in a value, its kind or its field have other digests', () => {
  const rows: (readonly (readonly [string, Value])[])[] = [
    [['a', 'b']],
    [['ab', '']],
    [['a', null]],
    [['a', 'n']],
    [['a', 1]],
    [['a', '1']],
    [['a', true]],
    [['a', new Uint8Array([98])]],
    [['a', ['b']]],
    [['a', ['b', null]]],
    [['a', new Map([['b', 1]])]],
    [
      ['a', 'b'],
      ['c', null],
    ],
  ];
  assert.equal(new Set(rows.map(fields => rowDigest(row(fields)))).size, rows.length);
  assert.equal(rowDigest(row([['a', 5]])), rowDigest(row([['a', 5n]])), 'a column read with and without schema');
  assert.equal(
    rowDigest(
      row([
        ['a', 1],
        ['__lsn', 7n],
      ]),
      { ...everyField, ignored: new Set(['__lsn']) },
    ),
    rowDigest(row([['a', 1]])),
  );
});

test('what two records of one row differ in is of the records', () => {
  const schema = structSchema([
    ['id', schemas.int32],
    ['__op', schemas.string],
    ['__lsn', schemas.optionalInt64],
    ['__table', schemas.string],
  ]);
  const record = (values: readonly Value[]): ConnectRecord => ({
    topic: 't',
    partition: null,
    timestamp: null,
    keySchema: null,
    key: null,
    valueSchema: schema,
    value: new Struct(schema, values),
    headers: [],
  });
  assert.deepEqual(fieldsOfRecord(record([1, 'r', 5n, 't']), record([1, 'c', null, 't'])), new Set(['__op', '__lsn']));
});

test('a moment is the same with other zeros at the end of its fraction; nothing else is', () => {
  for (const [one, other] of [
    ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.500Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000Z'],
    ['"10:00:00.12+02:00"', '"10:00:00.1200+02:00"'],
    ['2026-01-01T10:00:10', '2026-01-01T10:00:10.0'],
  ] as const)
    assert.equal(momentText(one), momentText(other));
  const apart = [
    '5Z',
    '05Z',
    '50Z',
    '.50',
    'x 10:00:00.50 y',
    '10:00:00',
    '10:00:0',
    '10:00:00.5',
    '10:00:00.05',
    '10:00:00.5+02:00',
    '10:00:00.5Z',
    '10:00:00+00:00',
  ];
  assert.equal(new Set(apart.map(momentText)).size, apart.length);
});

test('only fields that are moments by their schema are compared as such', () => {
  const zoned = schemaOf('string', { name: 'io.debezium.time.ZonedTimestamp', optional: true });
  const schema = structSchema([
    ['id', schemas.int32],
    ['at', zoned],
    ['text', schemas.optionalString],
  ]);
  const record: ConnectRecord = {
    topic: 't',
    partition: null,
    timestamp: null,
    keySchema: null,
    key: null,
    valueSchema: schema,
    value: new Struct(schema, [1, null, null]),
    headers: [],
  };
  const rules = { ...everyField, moments: momentsIn(record) };
  assert.deepEqual(rules.moments, new Set(['at']));
  const digest = (at: string, text: string) =>
    rowDigest(
      row([
        ['at', at],
        ['text', text],
      ]),
      rules,
    );
  const [short, long] = ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.500Z'];
  assert.equal(digest(short, short), digest(long, short));
  assert.notEqual(digest(short, short), digest(short, long));
});
