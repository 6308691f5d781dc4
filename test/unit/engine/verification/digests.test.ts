import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectRecord, Struct, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { DigestSet } from '../../../../src/engine/verification/digest-set.ts';
import { fieldsOfRecord, rowDigest } from '../../../../src/engine/verification/row-digest.ts';

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
      new Set(['__lsn']),
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
