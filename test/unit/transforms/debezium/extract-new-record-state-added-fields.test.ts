import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectRecord, Struct, schemaOf, schemas, structSchema } from '../../../../src/contract/index.ts';
import { extractNewRecordState } from '../../../../transforms/debezium/extract-new-record-state.ts';
import { change, envelopeSchema, idKey, tombstone, writeValue } from './golden.ts';
import { faultsOf, type LogLine, transformOf } from './transform-under-test.ts';

const rowSchema = structSchema(
  [
    ['id', schemas.int32],
    ['name', schemaOf('string', { optional: true, default: 'unnamed' })],
    ['area', schemas.optionalString],
  ],
  { name: 'srv.public.t.Value' },
);
const envelope = envelopeSchema(rowSchema, 'srv.public.t');
const optionalRow = envelope.field('after')?.schema ?? rowSchema;
const row = (id: number, name: string | null, area: string | null = null) => new Struct(optionalRow, [id, name, area]);
const create = change(envelope, { op: 'c', after: row(1, 'a'), key: idKey(1) });
const rowOf = (record: ConnectRecord | null) => record && writeValue(record.value);
const unwrap = (options: Record<string, string> = {}, log: LogLine[] = []) => transformOf(extractNewRecordState, options, log);

describe('ExtractNewRecordState, added fields and headers', () => {
  const streamed = change(envelope, {
    op: 'u',
    before: row(1, 'a'),
    after: row(1, 'b'),
    source: { lsn: 7n, table: 'T' },
    transaction: { id: '5:6', total_order: 2n, data_collection_order: 1n },
  });

  test('come from the envelope, source and transaction, named by prefix, struct and new name', () => {
    const fields = 'op,ts_ms,table,lsn:position,source.schema,transaction.id,total_order';
    assert.deepEqual(rowOf(unwrap({ 'add.fields': fields, 'add.fields.prefix': '_' })(streamed)), {
      id: 1,
      name: 'b',
      area: null,
      _op: 'u',
      _ts_ms: 1_700_000_000_123,
      _table: 'T',
      _position: 7,
      _source_schema: 'public',
      _transaction_id: '5:6',
      _total_order: 2,
    });
  });

  test('are optional and without defaults', () => {
    const { valueSchema } = unwrap({ 'add.fields': 'source.snapshot' })(streamed) ?? {};
    const field = valueSchema?.field('__source_snapshot')?.schema;
    assert.equal(field?.optional, true);
    assert.equal(field?.default, undefined);
    assert.equal(field?.name, 'io.debezium.data.Enum');
  });

  test('are null where their struct is', () => {
    assert.deepEqual(rowOf(unwrap({ 'add.fields': 'transaction.id' })(create)), {
      id: 1,
      name: 'a',
      area: null,
      __transaction_id: null,
    });
  });

  test('headers follow those that are there and keep their schema', () => {
    const given = { ...create, headers: [{ key: 'mine', schema: schemas.string, value: 'x' }] };
    const result = unwrap({ 'add.headers': 'op,ts_ms', 'add.headers.prefix': 'h_' })(given);
    assert.deepEqual(
      result?.headers.map(({ key, value }) => [key, value]),
      [
        ['mine', 'x'],
        ['h_op', 'c'],
        ['h_ts_ms', 1_700_000_000_123n],
      ],
    );
    assert.equal(result?.headers[2]?.schema?.type, 'int64');
  });

  test('a tombstone gets the operation only', () => {
    const result = unwrap({ 'add.headers': 'op,ts_ms,table', 'delete.tombstone.handling.mode': 'rewrite-with-tombstone' })(
      tombstone(idKey(1)),
    );
    assert.deepEqual(result?.headers, [{ key: '__op', schema: schemas.string, value: 'd' }]);
  });

  test('the header array stays the same object where nothing is added', () => {
    assert.equal(unwrap()(create)?.headers, create.headers);
  });

  test('a field that no record has is left out and said once', () => {
    const log: LogLine[] = [];
    const transform = unwrap({ 'add.fields': 'nothing' }, log);
    transform(create);
    assert.deepEqual(rowOf(transform(create)), { id: 1, name: 'a', area: null });
    assert.equal(log.length, 1);
  });

  test('operation.header and add.source.fields of 1.x still work', () => {
    const result = unwrap({ 'operation.header': 'true', 'add.source.fields': 'table,db' })(streamed);
    assert.deepEqual(result?.headers, [{ key: '__op', schema: schemas.string, value: 'u' }]);
    assert.deepEqual(rowOf(result), { id: 1, name: 'b', area: null, __table: 'T', __db: 'd' });
  });

  test('two fields of one name fail the record', () => {
    assert.throws(() => unwrap({ 'add.fields': 'op:x,table:x' })(create), {
      code: 'TRANSFORM_FAILED',
      message: /two fields named '__x'/,
    });
  });

  test('items of another form are faults', () => {
    assert.deepEqual(faultsOf(extractNewRecordState, { 'add.fields': 'a:b:c', 'add.headers': ':x' }), ['add.fields', 'add.headers']);
  });
});
