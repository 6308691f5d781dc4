import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyColumns, messageKeys } from '../../../../connectors/debezium/message-keys.ts';
import { schemas } from '../../../../src/contract/index.ts';
import { column, table } from './task.ts';

const orders = table(
  'sales.orders',
  ['id', 'region', 'nr'].map(name => column(name, schemas.int32)),
  ['id'],
);

test('the columns named make the key in the order of the option', () => {
  assert.deepEqual(keyColumns(messageKeys('sales.orders:nr,region'), orders), ['nr', 'region']);
  assert.deepEqual(keyColumns(messageKeys('other.t:a;(.*).orders:region'), orders), ['region']);
});

test('without a match the primary key stays', () => {
  assert.deepEqual(keyColumns(messageKeys('sales.customers:nr'), orders), ['id']);
  assert.deepEqual(keyColumns(messageKeys('sales.orders:missing'), orders), ['id']);
});

test('a column named twice is in the key once', () => {
  assert.deepEqual(keyColumns(messageKeys('sales.orders:nr;.*:nr,id'), orders), ['nr', 'id']);
});

test('text of another form is refused', () => {
  assert.throws(() => messageKeys(''), /Must not be empty/);
  assert.throws(() => messageKeys('sales.orders'), /expecting 'table:column,column'/);
  assert.throws(() => messageKeys('sales.(orders:nr'), /not a regular expression/);
});
