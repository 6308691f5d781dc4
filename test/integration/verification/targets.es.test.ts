import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { ElasticsearchReader } from '../../support/elasticsearch.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { sharedElasticsearch, sharedPostgres, sharedRedis } from '../../support/servers.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from './verified-daemon.ts';

/** Faults of every kind, in a target that is not asked by us. */
type Target = { readonly sink: string; plant(): Promise<void>; count(): Promise<number> };

describe('verification of Postgres against Elasticsearch and Redis', { timeout: 420_000 }, () => {
  const resources = new AsyncDisposableStack();
  const prefix = `verified${process.pid}`;
  const index = `${prefix}.public.users`;
  let source: FreshDatabase;
  let daemon: Daemon;
  let verified: VerifiedDaemon;
  let elasticsearch: ElasticsearchReader;
  let redis: Redis;

  before(async () => {
    source = resources.use(await freshDatabase(await sharedPostgres(18)));
    elasticsearch = new ElasticsearchReader((await sharedElasticsearch()).url);
    const { host, port } = await sharedRedis();
    redis = new Redis({ host, port });
    resources.defer(() => void redis.disconnect());
    await source.run('create table users (id int primary key, name text, score numeric(30,10), at timestamptz, doc jsonb)');
    await source.run(
      "insert into users select n, 'first ' || n, n * 1.1234567891, timestamptz '2026-01-01' + n * interval '1 hour', jsonb_build_object('n', n) from generate_series(1, 400) n",
    );
    daemon = resources.use(await startDaemon({}));
    verified = new VerifiedDaemon(daemon, 'users');
    await verified.rest.putConfig('users', {
      'connector.class': 'postgres',
      ...databaseOptions(source.url),
      'topic.prefix': prefix,
      'plugin.name': 'pgoutput',
      'slot.name': source.name,
    });
    await verified.rest.putConfig('search', {
      'connector.class': 'elasticsearch',
      topics: index,
      'connection.url': elasticsearch.url,
      'behavior.on.null.values': 'delete',
      'connection.timeout.ms': '60000',
      'read.timeout.ms': '60000',
    });
    await verified.rest.putConfig('cache', {
      'connector.class': 'redis',
      topics: index,
      'redis.host': host,
      'redis.port': String(port),
      'redis.mode': 'write-through',
      'redis.keys': `${prefix}:{id}`,
    });
    await verified.applied('search');
    await source.run("update users set name = 'second ' || id where id between 11 and 12");
    // Further records behind those of the rows that are tampered with.
    await source.run("update users set name = name || '!' where id > 100");
    for (const sink of ['search', 'cache']) await verified.applied(sink);
  });
  after(async () => {
    await resources.disposeAsync();
    await elasticsearch.ask('DELETE', `/${index}`);
  });

  const targets: Target[] = [
    {
      sink: 'search',
      async plant() {
        for (const id of [1, 2]) await elasticsearch.succeed('DELETE', `/${index}/_doc/${id}`);
        for (const id of [11, 12]) await elasticsearch.succeed('POST', `/${index}/_update/${id}`, { doc: { name: `first ${id}` } });
        for (const id of [16, 17]) await elasticsearch.succeed('POST', `/${index}/_update/${id}`, { doc: { score: 0 } });
        // The same moment, as another text.
        await elasticsearch.succeed('POST', `/${index}/_update/19`, { doc: { at: '2026-01-01T19:00:00Z' } });
        for (const id of [9001, 9002]) await elasticsearch.succeed('PUT', `/${index}/_doc/${id}`, { id, name: 'nobody' });
      },
      async count() {
        return (await elasticsearch.documents(index)).length;
      },
    },
    {
      sink: 'cache',
      async plant() {
        await redis.del(`${prefix}:1`, `${prefix}:2`);
        // What the rows have been before, and what they never were.
        for (const [id, name] of [
          [11, 'second 11'],
          [12, 'second 12'],
          [16, 'nobody 16'],
          [17, 'nobody 17'],
        ] as const) {
          const text = await redis.get(`${prefix}:${id}`);
          await redis.set(`${prefix}:${id}`, text!.replace(/"name":"[^"]*"/, `"name":"${name}"`));
        }
        const moment = await redis.get(`${prefix}:19`);
        assert.match(moment!, /T19:00:00\.0+Z/);
        await redis.set(`${prefix}:19`, moment!.replace(/(T19:00:00)\.0+Z/, '$1Z'));
        for (const id of [9001, 9002]) await redis.set(`${prefix}:${id}`, '{"name":"nobody"}');
      },
      async count() {
        return (await redis.keys(`${prefix}:*`)).length;
      },
    },
  ];

  for (const { sink, plant, count } of targets)
    test(`${sink}: exactly the planted faults are found and repaired, under load`, async () => {
      await using client = await connectTo(source.url);
      const load = steadyLoad(async round => {
        await client.query('update users set name = $2 where id = $1', [200 + (round % 200), `load ${round}`]);
        if (round % 10 === 0) await client.query("insert into users values ($1, 'new') on conflict (id) do nothing", [500 + round]);
        if (round % 10 === 5) await client.query('delete from users where id = $1', [500 + round - 5]);
      }, 2);
      try {
        const clean = await verified.verify({ against: sink });
        assert.deepEqual([clean.state, clean.error, differencesOf(clean)], ['COMPLETED', null, []]);
        await plant();
        // The names of Redis' keys have their template's text in them.
        const extra = (id: number) => (sink === 'cache' ? `${prefix}:${id}` : String(id));
        const expected = (fate: string) =>
          ['missing 1', 'missing 2', 'stale 11', 'stale 12', 'changed 16', 'changed 17', `extra ${extra(9001)}`, `extra ${extra(9002)}`]
            .map(text => `${text}${fate}`)
            .sort();
        assert.deepEqual(differencesOf(await verified.verify({ against: sink })), expected(''));
        const repaired = await verified.verify({ against: sink, repair: true });
        assert.deepEqual(differencesOf(repaired), expected(' repaired'), JSON.stringify(repaired.tables));
        assert.deepEqual(differencesOf(await verified.verify({ against: sink })), []);
      } finally {
        await load[Symbol.asyncDispose]();
      }
      // What comes behind a repair is not lost.
      await source.run("update users set name = 'third ' || id where id <= 20");
      await verified.applied(sink);
      assert.deepEqual(differencesOf(await verified.verify({ against: sink })), []);
      const { rows } = await client.query('select count(*)::int as count from users');
      assert.equal(await count(), rows[0].count);
    });
});
