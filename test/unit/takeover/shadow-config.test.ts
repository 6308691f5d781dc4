import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intendedDifferences, without } from '../../../src/takeover/intent.ts';
import { shadowConfig, shadowedTopic, shadowName, shadowTopic } from '../../../src/takeover/shadow-config.ts';

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
  assert.ok(!('heartbeat.action.query' in shadow) && !('heartbeat.interval.ms' in shadow));
  assert.equal(shadow['transforms'], 'unwrap,sluiceShadow');
  const to = shadow['transforms.sluiceShadow.replacement']!;
  // As Java's Matcher reads a replacement: \$ is a dollar sign, $1 the group.
  assert.equal(
    to.replaceAll('\\$', '\u0000').replace('$1', 'shop.public.t').replaceAll('\u0000', '$'),
    shadowTopic('o$rders', 'r1', 'shop.public.t'),
  );
  assert.equal(shadowConfig({ name: 'a' }, 'r1')['transforms'], 'sluiceShadow');
  assert.equal(shadowConfig({ name: 'a' }, 'r1')['slot.name'], 'debezium_shadow');
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
