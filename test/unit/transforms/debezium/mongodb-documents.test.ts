import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectRecord, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { extractNewDocumentState } from '../../../../transforms/debezium/extract-new-document-state.ts';
import { mongoEventRouter } from '../../../../transforms/debezium/mongo-event-router.ts';
import { transformOf } from './transform-under-test.ts';

const json = schemaOf('string', { optional: true, name: 'io.debezium.data.Json', version: 1 });
const update = structSchema(
  [
    ['removedFields', schemaOf('string', { optional: true })],
    ['updatedFields', json],
  ],
  { optional: true },
);
const source = structSchema([['collection', schemas.string]]);
const keySchema = structSchema([['id', schemas.string]], { name: 'srv.db.c.Key' });
const envelopeSchema = structSchema(
  [
    ['before', json],
    ['after', json],
    ['updateDescription', update],
    ['source', source],
    ['op', schemas.optionalString],
    ['ts_ms', schemas.optionalInt64],
  ],
  { name: 'srv.db.c.Envelope' },
);

type Parts = { op: string; before?: string; after?: string; updated?: string; id?: string };

function change({ op, before, after, updated, id = '1' }: Parts): ConnectRecord {
  const description = updated === undefined ? null : new Struct(update, [null, updated]);
  const values: Value[] = [before ?? null, after ?? null, description, new Struct(source, ['c']), op, 5n];
  const key = new Struct(keySchema, [id]);
  const value = new Struct(envelopeSchema, values);
  return { topic: 'srv.db.c', partition: null, timestamp: null, keySchema, key, valueSchema: envelopeSchema, value, headers: [] };
}

const tombstone = (): ConnectRecord => ({ ...change({ op: 'd' }), valueSchema: null, value: null });

/** A struct as a plain object. */
function plain(value: Value | undefined): unknown {
  if (value instanceof Struct) return Object.fromEntries(value.schema.fields.map(({ name }, index) => [name, plain(value.values[index])]));
  return Array.isArray(value) ? value.map(plain) : (value ?? null);
}

const unwrap = (options: Record<string, string> = {}) => transformOf(extractNewDocumentState, options);

describe('ExtractNewDocumentState', () => {
  test('key and document become structs of the types they hold', () => {
    const after = '{"_id": {"$oid": "64b000000000000000000001"},"d": {"$date": 5},"l": {"$numberLong": "7"},"n": 1.0,"sub": {"x": null}}';
    const record = unwrap()(change({ op: 'c', after, id: '{"$oid": "64b000000000000000000001"}' }));
    assert.deepEqual(plain(record?.key), { id: '64b000000000000000000001' });
    assert.deepEqual(plain(record?.value), { _id: '64b000000000000000000001', d: 5n, l: 7n, n: 1, sub: { x: null } });
    assert.equal(record?.valueSchema?.name, 'srv.db.c');
    assert.equal(record?.valueSchema?.field('sub')?.schema.name, 'srv.db.c.sub');
  });

  test('documents of one shape share one schema', () => {
    const transform = unwrap();
    const [first, second] = ['{"_id": 1,"a": "x"}', '{"_id": 2,"a": "y"}'].map(after => transform(change({ op: 'c', after })));
    assert.equal(first?.valueSchema, second?.valueSchema);
  });

  test('arrays have elements of one type, or are structs by place', () => {
    const mixed = change({ op: 'c', after: '{"list": [1,"two",{"x": 3}]}' });
    assert.throws(() => unwrap()(mixed), { code: 'TRANSFORM_FAILED', message: /array.encoding=document/ });
    const record = unwrap({ 'array.encoding': 'document' })(mixed);
    assert.deepEqual(plain(record?.value), { list: { _0: 1, _1: 'two', _2: { x: 3 } } });
    const documents = unwrap()(change({ op: 'c', after: '{"list": [{"x": 1},{"y": "z"}]}' }));
    assert.deepEqual(plain(documents?.value), {
      list: [
        { x: 1, y: null },
        { x: null, y: 'z' },
      ],
    });
  });

  test('beside documents and arrays, null is no type of its own, and an empty array tells nothing', () => {
    const list = (json: string, options = {}) => plain(unwrap(options)(change({ op: 'c', after: `{"list": ${json}}` }))?.value);
    assert.deepEqual(list('[{"x": 1},null]'), { list: [{ x: 1 }, null] });
    assert.deepEqual(list('[[],["a"],null]'), { list: [['a'], null] });
    assert.deepEqual(list('[[1],[null]]'), { list: [[1], [null]] });
    assert.deepEqual(list('["a",[]]'), { list: ['a'] });
    assert.deepEqual(list('[{"$regex": "a","$options": ""},{"x": 1}]'), { list: [null, { x: 1 }] });
    assert.throws(() => list('[1,null]'), { message: /array.encoding=document/ });
    assert.throws(() => list('[[]]'), { message: /array.encoding=document/ });
    assert.deepEqual(list('[[],1]', { 'array.encoding': 'document', 'field.name.adjustment.mode': 'avro' }), { list: { _1: 1 } });
  });

  test('an array of documents by place names also what is empty in them', () => {
    const placed = { 'array.encoding': 'document' };
    const schema = unwrap(placed)(change({ op: 'c', after: '{"list": [{"d": {},"a": []}],"d": {}}' }))?.valueSchema;
    const first = schema?.field('list')?.schema.field('_0')?.schema;
    assert.equal(first?.name, 'srv.db.c.list._0');
    assert.deepEqual([first?.field('d')?.schema.name, first?.field('a')?.schema.name], ['srv.db.c.list._0.d', 'srv.db.c.list._0.a']);
    assert.equal(schema?.field('d')?.schema.name, null);
  });

  test('an update without its document holds what it set, with the id', () => {
    const record = unwrap()(change({ op: 'u', updated: '{"a.b": 1}', id: '"k"' }));
    assert.deepEqual(plain(record?.value), { 'a.b': 1, _id: 'k' });
    const flat = unwrap({ 'flatten.struct': 'true' })(change({ op: 'u', updated: '{"a.b": {"c": 1}}' }));
    assert.deepEqual(plain(flat?.value), { a_b_c: 1, _id: 1 });
  });

  test('deletes and tombstones', () => {
    const gone = change({ op: 'd', before: '{"_id": 1,"a": 2}' });
    const outcome = (mode: string, more = {}) => {
      const transform = unwrap({ 'delete.tombstone.handling.mode': mode, ...more });
      return [transform(gone), transform(tombstone())].map(record => (record === null ? 'dropped' : plain(record.value)));
    };
    assert.deepEqual(outcome('drop'), ['dropped', 'dropped']);
    assert.deepEqual(outcome('tombstone'), [null, 'dropped']);
    assert.deepEqual(outcome('rewrite'), [{ _id: 1, a: 2, __deleted: true }, 'dropped']);
    assert.deepEqual(outcome('rewrite-with-tombstone'), [{ _id: 1, a: 2, __deleted: true }, null]);
    const bare = unwrap({ 'delete.tombstone.handling.mode': 'rewrite', 'delete.tombstone.handling.mode.rewrite-with-id': 'true' });
    assert.deepEqual(plain(bare(change({ op: 'd' }))?.value), { __deleted: true, _id: 1 });
  });

  test('records that are none of MongoDB’s pass as they are', () => {
    const other = { ...change({ op: 'c' }), keySchema: schemas.string, key: 'k' };
    assert.equal(unwrap()(other), other);
  });
});

describe('MongoEventRouter', () => {
  const route = (options: Record<string, string> = {}) =>
    transformOf(mongoEventRouter, { 'route.by.field': 'aggregatetype', 'collection.field.event.key': 'aggregateid', ...options });
  const after =
    '{"_id": {"$oid": "64b000000000000000000001"},"aggregatetype": "order","aggregateid": "7","payload": {"total": 5,"lines": [{"sku": "a"}]}}';

  test('an inserted document becomes its event; a payload that is a document, its canonical JSON', () => {
    const record = route()(change({ op: 'c', after }));
    assert.equal(record?.topic, 'outbox.event.order');
    assert.equal(record?.key, '7');
    assert.equal(record?.headers.find(({ key }) => key === 'id')?.value, '64b000000000000000000001');
    assert.equal(record?.value, '{\n  "total": {\n    "$numberInt": "5"\n  },\n  "lines": [\n    {\n      "sku": "a"\n    }\n  ]\n}');
  });

  test('its texts are escaped as the Java driver escapes them', () => {
    const unusual = after.replace('"sku": "a"', String.raw`"sku": "\u2028 \u00e9 \ud83d\ude00 \u0007"`);
    assert.match(String(route()(change({ op: 'c', after: unusual }))?.value), /"sku": "\\u2028 é \\ud83d\\ude00 \\u0007"/);
  });

  test('or a struct', () => {
    const record = route({ 'collection.expand.json.payload': 'true' })(change({ op: 'c', after }));
    assert.deepEqual(plain(record?.value), { total: 5, lines: [{ sku: 'a' }] });
  });

  test('deletes are dropped', () => {
    assert.equal(route()(change({ op: 'd' })), null);
    assert.equal(route()(tombstone()), null);
  });
});
