import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresConnector } from '../../../../../connectors/postgres/plugin.ts';
import { sagaPublication, sagaSlot } from '../../../../../src/services/sagas/postgres/publication.ts';

const database = {
  'database.hostname': 'localhost',
  'database.user': 'u',
  'database.password': 'p',
  'database.dbname': 'shop',
};

test('the connector of what sagas send is one that the Postgres connector takes as it is', () => {
  const { name, config } = sagaPublication({ database, schema: 'sluice_sagas' });
  assert.equal(name, 'saga-publication');
  const engine = /^(connector\.class|tasks\.max|(key|value|header)\.converter|transforms|topic\.creation)/;
  const { faults, warnings } = postgresConnector.spec.parse(config, option => engine.test(option));
  assert.deepEqual([faults, warnings], [[], []]);
  const tables = new RegExp(`^${config['table.include.list']}$`);
  assert.ok(tables.test('sluice_sagas.messages'));
  assert.ok(!tables.test('sluice_sagas.events'));
});

test('each database, and each schema of sagas in it, has a slot of its own', () => {
  const slots = [
    sagaSlot({ database, schema: 'sluice_sagas' }),
    sagaSlot({ database, schema: 'other' }),
    sagaSlot({ database: { ...database, 'database.dbname': 'shop_2' }, schema: 'sluice_sagas' }),
  ];
  assert.equal(new Set(slots).size, slots.length);
  for (const slot of slots) assert.match(slot, /^[a-z0-9_]{1,63}$/);
});
