import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseOf } from '../../../src/takeover/database.ts';
import { intendedDifferences, without } from '../../../src/takeover/intent.ts';
import {
  shadowConfig,
  shadowedTopic,
  shadowHistoryTopic,
  shadowName,
  shadowPlace,
  shadowTopic,
} from '../../../src/takeover/shadow-config.ts';

test('a shadow has its own slot and topics, and writes nothing to the database', () => {
  const config = {
    name: 'o$rders',
    'connector.class': 'postgres',
    'topic.prefix': 'shop',
    'slot.name': 's'.repeat(63),
    'publication.name': 'p',
    'publication.autocreate.mode': 'all_tables',
    'heartbeat.interval.ms': '1000',
    'heartbeat.action.query': 'update beat set at = now()',
    'snapshot.mode': 'always',
    'signal.data.collection': 'public.signals',
    'notification.enabled.channels': 'sink',
    transforms: 'unwrap',
    'transforms.unwrap.type': 'unwrap',
  };
  const shadow = shadowConfig(config, 'r1');
  assert.equal(shadow['name'], shadowName('o$rders'));
  assert.equal(shadow['topic.prefix'], 'shop');
  assert.equal(shadow['publication.name'], 'p');
  assert.equal(shadow['publication.autocreate.mode'], 'disabled');
  assert.equal(shadow['slot.name']!.length, 63);
  assert.notEqual(shadow['slot.name'], config['slot.name']);
  assert.equal(shadow['slot.drop.on.stop'], 'true');
  assert.equal(shadow['snapshot.mode'], 'no_data');
  assert.equal(shadow['signal.enabled.channels'], '', 'a signal would have it write watermarks');
  assert.equal(shadow['notification.enabled.channels'], undefined);
  assert.equal(shadowPlace(shadow), `on the slot ${shadow['slot.name']}`);
  assert.ok(!('heartbeat.action.query' in shadow) && !('heartbeat.interval.ms' in shadow));
  assert.equal(shadow['transforms'], 'unwrap,sluiceShadow');
  const to = shadow['transforms.sluiceShadow.replacement']!;
  // As Java's Matcher reads a replacement: \$ is a dollar sign, $1 the group.
  assert.equal(
    to.replaceAll('\\$', '\u0000').replace('$1', 'shop.public.t').replaceAll('\u0000', '$'),
    shadowTopic('o$rders', 'r1', 'shop.public.t'),
  );
  const bare = { name: 'a', 'connector.class': 'postgres' };
  assert.equal(shadowConfig(bare, 'r1')['transforms'], 'sluiceShadow');
  assert.equal(shadowConfig(bare, 'r1')['slot.name'], 'debezium_shadow');
});

test('a shadow of MySQL is another replica with a schema history of its own, and locks nothing', () => {
  const config = {
    name: 'orders',
    'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
    'database.server.id': '5401',
    'schema.history.internal.kafka.topic': 'history',
    'include.schema.changes': 'true',
    'snapshot.locking.mode': 'extended',
  };
  const shadow = shadowConfig(config, 'r1');
  assert.equal(shadow['database.server.id'], String(2 ** 31 + 5401));
  assert.equal(shadow['schema.history.internal.kafka.topic'], shadowHistoryTopic('orders', 'r1'));
  assert.notEqual(shadowedTopic('orders', 'r1', shadowHistoryTopic('orders', 'r1')), null, 'it is one of the shadow’s topics');
  assert.equal(shadow['include.schema.changes'], 'false');
  assert.equal(shadow['snapshot.locking.mode'], 'none');
  assert.ok(!('slot.name' in shadow));
  assert.equal(shadowPlace(shadow), `as the replica ${2 ** 31 + 5401}`);
  const former = shadowConfig({ ...config, 'database.history.kafka.topic': 'history' }, 'r1');
  assert.ok(!('database.history.kafka.topic' in former));
  for (const id of [1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    const other = Number(shadowConfig({ ...config, 'database.server.id': String(id) }, 'r1')['database.server.id']);
    assert.ok(other !== id && other >= 1 && other < 2 ** 32, `${id}: ${other}`);
  }
});

test('which connectors can be taken over', () => {
  const of = (name: string) => databaseOf({ 'connector.class': name });
  assert.deepEqual(['io.debezium.connector.postgresql.PostgresConnector', 'postgres', ' postgresql '].map(of), Array(3).fill('postgres'));
  assert.deepEqual(['io.debezium.connector.mysql.MySqlConnector', 'MariaDbConnector', 'mariadb'].map(of), Array(3).fill('mysql'));
  assert.equal(of('io.debezium.connector.mongodb.MongoDbConnector'), 'mongodb');
  assert.deepEqual(['io.debezium.connector.mongodb.MongoDbSinkConnector', 'jdbc', ''].map(of), Array(3).fill(null));
  assert.throws(() => shadowConfig({ name: 'a', 'connector.class': 'jdbc' }, 'r1'), TypeError);
});

test('a topic of a shadow is told from others', () => {
  assert.equal(shadowedTopic('orders', 'r1', shadowTopic('orders', 'r1', 'shop.public.t')), 'shop.public.t');
  assert.equal(shadowedTopic('orders', 'r1', 'shop.public.t'), null);
  assert.equal(shadowedTopic('orders', 'r2', shadowTopic('orders', 'r1', 'x')), null);
  assert.equal(shadowedTopic('order', 'r1', shadowTopic('orders', 'r1', 'x')), null);
});

test('what Debezium 3 ignores of an unwrap is an intended difference, and can be left out', () => {
  const config = {
    transforms: 'u,r',
    'transforms.u.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.u.drop.tombstones': 'false',
    'transforms.u.delete.handling.mode': 'rewrite',
    'transforms.r.type': 'RegexRouter',
    'transforms.r.drop.tombstones': 'x',
  };
  const found = intendedDifferences(config).map(({ option }) => option);
  assert.deepEqual(found, ['transforms.u.drop.tombstones', 'transforms.u.delete.handling.mode']);
  assert.deepEqual(intendedDifferences(without(config, found)), []);
});
