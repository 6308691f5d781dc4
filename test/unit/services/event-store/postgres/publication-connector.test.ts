import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresConnector } from '../../../../../connectors/postgres/plugin.ts';
import { publicationConnector } from '../../../../../src/services/event-store/postgres/publication-connector.ts';
import { eventStoreRouter } from '../../../../../transforms/event-store-router.ts';

const database = {
  'database.hostname': 'localhost',
  'database.user': 'u',
  'database.password': 'p',
  'database.dbname': 'shop',
};

test('the connector of a publication is one that the Postgres connector takes as it is', () => {
  const { name, config } = publicationConnector({ name: 'event-store-publication', database, schema: 'my.schema', routeBy: 'type' });
  assert.equal(name, 'event-store-publication');
  const engine = /^(connector\.class|tasks\.max|(key|value)\.converter|transforms)/;
  const { faults, warnings } = postgresConnector.spec.parse(config, option => engine.test(option));
  assert.deepEqual([faults, warnings], [[], []]);
  const own = Object.entries(config).flatMap(([option, value]) =>
    /^transforms\.events\.(?!type$)/.test(option) ? [[option.slice('transforms.events.'.length), value]] : [],
  );
  const transform = eventStoreRouter.spec.parse(Object.fromEntries(own));
  assert.deepEqual([transform.faults, transform.warnings, transform.config?.byType], [[], [], true]);
  assert.ok(new RegExp(`^${config['table.include.list']}$`).test('my.schema.event_store'));
  assert.ok(!new RegExp(`^${config['table.include.list']}$`).test('my.schema.event_store_streams'));
});

test('slots of two connectors, and of two databases, are two', () => {
  const slot = (name: string, dbname: string) =>
    String(publicationConnector({ name, database: { ...database, 'database.dbname': dbname } }).config['slot.name']);
  const names = [
    slot('publication', 'shop'),
    slot('publication', 'Shop'),
    slot('publication', 'shop-2'),
    slot('publication', 'shop_2'),
    slot('publication-by-type', 'shop'),
    slot('publication', `\${file:/x:name}`),
    slot('p'.repeat(100), 'shop'),
    slot('p'.repeat(101), 'shop'),
  ];
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z0-9_]{1,63}$/);
  assert.equal(slot('publication', 'shop'), 'sluice_publication_shop');
});
