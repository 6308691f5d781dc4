import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redisSpec } from '../../../../sinks/redis/options.ts';

const evict = { 'redis.mode': 'evict', 'redis.keys': 'user:{id}' };

function faultsOf(config: Record<string, string>): readonly string[] {
  const { faults, warnings } = redisSpec.parse(config);
  assert.deepEqual(warnings, []);
  return faults.map(({ option }) => option);
}

test('what does not go together is refused under its option', () => {
  const cases: readonly [Record<string, string>, readonly string[]][] = [
    [evict, []],
    [{}, ['redis.mode']],
    [{ 'redis.mode': 'evict' }, ['redis.keys']],
    [{ 'redis.mode': 'evict', 'redis.keys.t': 'a:{id}' }, []],
    [{ 'redis.mode': 'evict', 'redis.keys.t': 'a:{id' }, ['redis.keys.t']],
    [{ 'redis.mode': 'evict', 'redis.keys': 'constant' }, ['redis.keys']],
    [{ 'redis.mode': 'write-through', 'redis.keys': 'a:{id},b:{id}' }, ['redis.keys']],
    [{ 'redis.mode': 'write-through', 'redis.keys': 'a:{id}:*' }, ['redis.keys']],
    [{ 'redis.mode': 'write-through', 'redis.keys': 'a:{after.id}' }, ['redis.keys']],
    [{ 'redis.mode': 'write-through', 'redis.keys': 'a:{id}', 'truncate.enabled': 'true' }, []],
    [{ 'redis.mode': 'write-through', 'redis.keys': '{id}:a', 'truncate.enabled': 'true' }, ['truncate.enabled']],
    [{ ...evict, 'truncate.enabled': 'true' }, ['truncate.enabled']],
    [{ 'redis.mode': 'publish' }, ['redis.channel']],
    [{ 'redis.mode': 'stream', 'redis.stream': 's', 'redis.keys': 'a:{id}' }, ['redis.keys']],
    [{ ...evict, 'redis.channel': 'c' }, ['redis.channel']],
    [{ ...evict, 'redis.ttl.ms': '0' }, ['redis.ttl.ms']],
    [{ ...evict, 'redis.delete.marker.ms': '0' }, ['redis.delete.marker.ms']],
    [{ ...evict, 'redis.delete.marker.prefix': '{x}' }, ['redis.delete.marker.prefix']],
    [{ ...evict, 'redis.uri': 'http://x' }, ['redis.uri']],
    [{ ...evict, 'redis.uri': 'redis://user:pw@x' }, ['redis.uri']],
    [{ ...evict, 'redis.nodes': 'a:1,b:2' }, ['redis.nodes']],
    [{ ...evict, 'redis.nodes': 'a:99999', 'redis.cluster.enabled': 'true' }, ['redis.nodes']],
    [{ ...evict, 'redis.sentinel.master': 'm' }, ['redis.nodes']],
    [{ ...evict, 'redis.cluster.enabled': 'true', 'redis.database': '1' }, ['redis.database']],
    [{ ...evict, 'redis.cacert': 'ca.pem' }, ['redis.cacert']],
    [{ ...evict, 'redis.tls': 'true', 'redis.key.cert': 'c.pem' }, ['redis.key.file']],
  ];
  for (const [config, faults] of cases) assert.deepEqual(faultsOf(config), faults, JSON.stringify(config));
});

test('a truncation needs one task', () => {
  const { faults } = redisSpec.parse(
    { 'redis.mode': 'write-through', 'redis.keys': 'a:{id}', 'truncate.enabled': 'true', 'tasks.max': '2' },
    name => name === 'tasks.max',
  );
  assert.deepEqual(
    faults.map(({ option }) => option),
    ['truncate.enabled'],
  );
});

test('a password in a URI is told of without being shown', () => {
  const { faults } = redisSpec.parse({ ...evict, 'redis.uri': 'redis://user:pw-in-uri@x' });
  assert.ok(!JSON.stringify(faults).includes('pw-in-uri'));
});

test('a URI says what several options do', () => {
  const { config } = redisSpec.parse({ ...evict, 'redis.uri': 'rediss://[::1]:7000/3' });
  assert.deepEqual(config?.connection.nodes, [{ host: '::1', port: 7000 }]);
  assert.equal(config?.connection.database, 3);
  assert.equal(config?.connection.serverTls, true);
});

test('incomplete rows are left out of a cache that expires, and refused where nothing does', () => {
  const policy = (extra: Record<string, string>) =>
    redisSpec.parse({ 'redis.mode': 'write-through', 'redis.keys': 'a:{id}', ...extra }).config?.onIncomplete;
  assert.equal(policy({}), 'fail');
  assert.equal(policy({ 'redis.ttl.ms': '1000' }), 'evict');
  assert.equal(policy({ 'redis.ttl.ms': '1000', 'redis.on.incomplete': 'fail' }), 'fail');
});
