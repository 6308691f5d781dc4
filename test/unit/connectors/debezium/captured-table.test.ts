import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectRecord, Struct, schemas } from '../../../../src/contract/index.ts';
import { column, simpleTable, table, taskOf } from './task.ts';

/** `op` of each record; `-` for a tombstone. */
function operations(records: readonly ConnectRecord[]): string {
  return records.map(({ value }) => (value instanceof Struct ? value.get('op') : '-')).join('');
}

function keysOf(records: readonly ConnectRecord[]) {
  return records.map(({ key }) => (key instanceof Struct ? key.values : null));
}

test('skipped operations are counted, one by one also where a changed key makes two of one update', () => {
  const { compile, context, makers } = taskOf({ 'skipped.operations': 'd,t', 'provide.transaction.metadata': 'true' });
  const captured = compile(simpleTable);
  const records: ConnectRecord[] = [];
  captured.emitDelete(records, [1, 'a'], context);
  captured.emitTruncate(records, context);
  captured.emitUpdate(records, [1, null], [2, 'b'], context);
  assert.equal(operations(records), 'c');
  assert.deepEqual(makers.recordOptions.filtered, { skipped: 3, unchanged: 0 });
  const value = records[0]?.value;
  assert.ok(value instanceof Struct);
  const block = value.get('transaction');
  assert.ok(block instanceof Struct, 'the event is in its transaction');
  assert.deepEqual(block.values.slice(1), [1n, 1n], 'skipped events have no place in the order');
});

test('tombstones follow deletes, with the same key and headers, unless they are switched off', () => {
  const on = taskOf();
  const off = taskOf({ 'tombstones.on.delete': 'false' });
  const records: ConnectRecord[] = [];
  on.compile(simpleTable).emitDelete(records, [1, 'a'], on.context);
  assert.equal(operations(records), 'd-');
  assert.equal(records[1]?.headers, records[0]?.headers);
  assert.equal(records[1]?.valueSchema, null);
  off.compile(simpleTable).emitDelete(records, [2, 'b'], off.context);
  assert.equal(operations(records), 'd-d');
});

test('a table without key has records with null keys, and its deletes have tombstones all the same', () => {
  const { compile, context } = taskOf();
  const captured = compile(table('nokey', [column('a', schemas.optionalInt32)]));
  const records: ConnectRecord[] = [];
  captured.emitCreate(records, [1], context);
  captured.emitUpdate(records, [1], [2], context);
  captured.emitDelete(records, [2], context);
  assert.equal(operations(records), 'cud-');
  assert.equal(captured.keySchema, null);
  assert.deepEqual(keysOf(records), [null, null, null, null]);
});

test('a truncate has no key even where the table has one', () => {
  const { compile, context } = taskOf({ 'skipped.operations': 'none' });
  const records: ConnectRecord[] = [];
  compile(simpleTable).emitTruncate(records, context);
  assert.equal(operations(records), 't');
  assert.equal(records[0]?.keySchema, null);
});

test('updates that change nothing shown are left out where that is asked for and the old row is known', () => {
  const { compile, context, makers } = taskOf({ 'skip.messages.without.change': 'true', 'column.exclude.list': 'public.t.a' });
  const captured = compile(simpleTable);
  const records: ConnectRecord[] = [];
  captured.emitUpdate(records, [1, 'before'], [1, 'after'], context);
  assert.equal(operations(records), '');
  assert.equal(makers.recordOptions.filtered.unchanged, 1);
  captured.emitUpdate(records, null, [1, 'after'], context);
  captured.emitUpdate(records, [1, 'x'], [2, 'x'], context);
  assert.equal(operations(records), 'ud-c');
});

test('excluded columns vanish from rows but not from keys, and are not needed otherwise', () => {
  const { compile, context } = taskOf({ 'column.include.list': 'public.t.b' });
  const columns = [column('id', schemas.int32), column('a', schemas.optionalString), column('b', schemas.optionalString)];
  const captured = compile(table('t', columns, ['id']));
  assert.deepEqual(captured.neededColumns, [true, false, true]);
  const records: ConnectRecord[] = [];
  captured.emitCreate(records, [7, null, 'shown'], context);
  assert.deepEqual(keysOf(records), [[7]]);
  const value = records[0]?.value;
  assert.ok(value instanceof Struct && value.values[1] instanceof Struct);
  assert.deepEqual(value.values[1].values, ['shown']);
});

test('rows are neither copied nor changed where nothing is excluded or masked', () => {
  const { compile, context } = taskOf();
  const row = [1, 'a'];
  const records: ConnectRecord[] = [];
  compile(simpleTable).emitRead(records, row, context);
  const value = records[0]?.value;
  assert.ok(value instanceof Struct && value.values[1] instanceof Struct);
  assert.equal(value.values[1].values, row);
});

test('a mask leaves the row it was given as it is', () => {
  const { compile, context } = taskOf({ 'column.mask.with.2.chars': 'public.t.a' });
  const row = [1, 'secret'];
  compile(simpleTable).emitRead([], row, context);
  assert.deepEqual(row, [1, 'secret']);
});

test('keys of bytes and of nested values are compared by what they hold', () => {
  const { compile, context } = taskOf();
  const inner = new Struct(schemas.string, [new Uint8Array([1]), 2]);
  const captured = compile(table('t', [column('id', schemas.bytes), column('v', schemas.string)], ['id', 'v']));
  const records: ConnectRecord[] = [];
  const same = () => [new Uint8Array([1, 2]), [inner, new Map([['k', null]])]];
  captured.emitUpdate(records, same(), same(), context);
  captured.emitUpdate(records, same(), same().with(0, new Uint8Array([1, 3])), context);
  assert.equal(operations(records), 'ud-c');
});

test('schema names follow the topic, adjusted as the modes say', () => {
  const { compile } = taskOf({ 'schema.name.adjustment.mode': 'avro', 'field.name.adjustment.mode': 'avro_unicode' });
  const captured = compile(table('Odd-Schema.Odd Name', [column('a.b_c', schemas.int32)], ['a.b_c']));
  assert.equal(captured.topic, 'srv.Odd-Schema.Odd_Name');
  assert.equal(captured.keySchema?.name, 'srv.Odd_Schema.Odd_Name.Key');
  assert.equal(captured.rowSchema.name, 'srv.Odd_Schema.Odd_Name.Value');
  assert.equal(captured.valueSchema.name, 'srv.Odd_Schema.Odd_Name.Envelope');
  assert.equal(captured.rowSchema.fields[0]?.name, 'a_u002eb_u005fc');
});

test('the context headers are one array for all records of a task, and none where they are switched off', () => {
  const { compile, context, makers } = taskOf();
  const records: ConnectRecord[] = [];
  const captured = compile(simpleTable);
  captured.emitCreate(records, [1, 'a'], context);
  captured.emitCreate(records, [2, 'b'], context);
  assert.equal(records[0]?.headers, records[1]?.headers);
  assert.deepEqual(
    makers.recordOptions.headers.map(({ key }) => key),
    ['connectorLogicalName', 'taskId', 'connectorName', 'runId'].map(name => `__debezium.context.${name}`),
  );
  assert.match(String(makers.recordOptions.headers[3]?.value), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(taskOf({ 'extended.headers.enabled': 'false' }).makers.recordOptions.headers, []);
});
