import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../../src/contract/index.ts';
import { CertificateAuthority } from '../../services/certificates.ts';
import { type RedisClusterServers, startRedis, startRedisCluster, startRedisSentinel } from '../../services/redis.ts';
import { freePort } from '../../support/free-port.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { until } from '../../support/until.ts';
import { UserRecords } from './redis-records.ts';
import { redisSinkOf, redisSinkOn, write, writeAll } from './redis-target.ts';

const row = (id: number) => ({ id, email: `e${id}`, bio: 'b' });

function clusterConfig({ nodes }: RedisClusterServers): Record<string, string> {
  return { 'redis.cluster.enabled': 'true', 'redis.nodes': nodes.map(({ host, port }) => `${host}:${port}`).join(',') };
}

async function sizes({ nodes }: RedisClusterServers): Promise<readonly number[]> {
  return Promise.all(nodes.map(node => node.connect().dbsize()));
}

const ids = Array.from({ length: 300 }, (_, id) => id);

test('cluster: rows are written, evicted, truncated and found by pattern on every node', async () => {
  await using cluster = await startRedisCluster();
  const records = new UserRecords();
  for (const format of ['json', 'hash']) {
    const config = {
      ...clusterConfig(cluster),
      'redis.mode': 'write-through',
      'redis.keys': 'u:{id}:row',
      'redis.value.format': format,
      'truncate.enabled': 'true',
    };
    await using sink = redisSinkOf(config);
    const creates = ids.map(id => records.create(row(id)));
    await writeAll(sink, creates);
    const filled = await sizes(cluster);
    assert.equal(
      filled.reduce((sum, size) => sum + size),
      ids.length,
    );
    assert.ok(
      filled.every(size => size > 50),
      `every node has its share: ${filled}`,
    );
    await writeAll(
      sink,
      ids.slice(0, 100).map(id => records.delete(row(id))),
    );
    await sink.assign!(
      { group: 'g', generation: 1, partitions: [{ topic: records.topic, partition: 0, era: 0 }] },
      new AbortController().signal,
    );
    await writeAll(sink, [records.truncate()]);
    await writeAll(sink, creates);
    assert.equal(
      (await sizes(cluster)).reduce((sum, size) => sum + size),
      ids.length,
      'markers alone',
    );
    for (const node of cluster.nodes) await node.connect().flushall();
    await writeAll(
      sink,
      ids.map(id => records.create(row(id))),
    );
    await using evicting = redisSinkOf({ ...clusterConfig(cluster), 'redis.mode': 'evict', 'redis.keys': 'u:{id}:*,none:{id}' });
    await writeAll(
      evicting,
      ids.slice(0, 290).map(id => records.create(row(id))),
    );
    assert.equal(
      (await sizes(cluster)).reduce((sum, size) => sum + size),
      10,
    );
    await using exact = redisSinkOf({ ...clusterConfig(cluster), 'redis.mode': 'evict', 'redis.keys': 'u:{id}:row' });
    await writeAll(
      exact,
      ids.map(id => records.create(row(id))),
    );
    assert.deepEqual(await sizes(cluster), [0, 0, 0]);
  }
  await using streaming = redisSinkOf({ ...clusterConfig(cluster), 'redis.mode': 'stream', 'redis.stream': 's:{id}' });
  await writeAll(
    streaming,
    ids.map(id => records.create(row(id))),
  );
  assert.equal(
    (await sizes(cluster)).reduce((sum, size) => sum + size),
    ids.length,
  );
});

test('cluster: publish tells in order; slots that move are followed; a node that is away is waited for', async () => {
  await using cluster = await startRedisCluster();
  const records = new UserRecords();
  const subscriber = cluster.nodes[2]!.connect();
  const heard: string[] = [];
  subscriber.on('message', (_channel: string, text: string) => heard.push((JSON.parse(text) as { id: string }).id));
  await subscriber.subscribe('changes');
  await using publishing = redisSinkOf({ ...clusterConfig(cluster), 'redis.mode': 'publish', 'redis.channel': 'changes' });
  const batch = ids.map(id => records.create(row(id)));
  await writeAll(publishing, batch);
  await until(() => heard.length >= ids.length, { what: 'all messages' });
  assert.deepEqual(
    heard,
    batch.map(({ place }) => `${place.topic}/0/${place.offset}`),
  );

  await using sink = redisSinkOf({ ...clusterConfig(cluster), 'redis.mode': 'write-through', 'redis.keys': 'u:{id}' });
  await writeAll(sink, batch);
  const [first, second] = [cluster.nodes[0]!.connect(), cluster.nodes[1]!.connect()];
  const slot = String(await first.call('CLUSTER', 'KEYSLOT', 'moved'));
  const owner = Number(slot) < 5462 ? first : second;
  await using moving = redisSinkOf({ ...clusterConfig(cluster), 'redis.mode': 'write-through', 'redis.keys': '{{moved}}:{id}' });
  await writeAll(moving, [records.create(row(1))]);
  const target = owner === first ? second : first;
  const targetId = String(await target.call('CLUSTER', 'MYID'));
  await owner.flushall();
  for (const node of cluster.nodes) await node.connect().call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
  await until(
    () =>
      write(moving, [records.create(row(1)), records.create(row(2))]).then(
        () => true,
        () => false,
      ),
    { what: 'the write to follow its slot' },
  );
  assert.equal(await target.exists('{moved}:2'), 1);

  const victim = cluster.nodes[2]!;
  await victim.kill();
  const update = ids.map(id => records.create(row(id)));
  await assert.rejects(write(sink, update), error => error instanceof SluiceError && error.code === 'TARGET_UNAVAILABLE');
  await victim.start();
  await until(
    () =>
      write(sink, update).then(
        ({ failed }) => failed.length === 0,
        () => false,
      ),
    { what: 'the node to be back', timeoutMs: 60_000 },
  );
});

test('sentinel: after a failover the writes go to the new master', async () => {
  await using servers = await startRedisSentinel();
  const records = new UserRecords();
  const config = {
    'redis.sentinel.master': 'main',
    'redis.nodes': `${servers.sentinel.host}:${servers.sentinel.port}`,
    'redis.mode': 'write-through',
    'redis.keys': 'u:{id}',
    'redis.wait.replicas': '1',
    'redis.wait.timeout.ms': '60000',
  };
  {
    await using sink = redisSinkOf(config);
    await writeAll(sink, [records.create(row(1))]);
    assert.equal(await servers.replica.connect().exists('u:1'), 1, 'the replica had it before the write counted');
  }
  await using sink = redisSinkOf({ ...config, 'redis.wait.replicas': '0' });
  await writeAll(sink, [records.create(row(1))]);
  await servers.master.kill();
  const batch = [records.create(row(2))];
  await assert.rejects(write(sink, batch), error => error instanceof SluiceError && error.code === 'TARGET_UNAVAILABLE');
  await servers.allowFailover();
  await until(
    () =>
      write(sink, batch).then(
        ({ failed }) => failed.length === 0,
        () => false,
      ),
    // A sentinel that was kept waiting for two seconds trusts its clock for nothing for half a minute.
    { what: 'the failover', timeoutMs: 150_000, everyMs: 100 },
  );
  assert.equal(await servers.replica.connect().exists('u:2'), 1);
});

test('a replica that does not answer in time keeps the batch from counting as written', async () => {
  await using server = await startRedis();
  await using sink = redisSinkOn(server, {
    'redis.mode': 'evict',
    'redis.keys': '{id}',
    'redis.wait.replicas': '1',
    'redis.wait.timeout.ms': '10',
  });
  await assert.rejects(write(sink, [new UserRecords().create(row(1))]), /0 of 1 replicas/);
});

test('TLS: with the authority and a client’s certificate; a wrong authority is refused for good', async () => {
  using folder = new ScratchFolder('redis-tls');
  const authority = await CertificateAuthority.create(folder, 'authority');
  const other = await CertificateAuthority.create(folder, 'other');
  const ofServer = await authority.sign('server', ['IP:127.0.0.1', 'DNS:localhost']);
  const ofClient = await authority.sign('client');
  const port = await freePort();
  const { readFileSync } = await import('node:fs');
  const tls = { ca: readFileSync(authority.certificate), cert: readFileSync(ofClient.certificate), key: readFileSync(ofClient.key) };
  await using server = await startRedis({
    settings: {
      port: '0',
      'tls-port': String(port),
      'tls-cert-file': ofServer.certificate,
      'tls-key-file': ofServer.key,
      'tls-ca-cert-file': authority.certificate,
    },
    client: { port, tls },
  });
  const client = { 'redis.key.cert': ofClient.certificate, 'redis.key.file': ofClient.key };
  const mode = { 'redis.mode': 'write-through', 'redis.keys': 'u:{id}' };
  const batch = [new UserRecords().create(row(1))];
  await using sink = redisSinkOf({ 'redis.uri': `rediss://127.0.0.1:${port}`, 'redis.cacert': authority.certificate, ...client, ...mode });
  await writeAll(sink, batch);
  assert.equal(await server.connect().exists('u:1'), 1);
  await using distrusting = redisSinkOf({
    'redis.uri': `rediss://127.0.0.1:${port}`,
    'redis.cacert': other.certificate,
    ...client,
    ...mode,
  });
  await assert.rejects(write(distrusting, batch), error => error instanceof SluiceError && error.code === 'TARGET_REFUSED');
  await using insecure = redisSinkOf({ 'redis.uri': `rediss://127.0.0.1:${port}`, 'redis.insecure': 'true', ...client, ...mode });
  await writeAll(insecure, batch);
});
