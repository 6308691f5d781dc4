import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  type ConnectRecord,
  changedAtMs,
  readChange,
  readDocumentJson,
  SluiceError,
  Struct,
  schemas,
  structSchema,
  type Value,
} from '../../../src/contract/index.ts';

const keySchema = structSchema([['id', schemas.string]]);
const sourceSchema = structSchema([
  ['connector', schemas.string],
  ['ts_ms', schemas.int64],
]);
const envelopeSchema = structSchema([
  ['before', schemas.optionalString],
  ['after', schemas.optionalString],
  ['source', sourceSchema],
  ['op', schemas.optionalString],
]);

function record(id: string, op: string | null, before: string | null, after: string | null, connector = 'mongodb'): ConnectRecord {
  const value = op === null ? null : new Struct(envelopeSchema, [before, after, new Struct(sourceSchema, [connector, 5n]), op]);
  const key = new Struct(keySchema, [id]);
  return { topic: 't', partition: 0, timestamp: 0, keySchema, key, valueSchema: null, value, headers: [] };
}

/** Fields as pairs, maps within too. */
const plain = (value: Value): unknown => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, field]) => [name, plain(field as Value)]));
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain);
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('hex')}` : value;
};
const fieldsOf = (row: { readonly fields: ReadonlyMap<string, Value> } | null) => row && plain(row.fields);

describe('a change of a document', () => {
  test('is read as of a row whose id is the document’s', () => {
    const id = '{"$oid": "64b000000000000000000002"}';
    const change = readChange(record(id, 'u', `{"_id": ${id}, "k": 1}`, `{"_id": ${id}, "k": 2, "seen": {"$numberLong": "1"}}`));
    assert.deepEqual([change.kind, change.operation, change.changedAtMs], ['upsert', 'u', 5]);
    assert.deepEqual(fieldsOf(change.key), { id: '64b000000000000000000002' });
    assert.deepEqual(fieldsOf(change.before), { id: '64b000000000000000000002', k: 1 });
    assert.deepEqual(fieldsOf(change.after), { id: '64b000000000000000000002', k: 2, seen: 1 });
  });

  test('a delete has the key alone, or the document as it was', () => {
    const { kind, key, before } = readChange(record('"a \\"b\\""', 'd', null, null));
    assert.deepEqual([kind, fieldsOf(key), before], ['delete', { id: 'a "b"' }, null]);
    assert.deepEqual(fieldsOf(readChange(record('1', 'd', '{"_id": 1, "k": "x"}', null)).before), { id: 1, k: 'x' });
  });

  test('a tombstone’s key is read where it can only be a document’s', () => {
    const key = (id: string) => fieldsOf(readChange(record(id, null, null, null)).key);
    assert.deepEqual(key('{"$oid": "64b000000000000000000002"}'), { id: '64b000000000000000000002' });
    for (const text of ['1', '"quoted"', '{"a": 1}', '{"$oid": broken']) assert.deepEqual(key(text), { id: text });
  });

  test('an update that comes without its document is of no row', () => {
    const { kind, operation } = readChange(record('1', 'u', null, null));
    assert.deepEqual([kind, operation], ['none', null]);
  });

  test('texts of other databases stay texts', () => {
    assert.equal(readChange(record('1', 'c', null, '{"_id": 1}', 'postgresql')).after, null);
    assert.deepEqual(fieldsOf(readChange(record('1', 'd', null, null, 'postgresql')).key), { id: '1' });
  });

  test('what cannot be read is refused, without a word of what is in it', () => {
    for (const text of ['secret', '["secret"]', '{"_id": 1, "id": "secret"}']) {
      const refused = (error: unknown) =>
        error instanceof SluiceError && error.code === 'RECORD_REFUSED' && !`${error.message}${error.remedy}`.includes('secret');
      assert.throws(() => readChange(record('1', 'c', null, text)), refused, text);
      assert.equal(changedAtMs(record('1', 'c', null, text)), 5);
    }
  });
});

describe('a document’s text', () => {
  const golden = readFileSync(join(import.meta.dirname, '..', '..', 'conformance', 'cases', 'mongo-types', 'golden.ndjson'), 'utf8');
  const records = golden
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { key: { payload: { id: string } }; value: { payload: { op: string; after: string | null } } | null });
  const created = (id: string) =>
    readDocumentJson(
      records.find(({ key, value }) => key.payload.id === JSON.stringify(id) && value?.payload.op === 'r')!.value!.payload.after!,
    );

  test('of every type, as a real connector writes it', () => {
    const uuid = 'bytes 000102030405060708090a0b0c0d0e0f';
    assert.deepEqual(plain(created('types')), {
      _id: 'types',
      dbl: 1.5,
      str: 'text',
      doc: { a: 1, deep: { er: { x: null } } },
      arr: [1, 'two', { three: 3 }, [[4], []], null],
      bin: 'bytes 00ff10',
      uuid,
      md5: uuid,
      user: 'bytes deadbeef',
      oid: '64b000000000000000000001',
      t: true,
      f: false,
      date: '2024-02-29T13:14:15.678Z',
      nul: null,
      rx: { regex: '^a.*"b"$', options: 'i' },
      js: 'function() { return 1; }',
      jsw: { code: 'x', scope: { x: 1 } },
      i: 42,
      ts: '2024-02-29T13:14:15.000Z',
      l: 42,
      dec: '12.50',
      min: null,
      max: null,
    });
  });

  test('to the bounds of its types', () => {
    const bounds = plain(created('bounds')) as Record<string, unknown>;
    assert.deepEqual([bounds['i1'], bounds['l1'], bounds['l2']], [-2147483648, -9223372036854775808n, 9223372036854775807n]);
    assert.deepEqual([bounds['nan'], bounds['inf'], bounds['ninf']], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    assert.deepEqual([bounds['d2'], bounds['d3'], bounds['d6'], bounds['d8']], [1.7976931348623157e308, 5e-324, 1e21, 1e-4]);
    assert.deepEqual([bounds['e3'], bounds['e4']], ['9.999999999999999999999999999999999E+6144', 'NaN']);
    assert.deepEqual([bounds['t2'], bounds['t3']], ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']);
  });

  test('with names and texts of any kind', () => {
    const texts = plain(created('texts')) as Record<string, unknown>;
    assert.deepEqual([texts['u'], texts['$dollar'], texts['x.y'], texts['']], ['ünïcode ✓ 😀 漢字', 'lead', 'dot', 'empty key']);
    assert.deepEqual(plain(readDocumentJson('{"a": "NaN", "b": NaN, "c": "\\"Infinity", "d": {"$odd": 1}, "e": {"$undefined": true}}')), {
      a: 'NaN',
      b: Number.NaN,
      c: '"Infinity',
      d: { $odd: 1 },
    });
  });

  test('of ids as the keys hold them', () => {
    const ids = records.filter(({ value }) => value === null).map(({ key }) => plain(readDocumentJson(key.payload.id)));
    assert.deepEqual(ids, [
      '64b000000000000000000002',
      'text "q" ü',
      1,
      9007199254740993n,
      2.5,
      '3.10',
      '2024-02-29T13:14:15.678Z',
      'bytes 000102030405060708090a0b0c0d0e0f',
      { b: 1, a: 'x' },
      true,
      '1970-01-01T00:00:05.000Z',
    ]);
  });
});
