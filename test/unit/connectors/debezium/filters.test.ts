import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Filters, guardrailFinding } from '../../../../connectors/debezium/filters.ts';
import { isSystemTable } from '../../../../connectors/postgres/system-tables.ts';
import { configOf } from './task.ts';

const id = (name: string) => {
  const [schema = '', table = ''] = name.split('.');
  return { catalog: 'd', schema, table };
};

const included = (options: Readonly<Record<string, string>>, names: readonly string[]) => {
  const { filters } = configOf(options);
  return names.filter(name => filters.includesTable(id(name)));
};

const all = [
  'public.users',
  'public.orders',
  'crm.users',
  'pg_catalog.pg_class',
  'information_schema.tables',
  'pg_temp_3.t',
  'public.spatial_ref_sys',
];

test('a snapshot reads the tables by the pattern that matches them first, then by name', () => {
  const ordered = (options: Readonly<Record<string, string>>) =>
    configOf(options)
      .filters.inSnapshotOrder(['b.two', 'a.one', 'a-b.x', 'b.one', 'A.one'].map(name => ({ id: id(name) })))
      .map(table => `${table.id.schema}.${table.id.table}`);
  assert.deepEqual(ordered({}), ['A.one', 'a-b.x', 'a.one', 'b.one', 'b.two']);
  assert.deepEqual(ordered({ 'table.include.list': 'b.two,.*\\.one,.*' }), ['b.two', 'A.one', 'a.one', 'b.one', 'a-b.x']);
});

test('without lists all but the database’s own tables are captured', () => {
  assert.deepEqual(included({}, all), ['public.users', 'public.orders', 'crm.users']);
  assert.equal(included({ 'table.ignore.builtin': 'false' }, all).length, all.length);
});

test('schemas and tables must both be allowed', () => {
  assert.deepEqual(included({ 'schema.include.list': 'PUBLIC', 'table.exclude.list': 'public.order.*' }, all), ['public.users']);
  assert.deepEqual(included({ 'schema.exclude.list': 'public', 'table.include.list': '.*\\.users' }, all), ['crm.users']);
});

test('names of 1.x for the lists do the same', () => {
  assert.deepEqual(included({ 'schema.blacklist': 'crm', 'table.whitelist': '.*.users' }, all), ['public.users']);
});

test('the signal table is captured whatever the lists say', () => {
  const { shared } = configOf({ 'table.include.list': 'public.users' });
  const filters = new Filters({ ...shared.filters, signalTable: 'ops.signals' }, isSystemTable);
  assert.ok(filters.includesTable(id('ops.signals')));
  assert.ok(!filters.includesTable(id('ops.other')));
});

test('a snapshot may read fewer tables than are captured', () => {
  const { filters } = configOf({ 'snapshot.include.collection.list': 'public.users' });
  assert.ok(filters.includesInSnapshot(id('public.users')));
  assert.ok(!filters.includesInSnapshot(id('public.orders')));
  assert.ok(configOf().filters.includesInSnapshot(id('public.orders')));
});

test('patterns of include lists that match nothing are told', () => {
  const { filters } = configOf({
    'schema.include.list': 'public,crm',
    'table.include.list': 'public.users,public.oders',
    'column.include.list': 'public.users.id,public.users.nmae',
  });
  const tables = ['public.users', 'public.orders'].map(id);
  assert.deepEqual(filters.unmatched(tables, [{ id: id('public.users'), name: 'id' }]), [
    { option: 'schema.include.list', pattern: 'crm' },
    { option: 'table.include.list', pattern: 'public.oders' },
    { option: 'column.include.list', pattern: 'public.users.nmae' },
  ]);
  assert.equal(filters.unmatched(tables).length, 2);
});

test('the guardrail speaks up above its limit only', () => {
  assert.equal(guardrailFinding({ tablesMax: 0, action: 'fail' }, 1000), null);
  assert.equal(guardrailFinding({ tablesMax: 3, action: 'fail' }, 3), null);
  assert.deepEqual(guardrailFinding({ tablesMax: 3, action: 'warn' }, 4), {
    fault: false,
    message: '4 tables are captured, more than guardrail.collections.max=3 allows.',
  });
});
