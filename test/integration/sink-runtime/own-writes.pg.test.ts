import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConnectClient } from '../../support/connect-client.ts';
import { streaming } from '../../support/connector-progress.ts';
import { startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';

test('who waits for the position behind a commit finds the change in the target', { timeout: 180_000 }, async t => {
  await using database = await freshDatabase(await sharedPostgres(18));
  await database.run('create table orders (id int primary key)');
  await using daemon = await startDaemon({});
  using scratch = new ScratchFolder('own-writes');
  const file = scratch.file('applied.txt');
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig('source', {
    'connector.class': 'postgres',
    ...databaseOptions(database.url),
    'topic.prefix': 'own',
    'plugin.name': 'pgoutput',
    'slot.name': database.name,
  });
  await rest.putConfig('sink', {
    'connector.class': 'handler',
    topics: 'own.public.orders',
    'handler.module': join(import.meta.dirname, 'own-writes-handler.ts'),
    'handler.config.append': file,
  });
  await streaming(daemon, 'source');
  for (let id = 1; id <= 20; id++) {
    await database.client.query('insert into orders values ($1)', [id]);
    const { rows } = await database.client.query('select pg_current_wal_insert_lsn()::text as lsn');
    const beganMs = performance.now();
    // Of a key's own record as of everything that was written before.
    const key = id % 2 === 0 ? '' : `&key=${id}`;
    await rest.call('GET', `/connectors/sink/wait?source=source&position=${rows[0].lsn}&timeout=60000${key}`);
    t.diagnostic(`waited ${Math.round(performance.now() - beganMs)} ms`);
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').at(-1), String(id));
  }
  await assert.rejects(rest.call('GET', '/connectors/sink/wait?source=source&position=nowhere'), { status: 400 });
  await assert.rejects(rest.call('GET', '/connectors/sink/wait?source=source&position=FFFFFF/0&timeout=100'), { status: 503 });
  await assert.rejects(rest.call('GET', '/connectors/source/wait?timeout=100'), { status: 400 });
  assert.deepEqual(await rest.call('GET', '/connectors/sink/wait?source=source&key=1'), { applied: [] });
});
