import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CapturedTable } from '../../../../connectors/debezium/captured-table.ts';
import type { SnapshotMarker } from '../../../../connectors/debezium/snapshot-marker.ts';
import type { Row } from '../../../../connectors/debezium/table.ts';
import { type ConnectRecord, schemaOf, schemas } from '../../../../src/contract/index.ts';
import { connectDecimal } from '../../../../src/contract/schema.ts';
import { readCase } from '../../../conformance/case.ts';
import { compare } from '../../../conformance/compare.ts';
import { column, recorded, table, taskOf } from './task.ts';

const { string, optionalString, int32, optionalInt32 } = schemas;
const amount = schemaOf('bytes', {
  optional: true,
  name: connectDecimal,
  version: 1,
  parameters: { scale: '3', 'connect.decimal.precision': '9' },
});

const person = table(
  'crm.person',
  [
    column('id', int32),
    column('email', optionalString, { typeName: 'varchar', length: 100 }),
    column('ssn', optionalString),
    column('bio', optionalString),
    column('password', string),
    column('internal_score', optionalInt32),
    column('nick', optionalString, { typeName: 'varchar', length: 10 }),
  ],
  ['id'],
);
const card = table(
  'crm.card',
  [
    column('id', int32),
    column('holder', string),
    column('kind', optionalString),
    column('number', optionalString, { typeName: 'varchar', length: 19 }),
    column('amount', amount, { typeName: 'numeric', length: 9, scale: 3 }),
    column('internal_note', optionalString),
  ],
  ['id'],
);
const nokey = table('crm.nokey', [column('a', optionalInt32), column('b', optionalString)]);

test('excluded, masked, truncated and hashed columns, own keys and propagated types are as in the pg-columns case', () => {
  const { config, golden, ...options } = readCase('pg-columns');
  const { makers, context, compile } = taskOf({ ...config, 'database.dbname': 'columnsdb' });
  const records: ConnectRecord[] = [];
  const at = (captured: CapturedTable, marker: SnapshotMarker) => {
    context.source = makers.sourceInfo.make(captured.id, 100n, marker);
    return context;
  };
  const cards = compile(card);
  const persons = compile(person);
  const nokeys = compile(nokey);
  const decimal = new Uint8Array([0x29, 0x04]);
  const ann: Row = [1, 'ann@example.com', '123-45-6789', 'likes long walks', 'pw1', 10, 'annie'];
  const bob: Row = [2, null, null, null, 'pw2', null, null];
  const uni: Row = [3, 'ünï@example.com', '', 'süße✓ Grüße', 'pw3', 0, ''];
  cards.emitRead(records, [1, 'Ann', 'visa', '4111111111111111', decimal, 'x'], at(cards, 'first'));
  nokeys.emitRead(records, [1, 'x'], at(nokeys, 'last_in_data_collection'));
  persons.emitRead(records, ann, at(persons, 'first_in_data_collection'));
  persons.emitRead(records, bob, at(persons, 'true'));
  persons.emitRead(records, uni, at(persons, 'last'));
  makers.sourceInfo.enter({ timestampUs: 1n, txId: 7n, lastCommitLsn: 5n, xmin: null, origin: null, originLsn: null });
  persons.emitCreate(records, [4, 'dan@example.com', '9', 'abc', 'pw4', 1, 'dan'], at(persons, 'false'));
  persons.emitUpdate(records, ann, ann.with(1, 'ann@example.org').with(3, 'short'), at(persons, 'false'));
  persons.emitUpdate(records, bob, bob.with(4, 'changed only'), at(persons, 'false'));
  persons.emitDelete(records, uni, at(persons, 'false'));
  cards.emitCreate(records, [2, 'Ann', null, null, null, null], at(cards, 'false'));
  cards.emitUpdate(records, null, [1, 'Ann', 'master', '4111111111111111', decimal, 'x'], at(cards, 'false'));
  cards.emitDelete(records, [1, '', null, null, null, null], at(cards, 'false'));
  nokeys.emitCreate(records, [2, 'y'], at(nokeys, 'false'));
  const { differences, matched, total } = compare(golden, recorded(records, true), options);
  assert.deepEqual(differences, []);
  assert.equal(matched, total);
});
