import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectRecord, schemaOf, schemas } from '../../../../src/contract/index.ts';
import { connectDecimal } from '../../../../src/contract/schema.ts';
import { readCase } from '../../../conformance/case.ts';
import { compare } from '../../../conformance/compare.ts';
import { column, recorded, table, taskOf } from './task.ts';

const numeric = schemaOf('bytes', {
  optional: true,
  name: connectDecimal,
  version: 1,
  parameters: { scale: '1', 'connect.decimal.precision': '5' },
});
const definition = table(
  'ri_default',
  [
    column('id', schemas.int32),
    column('a', schemas.string),
    column('b', schemaOf('int32', { optional: true, default: 3 })),
    column('c', numeric),
  ],
  ['id'],
);

test('a changed key, deletes and the transactions around them are as in the pg-dml case', () => {
  const { config, golden } = readCase('pg-dml');
  const { makers, context, compile } = taskOf({ ...config, 'database.dbname': 'dmldb' });
  const captured = compile(definition);
  const { sourceInfo, metadata } = makers;
  assert.ok(metadata);
  const records: ConnectRecord[] = [];
  let lsn = 1000n;
  let lastCommitLsn: bigint | null = null;
  const decimal = new Uint8Array([0x0f]);

  sourceInfo.enter({ timestampUs: 1n, txId: 2602n, lastCommitLsn, xmin: null, origin: null, originLsn: null });
  context.transaction = null;
  context.source = sourceInfo.make(definition.id, lsn, 'first_in_data_collection');
  captured.emitRead(records, [1, 'one', 1, decimal], context);
  context.source = sourceInfo.make(definition.id, lsn, 'last_in_data_collection');
  captured.emitRead(records, [2, 'two', null, null], context);

  context.transaction = metadata;
  const transaction = (xid: bigint, change: () => void) => {
    sourceInfo.enter({ timestampUs: 1n, txId: xid, lastCommitLsn, xmin: null, origin: null, originLsn: null });
    metadata.begin(records, String(xid), `${xid}:${lsn}`, 1n);
    context.source = sourceInfo.make(definition.id, lsn);
    change();
    lsn += 100n;
    lastCommitLsn = lsn;
    metadata.end(records, `${xid}:${lsn}`, 1n);
  };
  transaction(2603n, () => captured.emitCreate(records, [3, 'three', 3, null], context));
  transaction(2604n, () => captured.emitUpdate(records, null, [1, 'ONE', 1, decimal], context));
  transaction(2605n, () => captured.emitUpdate(records, [2, '', null, null], [20, 'two', null, null], context));
  transaction(2606n, () => captured.emitUpdate(records, null, [1, 'ONE', 1, decimal], context));
  transaction(2607n, () => captured.emitDelete(records, [3, '', null, null], context));

  const mine = golden.filter(line => line.includes('"topic":"srv.public.ri_default"'));
  const transactions = golden.filter(line => line.includes('"topic":"srv.transaction"')).slice(0, 10);
  assert.deepEqual(compare([...mine, ...transactions], recorded(records, false)).differences, []);
});

test('a logical decoding message outside a transaction is as in the pg-dml case', () => {
  const { config, golden } = readCase('pg-dml');
  const { makers, context } = taskOf({ ...config, 'database.dbname': 'dmldb' });
  makers.sourceInfo.enter({ timestampUs: 1n, txId: null, lastCommitLsn: 9n, xmin: null, origin: null, originLsn: null });
  context.source = makers.sourceInfo.make(null, 9n);
  context.transaction = null;
  const records: ConnectRecord[] = [];
  makers.messages.emit(records, 'note', Buffer.from('outside'), context);
  const mine = golden.filter(line => line.includes('"topic":"srv.message"'));
  assert.equal(mine.length, 1);
  assert.deepEqual(compare(mine, recorded(records, false)).differences, []);
});
