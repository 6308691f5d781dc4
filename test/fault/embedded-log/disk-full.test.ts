import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask, connectorOf, progressOf, retrying } from '../../integration/bad-input-fixture.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { newDaemon, startDaemon } from '../../support/daemon.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { assertSlotNotAhead, offsetsForSqlite3, publishedForSqlite3 } from '../strangers.ts';
import { faultTest } from './series.ts';
import { smallDisk } from './small-disk.ts';

const connector = 'full';
const topic = 'full.public.filling';
const rows = 400;

test('a full disk: the task says so and since when, waits, acknowledges nothing, and goes on by itself once there is space', {
  timeout: 180_000,
}, async () => {
  await using database = await freshDatabase(await sharedPostgres(18));
  const slot = `slot_${database.name}`;
  await using disk = await smallDisk(24);
  await using daemon = await startDaemon({ 'data.dir': disk.folder });
  await database.run(`create table filling (id int primary key, v text); insert into filling values (0, '')`);
  const config = connectorOf(database.url, { 'topic.prefix': 'full', 'table.include.list': 'public.filling' });
  assert.equal((await ask(daemon, 'POST', '/connectors', { name: connector, config })).status, 201);
  await until(async () => (await progressOf(daemon, connector))?.phase === 'streaming', { what: 'the connector to stream' });
  await disk.fill(daemon.pid, 2 * 1024 * 1024);
  const filledMs = Date.now();
  for (let id = 1; id <= rows; id++)
    await database.client.query('insert into filling values ($1, $2)', [id, randomBytes(5_000).toString('hex')]);

  const told = await retrying(daemon, connector);
  assert.equal(told.code, 'LOG_FULL', told.reason);
  assert.match(told.reason, /The embedded log could not /);
  assert.match(told.remedy, /Free space on the disk under data\.dir; the task goes on by itself/);
  const sinceMs = Date.parse(told.since);
  assert.ok(sinceMs >= filledMs && sinceMs <= Date.now(), told.since);
  const { body } = await ask(daemon, 'GET', `/connectors/${connector}/status`);
  assert.equal((body as { tasks: { state: string }[] }).tasks[0]?.state, 'RUNNING');
  // What still fits into the last bytes is progress, and the failure after it a new one: two failures with nothing written between them.
  let before = await progressOf(daemon, connector);
  const again = await until(
    async () => {
      const now = await progressOf(daemon, connector);
      if (now?.last_durable !== before?.last_durable || !before?.retrying) before = now;
      const attempts = before?.retrying?.attempts ?? Number.POSITIVE_INFINITY;
      return now?.retrying && now.retrying.attempts > attempts && now.retrying;
    },
    { what: 'another attempt', timeoutMs: 60_000 },
  );
  assert.equal(again.since, before?.retrying?.since, 'since the first one of them');
  await assertSlotNotAhead({ database, slot }, () => offsetsForSqlite3(disk.folder, connector), 'while the disk is full');

  await disk.empty(daemon.pid);
  await settled(database, slot);
  const found = [];
  for await (const { key, value } of publishedForSqlite3(disk.folder, [topic]))
    found.push(`${JSON.parse(key).id}:${JSON.parse(value!).after.v.length}`);
  assert.deepEqual(found, ['0:0', ...Array.from({ length: rows }, (_, index) => `${index + 1}:10000`)]);
  await until(async () => (await progressOf(daemon, connector))?.state === 'RUNNING', { what: 'the task to be well' });
});

faultTest(
  'a disk that is full at moments by chance, a daemon killed on it and started on it: nothing is lost or doubled',
  async ({ seed, random, rounds, diagnostic }) => {
    await using changing = await ChangingDatabase.start(await sharedPostgres(18), seed);
    await using disk = await smallDisk(400);
    await using daemon = await newDaemon({ 'data.dir': disk.folder });
    await daemon.start();
    const rest = new ConnectClient(daemon.url);
    await rest.putConfig(connector, { ...changing.config, 'retriable.restart.connector.wait.ms': '500' });
    const filledIn: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const enough = 1 + random(round === 0 ? 9_000 : 2_000);
      const reached = async () => {
        await rest.assertNotFailed(connector);
        const task = await progressOf(daemon, connector);
        return (task?.records ?? 0) >= enough && task;
      };
      const task = await until(reached, { what: `${enough} records`, timeoutMs: 60_000, everyMs: 2 });
      await pause(random(50));
      // A limit of the process holds for its own log, too.
      await disk.fill(daemon.pid, random(300_000) + (disk.lasting ? 0 : 1_000_000));
      const told = await retrying(daemon, connector);
      assert.equal(told.code, 'LOG_FULL', told.reason);
      filledIn.push(`${task?.phase} (${task?.records})`);
      await assertSlotNotAhead(changing, () => offsetsForSqlite3(disk.folder, connector), 'while the disk is full');
      await daemon.stop('SIGKILL');
      const startsFull = disk.lasting && round % 2 === 1;
      if (disk.lasting && !startsFull) await disk.empty(daemon.pid);
      const known = daemon.log(10_000).length;
      await daemon.launch();
      if (startsFull) {
        const met = () => /LOG_FULL/.test(daemon.log(10_000).slice(known));
        await until(met, { what: 'the daemon to meet the full disk', timeoutMs: 60_000 });
        await disk.empty(daemon.pid);
      }
      const ready = () =>
        fetch(`${daemon.url}/connectors`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(ready, { what: 'the daemon to be ready', timeoutMs: 60_000 });
    }
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed(connector) });
    const followed = await changing.assertPublished(publishedForSqlite3(disk.folder, changing.topics));
    diagnostic(`filled in ${filledIn.join(', ')}; ${followed}`);
    await assertSlotNotAhead(changing, () => offsetsForSqlite3(disk.folder, connector));
  },
);

test('a daemon whose own log finds its disk full goes on without it', { timeout: 180_000 }, async () => {
  using scratch = new ScratchFolder('log');
  await using daemon = await newDaemon({});
  // To a process a file that may not grow is a disk without room; the embedded log's files are below that limit.
  const [outputBytes, limitBytes] = [9_000_000, 8_000_000];
  const output = scratch.file('output');
  writeFileSync(output, Buffer.alloc(outputBytes));
  const descriptor = openSync(output, 'a');
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const child = spawn('prlimit', [`--fsize=${limitBytes}:`, process.execPath, main, 'run', '-c', daemon.workerFile], {
    stdio: ['ignore', descriptor, 'pipe'],
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = once(child, 'exit');
  try {
    const ready = () =>
      fetch(`${daemon.url}/connectors`).then(
        ({ ok }) => ok || child.exitCode !== null,
        () => child.exitCode !== null,
      );
    await until(ready, { what: 'the daemon to be ready', timeoutMs: 60_000 });
    assert.equal(child.exitCode, null, complaint);
  } finally {
    child.kill('SIGTERM');
    closeSync(descriptor);
  }
  assert.deepEqual(await ended, [0, null], complaint);
  assert.equal(statSync(output).size, outputBytes);
});
