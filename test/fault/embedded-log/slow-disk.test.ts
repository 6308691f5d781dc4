import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, connectorOf, progressOf } from '../../integration/bad-input-fixture.ts';
import { sqlite3 } from '../../services/sqlite3.ts';
import { newDaemon } from '../../support/daemon.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { assertSlotNotAhead, offsetsForSqlite3 } from '../strangers.ts';
import { gateVariable, watchedThreads } from './threads.ts';

const connector = 'slow';
const topic = 'slow.public.busy';
const rows = 100_000;
const rowBytes = 3_200;
/** What the daemon may take more than before while the log stands still: a part of the backlog's 320 MB. */
const grownMbMax = 150;

const residentMb = (pid: number) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

test('a disk that takes no commit holds the database’s socket back; memory stays bounded, and then all arrives', {
  timeout: 180_000,
}, async t => {
  using scratch = new ScratchFolder('slow');
  const gate = scratch.file('closed');
  await using database = await freshDatabase(await sharedPostgres(18));
  const slot = `slot_${database.name}`;
  await database.run('create table busy (id int primary key, content text)');
  await using daemon = await newDaemon({});
  daemon.environment = { ...watchedThreads, [gateVariable]: gate };
  await daemon.start();
  const config = connectorOf(database.url, { 'topic.prefix': 'slow', 'snapshot.mode': 'no_data' });
  assert.equal((await ask(daemon, 'POST', '/connectors', { name: connector, config })).status, 201);
  await until(async () => (await progressOf(daemon, connector))?.phase === 'streaming', { what: 'the connector to stream' });
  await database.run(`insert into busy values (0, '')`);
  await settled(database, slot);
  const before = residentMb(daemon.pid);

  writeFileSync(gate, '');
  await database.run(`insert into busy select n, repeat(md5(n::text), ${rowBytes / 32}) from generate_series(1, ${rows}) n`);
  let seen = '';
  const held = async () => {
    const { rows: waiting } = await database.client.query<{ wait_event: string }>(
      'select wait_event from pg_stat_activity join pg_replication_slots on active_pid = pid where slot_name = $1',
      [slot],
    );
    const progress = await progressOf(daemon, connector);
    const same = seen === progress?.position;
    seen = progress?.position ?? '';
    return waiting[0]?.wait_event === 'WalSenderWriteData' && same;
  };
  await until(held, { what: 'the walsender to wait for its reader', timeoutMs: 60_000, everyMs: 200 });
  const held1 = residentMb(daemon.pid) - before;
  t.diagnostic(`${Math.round(held1)} MB more than before`);
  const stalled = await progressOf(daemon, connector);
  assert.equal(stalled?.state, 'RUNNING');
  assert.equal(stalled.records, 1, 'nothing is called durable that is not');
  await assertSlotNotAhead({ database, slot }, () => offsetsForSqlite3(daemon.dataFolder, connector), 'while no commit ends');
  assert.ok(held1 < grownMbMax, `${held1} MB more than before, with ${(rows * rowBytes) / 1e6} MB waiting`);

  rmSync(gate);
  await settled(database, slot, { timeoutMs: 90_000 });
  const inOrder = `json_extract(cast(value as text), '$.after.id') = row_number() over (order by "offset") - 1`;
  const answer = [];
  const sql = `select json_array(count(*), sum(ordered)) from (select ${inOrder} as ordered from log where topic = '${topic}')`;
  for await (const row of sqlite3(join(daemon.dataFolder, 'log.db'), sql)) answer.push(JSON.parse(row));
  assert.deepEqual(answer, [[rows + 1, rows + 1]]);
});
