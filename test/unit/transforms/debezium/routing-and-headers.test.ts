import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arraySchema, type ConnectRecord, Struct, schemaOf, schemas, structSchema } from '../../../../src/contract/index.ts';
import { byLogicalTableRouter } from '../../../../transforms/debezium/by-logical-table-router.ts';
import { extractChangedRecordState } from '../../../../transforms/debezium/extract-changed-record-state.ts';
import { extractNewRecordState } from '../../../../transforms/debezium/extract-new-record-state.ts';
import { extractSchemaToNewRecord } from '../../../../transforms/debezium/extract-schema-to-new-record.ts';
import { headerToValue } from '../../../../transforms/debezium/header-to-value.ts';
import { nameAdjuster } from '../../../../transforms/debezium/name-adjustment.ts';
import { schemaChangeEventFilter } from '../../../../transforms/debezium/schema-change-event-filter.ts';
import { change, envelopeSchema, idKey, struct, tombstone, writeValue } from './golden.ts';
import { faultsOf, type LogLine, transformOf } from './transform-under-test.ts';

const column = (name: string, type: string) =>
  schemaOf('string', {
    optional: true,
    parameters: {
      '__debezium.source.column.name': name,
      '__debezium.source.column.type': type,
      '__debezium.source.column.length': '20',
      '__debezium.source.column.comment': 'a comment',
    },
  });
const rowSchema = structSchema(
  [
    ['id', schemas.int32],
    ['name', schemaOf('string', { default: 'x', optional: true })],
  ],
  {
    name: 'srv.public.shard_1.Value',
    version: 2,
  },
);
const envelope = envelopeSchema(rowSchema, 'srv.public.shard_1');
const optionalRow = envelope.field('after')?.schema ?? rowSchema;
const row = (id: number, name: string | null) => new Struct(optionalRow, [id, name]);
const create = change(envelope, { topic: 'srv.public.shard_1', op: 'c', after: row(1, null), key: idKey(1) });
const rowOf = (record: ConnectRecord | null, part = 'after') =>
  record?.value instanceof Struct ? writeValue(record.value.get(part) ?? null) : null;

describe('ByLogicalTableRouter', () => {
  const options = { 'topic.regex': '(.*)shard_(\\d+)', 'topic.replacement': '$1all_shards' };
  const router = (more: Record<string, string> = {}, log: LogLine[] = []) =>
    transformOf(byLogicalTableRouter, { ...options, ...more }, log);

  test('renames topic and schemas and adds the table to the key', () => {
    const result = router()(create);
    assert.equal(result?.topic, 'srv.public.all_shards');
    assert.equal(result?.keySchema?.name, 'srv.public.all_shards.Key');
    assert.deepEqual(writeValue(result?.key ?? null), { id: 1, __dbz__physicalTableIdentifier: 'srv.public.shard_1' });
    assert.equal(result?.valueSchema?.name, 'srv.public.all_shards.Envelope');
    const rows = result?.valueSchema?.field('after')?.schema;
    assert.deepEqual([rows?.name, rows?.version, rows?.optional], ['srv.public.all_shards.Value', 2, true]);
    assert.equal(result?.valueSchema?.field('before')?.schema, rows);
    assert.deepEqual(rowOf(result), { id: 1, name: null });
    assert.equal(result?.value instanceof Struct && result.value.get('after') instanceof Struct, true);
  });

  test('tombstones and records without an envelope get topic and key only', () => {
    const result = router()(tombstone(idKey(1), [], 'srv.public.shard_2'));
    assert.deepEqual(writeValue(result?.key ?? null), { id: 1, __dbz__physicalTableIdentifier: 'srv.public.shard_2' });
    assert.equal(result?.value, null);
    const plain = { ...create, valueSchema: schemas.string, value: 'x', key: null, keySchema: null };
    assert.deepEqual(router()(plain), { ...plain, topic: 'srv.public.all_shards' });
  });

  test('takes the table’s name from the topic by a regex of its own, under a name of its own', () => {
    const more = { 'key.field.name': 'shard', 'key.field.regex': '.*_(\\d+)', 'key.field.replacement': 'number $1' };
    assert.deepEqual(writeValue(router(more)(create)?.key ?? null), { id: 1, shard: 'number 1' });
    const other = { ...more, 'key.field.regex': 'nothing(x)' };
    assert.deepEqual(writeValue(router(other)(create)?.key ?? null), { id: 1, shard: 'srv.public.shard_1' });
  });

  test('leaves keys as they are if they are unique, but for their schema’s name', () => {
    const result = router({ 'key.enforce.uniqueness': 'false' })(create);
    assert.deepEqual(writeValue(result?.key ?? null), { id: 1 });
    assert.equal(result?.keySchema?.name, 'srv.public.all_shards.Key');
  });

  test('leaves topics that do not match as a whole, and empty names with a warning', () => {
    const other = { ...create, topic: 'srv.public.shard_1.more' };
    assert.equal(router()(other), other);
    const log: LogLine[] = [];
    assert.equal(router({ 'topic.replacement': '' }, log)(create), create);
    assert.equal(log.length, 1);
  });

  test('adjusts schema names to Avro if asked', () => {
    const result = router({ 'topic.replacement': 'all-shards', 'schema.name.adjustment.mode': 'avro' })(create);
    assert.equal(result?.valueSchema?.name, 'all_shards.Envelope');
    assert.equal(result?.topic, 'all-shards');
  });

  test('keeps schemas, also of more topics than its cache holds', () => {
    const transform = router({ 'logical.table.cache.size': '1' });
    const second = { ...create, topic: 'srv.public.shard_2' };
    const first = transform(create)?.valueSchema;
    assert.equal(transform(second)?.valueSchema, first);
    assert.equal(transform(create)?.valueSchema, first);
  });

  test('fails on a key that is no struct', () => {
    assert.throws(() => router()({ ...create, keySchema: schemas.int32, key: 1 }), {
      code: 'TRANSFORM_FAILED',
      message: /key is no struct/,
    });
  });

  test('wants its expressions whole', () => {
    assert.deepEqual(faultsOf(byLogicalTableRouter, {}), ['topic.regex', 'topic.replacement']);
    assert.deepEqual(faultsOf(byLogicalTableRouter, { ...options, 'key.field.regex': 'x' }), ['key.field.replacement']);
    assert.deepEqual(faultsOf(byLogicalTableRouter, { ...options, 'topic.replacement': '$3' }), ['topic.replacement']);
  });
});

test('names are adjusted to Avro as Debezium does it', () => {
  assert.equal(nameAdjuster('avro', 'schema')('1-a.b c'), '_1_a.b_c');
  assert.equal(nameAdjuster('avro', 'field')('a.b'), 'a_b');
  assert.equal(nameAdjuster('avro_unicode', 'schema')('a-b_c'), 'a_u002db_u005fc');
  assert.equal(nameAdjuster('avro_unicode', 'field')('1ü€'), '_u0031_u00fc_u20ac');
  assert.equal(nameAdjuster('none', 'field')('a-b'), 'a-b');
});

describe('HeaderToValue', () => {
  const list = arraySchema(schemas.optionalString, { optional: true });
  const record: ConnectRecord = {
    ...create,
    headers: [
      { key: 'h', schema: schemas.string, value: 'text' },
      { key: 'l', schema: list, value: ['a'] },
      { key: 'kept', schema: schemas.int32, value: 1 },
    ],
  };
  const insert = (headers: string, fields: string, operation = 'copy') => transformOf(headerToValue, { headers, fields, operation });

  test('copies headers into fields, also of structs, made where they are missing', () => {
    const result = insert('h,l', 'after.h,extra.deep.l')(record);
    assert.deepEqual(rowOf(result), { id: 1, name: 'x', h: 'text' });
    assert.deepEqual(rowOf(result, 'extra'), { deep: { l: ['a'] } });
    assert.equal(result?.valueSchema?.field('extra')?.schema.optional, true);
    assert.equal(result?.headers, record.headers);
    assert.equal(result?.valueSchema?.name, envelope.name);
  });

  test('moves them if told so', () => {
    const result = insert('h,l', 'h,l', 'move')(record);
    assert.deepEqual(
      result?.headers.map(({ key }) => key),
      ['kept'],
    );
    assert.deepEqual([rowOf(result, 'h'), rowOf(result, 'l')], ['text', ['a']]);
  });

  test('overwrites a field that is there', () => {
    assert.deepEqual(rowOf(insert('h', 'after.name')(record)), { id: 1, name: 'text' });
  });

  test('leaves structs that are null, tombstones, and records without the headers', () => {
    assert.equal(rowOf(insert('h', 'before.h')(record), 'before'), null);
    const gone = tombstone(idKey(1), record.headers);
    assert.equal(insert('h', 'h')(gone), gone);
    assert.equal(insert('h', 'h')(create), create);
  });

  test('keeps one schema for records with the same headers', () => {
    const transform = insert('h,l', 'h,l');
    assert.equal(transform(record)?.valueSchema, transform(record)?.valueSchema);
    const fewer = { ...record, headers: record.headers.slice(0, 1) };
    assert.equal(transform(fewer)?.valueSchema?.field('l'), undefined);
    assert.notEqual(transform(record)?.valueSchema?.field('l'), undefined);
  });

  test('brings changed columns into an unwrapped row, with the two transforms around it', () => {
    const update = change(envelope, { op: 'u', before: row(1, 'a'), after: row(1, 'b') });
    const chain = [
      transformOf(extractChangedRecordState, { 'header.changed.name': 'changed' }),
      insert('changed', 'changed', 'move'),
      transformOf(extractNewRecordState, { 'add.fields': 'changed' }),
    ];
    const result = chain.reduce<ConnectRecord | null>((input, transform) => input && transform(input), update);
    assert.deepEqual(writeValue(result?.value ?? null), { id: 1, name: 'b', __changed: ['name'] });
  });

  test('fails on a path through a field that is no struct, and names it', () => {
    assert.throws(() => insert('h', 'op.h')(record), { code: 'TRANSFORM_FAILED', message: /'op'/ });
  });

  test('wants as many fields as headers', () => {
    assert.deepEqual(faultsOf(headerToValue, { headers: 'a,b', fields: 'a', operation: 'copy' }), ['fields']);
    assert.deepEqual(faultsOf(headerToValue, { headers: 'a b', fields: 'a', operation: 'copy' }), ['headers']);
    assert.deepEqual(faultsOf(headerToValue, { headers: 'a', fields: 'a', operation: 'steal' }), ['operation']);
  });
});

describe('ExtractChangedRecordState', () => {
  const transform = transformOf(extractChangedRecordState, { 'header.changed.name': 'c', 'header.unchanged.name': 'u' });
  const headers = (record: ConnectRecord) => transform(record)?.headers.map(({ key, value }) => [key, value]);

  test('lists columns by content, before defaults apply', () => {
    assert.deepEqual(headers(change(envelope, { op: 'u', before: row(1, null), after: row(1, 'x') })), [
      ['c', ['name']],
      ['u', ['id']],
    ]);
  });

  test('compares bytes, lists and structs by content', () => {
    const inner = structSchema([['b', schemas.bytes]]);
    const wide = envelopeSchema(
      structSchema(
        [
          ['s', inner],
          ['l', arraySchema(schemas.int64)],
        ],
        { name: 'v' },
      ),
      't',
    );
    const of = (byte: number, item: bigint) =>
      struct(wide.field('after')?.schema ?? inner, { s: new Struct(inner, [Buffer.of(byte)]), l: [item] });
    assert.deepEqual(headers(change(wide, { op: 'u', before: of(1, 2n), after: of(1, 2n) })), [
      ['c', []],
      ['u', ['s', 'l']],
    ]);
    assert.deepEqual(headers(change(wide, { op: 'u', before: of(1, 2n), after: of(2, 3n) })), [
      ['c', ['s', 'l']],
      ['u', []],
    ]);
  });

  test('adds empty lists to every other event, nothing to tombstones', () => {
    assert.deepEqual(headers(create), [
      ['c', []],
      ['u', []],
    ]);
    const gone = tombstone(idKey(1));
    assert.equal(transform(gone), gone);
  });
});

describe('SchemaChangeEventFilter', () => {
  const changeSchema = structSchema([['type', schemas.string]]);
  const schema = structSchema([['tableChanges', arraySchema(changeSchema, { optional: true })]], {
    name: 'io.debezium.connector.mysql.SchemaChangeValue',
  });
  const event = (...types: string[]): ConnectRecord => ({
    ...create,
    valueSchema: schema,
    value: new Struct(schema, [types.map(type => new Struct(changeSchema, [type]))]),
  });
  const transform = transformOf(schemaChangeEventFilter, { 'schema.change.event.exclude.list': 'DROP, DATABASE' });

  test('drops the kinds listed, by the first table change; none is of kind DATABASE', () => {
    assert.equal(transform(event('DROP', 'CREATE')), null);
    assert.equal(transform(event()), null);
    assert.notEqual(transform(event('CREATE', 'DROP')), null);
    assert.equal(transform({ ...event(), value: new Struct(schema, [null]) }), null);
    assert.equal(transform(create), create);
  });

  test('fails on a kind that it does not know and refuses to be told of one', () => {
    assert.throws(() => transform(event('EXPLODE')), { code: 'TRANSFORM_FAILED' });
    assert.deepEqual(faultsOf(schemaChangeEventFilter, { 'schema.change.event.exclude.list': 'drop' }), [
      'schema.change.event.exclude.list',
    ]);
  });
});

describe('ExtractSchemaToNewRecord', () => {
  const described = structSchema([['a', column('A', 'VARCHAR')]], { name: 'srv.public.t.Value' });
  const schema = envelopeSchema(described, 'srv.public.t');
  const transform = transformOf(extractSchemaToNewRecord, {});

  test('adds a description of the columns', () => {
    const record = change(schema, {
      op: 'c',
      after: struct(schema.field('after')?.schema ?? described, { a: 'x' }),
      source: { table: 'tt' },
    });
    const result = transform(record);
    assert.deepEqual(rowOf(result, 'sourceSchema'), {
      id: 'tt',
      table: { columns: [{ name: 'A', typeName: 'VARCHAR', length: 20, scale: null, comment: 'a comment' }] },
    });
    assert.equal(result?.valueSchema?.field('sourceSchema')?.schema.name, 'io.debezium.connector.source.Schema');
    assert.equal(transform(record)?.valueSchema, result?.valueSchema);
  });

  test('passes truncates and fails, with the option to set, where types are not propagated', () => {
    const truncate = change(envelope, { op: 't' });
    assert.equal(transform(truncate), truncate);
    assert.throws(() => transform(create), { code: 'TRANSFORM_FAILED', message: /column\.propagate\.source\.type/ });
  });
});
