import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import type { CheckResult, RawConfig } from '../../../src/contract/index.ts';
import { type RedisServer, startRedis, startRedisCluster } from '../../services/redis.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';
import { UserRecords } from './redis-records.ts';
import { redisSinkOf, redisSinkOn, write } from './redis-target.ts';

let server: RedisServer;
let admin: Redis;
const password = 'very-secret';

before(async () => {
  server = await startRedis({ settings: { requirepass: password }, client: { password } });
  admin = server.connect();
});
after(() => server?.[Symbol.asyncDispose]());

const writing = { 'redis.mode': 'write-through', 'redis.keys': 'user:{id}' };

async function findings(config: RawConfig, on: { host: string; port: number } = server): Promise<readonly CheckResult[]> {
  await using sink = redisSinkOn(on, config);
  return sink.check(new AbortController().signal);
}

/** What is wrong, as `status code subject`. */
async function wrong(config: RawConfig, on?: { host: string; port: number }): Promise<readonly string[]> {
  const found = (await findings(config, on)).filter(({ status }) => status !== 'ok');
  for (const { message, remedy } of found) {
    assert.ok(remedy, message);
    assert.ok(!message.includes(password));
  }
  return found.map(({ status, code, subject }) => `${status} ${code} ${subject}`);
}

const at = (port: number) => `Redis at 127.0.0.1:${port}`;

test('all is well with the right password, and nothing is changed', async () => {
  const size = await admin.dbsize();
  assert.deepEqual(await wrong({ ...writing, 'redis.password': password }), []);
  for (const mode of [
    { 'redis.mode': 'evict', 'redis.keys': 'user:{id}:*,x:{id}' },
    { 'redis.mode': 'publish', 'redis.channel': 'c' },
    { 'redis.mode': 'stream', 'redis.stream': '{topic}' },
    { ...writing, 'redis.value.format': 'hash' },
  ])
    assert.deepEqual(await wrong({ ...mode, 'redis.password': password }), []);
  assert.equal(await admin.dbsize(), size);
});

test('nobody there, no password, a wrong one', async () => {
  const port = await freePort();
  assert.deepEqual(await wrong(writing, { host: '127.0.0.1', port }), [`fault TARGET_UNAVAILABLE ${at(port)}`]);
  assert.deepEqual(await wrong(writing), [`fault TARGET_REFUSED ${at(server.port)}`]);
  const [found] = await findings({ ...writing, 'redis.password': 'wrong' });
  assert.deepEqual([found!.status, found!.code, found!.option], ['fault', 'TARGET_REFUSED', 'redis.password']);
  await using sink = redisSinkOn(server, { ...writing, 'redis.password': 'wrong' });
  await assert.rejects(write(sink, [new UserRecords().create({ id: 1, email: null, bio: null })]), { code: 'TARGET_REFUSED' });
});

test('an ACL user that may not do what the mode does is told which command or key', async () => {
  const records = new UserRecords();
  const batch = [records.create({ id: 1, email: null, bio: null })];
  const as = (name: string) => ({ ...writing, 'redis.username': name, 'redis.password': 'p' });
  await admin.call(
    'ACL',
    'SETUSER',
    'enough',
    'on',
    '>p',
    '~user:*',
    '~sluice:deleted:*',
    '+@read',
    '+@write',
    '+@scripting',
    '+multi',
    '+discard',
    '+info',
  );
  assert.deepEqual(await wrong(as('enough')), []);
  await using allowed = redisSinkOn(server, as('enough'));
  assert.deepEqual((await write(allowed, batch)).failed, []);

  await admin.call('ACL', 'SETUSER', 'reader', 'on', '>p', '~*', '+@read', '+multi', '+discard', '+info');
  assert.deepEqual(
    await wrong(as('reader')),
    ['EVAL', 'UNLINK', 'SET'].map(command => `fault TARGET_REFUSED command ${command}`),
  );
  await using reader = redisSinkOn(server, as('reader'));
  await assert.rejects(write(reader, [records.delete({ id: 1, email: null, bio: null })]), { code: 'TARGET_REFUSED' });

  await admin.call('ACL', 'SETUSER', 'elsewhere', 'on', '>p', '~other:*', '+@all');
  const elsewhere = await wrong(as('elsewhere'));
  assert.ok(elsewhere.length > 0 && elsewhere.every(text => text.startsWith('warning null keys of ')), elsewhere.join('\n'));
  await using other = redisSinkOn(server, as('elsewhere'));
  await assert.rejects(write(other, batch), error => {
    assert.equal((error as { code?: string }).code, 'TARGET_REFUSED');
    assert.ok(!String(error).includes('user:1'), 'no key is told');
    return true;
  });

  await admin.call('ACL', 'SETUSER', 'little', 'on', '>p', '~user:*', '+unlink');
  const little = await wrong({ ...as('little'), 'redis.mode': 'evict' });
  assert.deepEqual(little, ['warning null INFO', 'warning null rights']);
  await using evicting = redisSinkOn(server, { ...as('little'), 'redis.mode': 'evict' });
  assert.deepEqual((await write(evicting, batch)).failed, []);
});

test('a replica takes no writes; a memory policy that may evict markers is warned of', async () => {
  // A master waits so long for further replicas before it copies anything.
  const settings = { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru', 'repl-diskless-sync-delay': '0' };
  await using master = await startRedis({ settings });
  await using replica = await startRedis({ settings: { replicaof: `${master.host} ${master.port}` } });
  // While it loads its copy it refuses everything.
  const copying = replica.connect();
  await until(async () => (await copying.info('replication')).includes('master_link_status:up'), { what: 'the replica to have its copy' });
  assert.deepEqual(await wrong(writing, replica), ['fault TARGET_UNAVAILABLE role']);
  await using sink = redisSinkOn(replica, writing);
  await assert.rejects(write(sink, [new UserRecords().create({ id: 1, email: null, bio: null })]), { code: 'TARGET_UNAVAILABLE' });
  assert.deepEqual(await wrong(writing, master), ['warning null maxmemory-policy']);
  assert.deepEqual(await wrong({ 'redis.mode': 'evict', 'redis.keys': 'user:{id}' }, master), []);
});

test('a full server is waited for', async () => {
  await using full = await startRedis({ settings: { maxmemory: '1000', 'maxmemory-policy': 'noeviction' } });
  await using sink = redisSinkOn(full, writing);
  await assert.rejects(write(sink, [new UserRecords().create({ id: 1, email: null, bio: null })]), { code: 'TARGET_UNAVAILABLE' });
  assert.match((await wrong(writing, full)).join(), /fault TARGET_UNAVAILABLE command SET/);
});

test('a server that takes connections and never answers is given up after redis.timeout.ms', async () => {
  const sockets: Socket[] = [];
  const silent = createServer(socket => void sockets.push(socket.on('error', () => undefined)));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    const place = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port };
    for (const config of [writing, { 'redis.mode': 'evict', 'redis.keys': 'user:{id}:*' }]) {
      await using sink = redisSinkOn(place, { ...config, 'redis.timeout.ms': '200' });
      const batch = [new UserRecords().create({ id: 1, email: null, bio: null })];
      await assert.rejects(write(sink, batch), { code: 'TARGET_UNAVAILABLE' });
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test('a node of a cluster needs redis.cluster.enabled, which needs a cluster', async () => {
  await using cluster = await startRedisCluster();
  const [node] = cluster.nodes;
  assert.deepEqual(await wrong(writing, node), ['fault TARGET_REFUSED cluster']);
  assert.deepEqual(await wrong({ ...writing, 'redis.cluster.enabled': 'true' }, node), []);
  await using sink = redisSinkOf({
    'redis.host': '127.0.0.1',
    'redis.port': String(server.port),
    'redis.password': password,
    'redis.cluster.enabled': 'true',
    ...writing,
  });
  const [found] = await sink.check(new AbortController().signal);
  assert.equal(found!.status, 'fault');
});
