import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { connectTo, freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedKafka, sharedPostgres } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from './verified-daemon.ts';

test('with Kafka as the log, on several partitions: planted faults are found and repaired under load, and the log itself is right', {
  timeout: 480_000,
}, async () => {
  const [kafka, server] = await Promise.all([sharedKafka(), sharedPostgres(18)]);
  await using source = await freshDatabase(server);
  await source.run(
    `create table orders (id int primary key, name text, amount numeric(12,2), at timestamptz);
     insert into orders select n, 'first ' || n, n * 1.5, timestamptz '2026-01-01' + n * interval '1 minute' from generate_series(1, 1500) n`,
  );
  using scratch = new ScratchFolder('verification-kafka');
  const file = scratch.file('target.db');
  const prefix = `vk${process.pid}`;
  const table = `${prefix}_public_orders`;
  await using daemon = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup(prefix) });
  const verified = new VerifiedDaemon(daemon, `shop-${prefix}`);
  const sink = `file-${prefix}`;
  await verified.rest.putConfig(verified.source, {
    'connector.class': 'postgres',
    ...databaseOptions(source.url),
    'topic.prefix': prefix,
    'plugin.name': 'pgoutput',
    'slot.name': source.name,
    'topic.creation.default.partitions': '3',
    'topic.creation.default.replication.factor': '1',
  });
  await verified.rest.putConfig(sink, {
    'connector.class': 'jdbc',
    topics: `${prefix}.public.orders`,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'basic',
    'connection.url': `jdbc:sqlite:${file}`,
  });
  await verified.applied(sink);
  await source.run("update orders set name = 'second ' || id, amount = amount + 1 where id between 11 and 13");
  await source.run('delete from orders where id = 1499');
  await verified.applied(sink);
  const expected = [
    ...[1, 2, 3].map(id => `missing ${id}`),
    ...[11, 12, 13].map(id => `stale ${id}`),
    ...[16, 17, 18].map(id => `changed ${id}`),
    ...[21, 22, 23].map(id => `extra ${900_000 + id}`),
  ].sort();
  {
    await using client = await connectTo(source.url);
    await using changing = steadyLoad(async round => {
      await client.query('update orders set amount = amount + 1, name = $2 where id = $1', [30 + (round % 400), `load ${round}`]);
      if (round % 5 === 0) await client.query("insert into orders values ($1, 'new', 1, now())", [5_000 + round]);
      if (round % 5 === 3) await client.query('delete from orders where id = $1', [5_000 + round - 3]);
    }, 3);
    const clean = await verified.verify({ against: sink });
    assert.deepEqual([clean.state, clean.error, differencesOf(clean)], ['COMPLETED', null, []]);
    {
      using target = new DatabaseSync(file, { timeout: 20_000 });
      target.exec(`delete from ${table} where id between 1 and 3;
        update ${table} set name = 'first ' || id, amount = amount - 1 where id between 11 and 13;
        update ${table} set amount = amount + 1000 where id between 16 and 18;
        insert into ${table} (id, name) select id + 900000, 'nobody' from ${table} where id between 21 and 23`);
    }
    assert.deepEqual(differencesOf(await verified.verify({ against: sink })), expected);
    const repaired = await verified.verify({ against: sink, repair: true });
    assert.deepEqual(
      differencesOf(repaired),
      expected.map(text => `${text} repaired`),
      JSON.stringify(repaired.tables),
    );
    for (const against of [sink, 'log']) {
      const again = await verified.verify({ against });
      assert.deepEqual([again.state, again.error, differencesOf(again)], ['COMPLETED', null, []]);
    }
    assert.ok(changing.changes > 20, 'the table changed meanwhile');
  }
  // What is not published the log never has.
  await source.run("alter publication dbz_publication set (publish = 'insert')");
  await source.run("update orders set name = 'unpublished' where id = 700");
  await source.run('delete from orders where id = 701');
  await source.run("alter publication dbz_publication set (publish = 'insert, update, delete, truncate')");
  const [lacking] = (await verified.verify({ against: 'log' })).tables;
  assert.deepEqual([lacking!.stale, lacking!.extra, lacking!.missing, lacking!.changed], [1, 1, 0, 0]);
  // A worker that is killed in the midst of one: its successor knows of it, and of those before.
  const slow = await verified.start({ against: sink, rate: 50 });
  await until(async () => (await verified.get(slow.id)).rows > 0, { what: 'the verification to be under way', timeoutMs: 60_000 });
  await daemon.stop('SIGKILL');
  await daemon.start();
  const abandoned = await until(() => verified.get(slow.id).catch(() => null), { what: 'the daemon to know it', timeoutMs: 60_000 });
  assert.equal(abandoned.state, 'ABANDONED');
  assert.equal((await verified.list()).filter(({ state }) => state === 'COMPLETED').length, 6);
});
