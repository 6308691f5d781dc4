import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskProgress } from '../../../src/engine/supervisor/supervisor-states.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { type Daemon, newDaemon, startDaemon } from '../../support/daemon.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { faultSeed } from '../rounds.ts';
import { assertSlotNotAhead, offsetsForSqlite3, publishedForSqlite3 } from '../strangers.ts';
import { faultTest } from './series.ts';

const connector = 'owned';

async function taskOf(daemon: Daemon): Promise<TaskProgress | null> {
  const rest = new ConnectClient(daemon.url);
  await rest.assertNotFailed(connector);
  return (await rest.call<{ tasks: TaskProgress[] }>('GET', `/sluice/connectors/${connector}`)).tasks[0] ?? null;
}

/** Waits until the daemon has made so many records durable since its start. */
async function published(daemon: Daemon, records: number): Promise<void> {
  await until(async () => ((await taskOf(daemon))?.records ?? 0) >= records, {
    what: `${records} records`,
    timeoutMs: 60_000,
    everyMs: 5,
  }).catch(error => {
    throw new Error(`${(error as Error).message}\n${daemon.log()}`);
  });
}

async function answer(daemon: Daemon, path: string): Promise<{ status: number; message: string }> {
  const response = await fetch(daemon.url + path);
  const { message } = (await response.json()) as { message: string };
  return { status: response.status, message };
}

faultTest(
  'of two daemons with one data.dir the other stands by, says who owns it, and takes over when that one is killed',
  async ({ seed, random, rounds, diagnostic }) => {
    await using changing = await ChangingDatabase.start(await sharedPostgres(18), seed);
    await using first = await startDaemon({});
    await using second = await newDaemon({ 'data.dir': first.dataFolder });
    await new ConnectClient(first.url).putConfig(connector, changing.config);
    let [owner, other] = [first, second];
    for (let round = 0; round < rounds; round++) {
      const stoodBy = other.log(10_000).split('stands by').length;
      await other.launch();
      await until(() => other.log(10_000).split('stands by').length > stoodBy, { what: 'the other one to stand by', timeoutMs: 60_000 });
      const named = `Another worker (process ${owner.pid} on `;
      assert.ok(other.log(1).includes(named) && other.log(1).includes(`REST at ${new URL(owner.url).host}`), other.log(1));
      for (const path of ['/health', '/connectors', `/connectors/${connector}/status`]) {
        const { status, message } = await answer(other, path);
        assert.equal(status, 503);
        assert.ok(message.includes('It stands by') && message.includes(named), message);
      }
      await published(owner, 1 + random(3_000));
      await owner.stop('SIGKILL');
      await until(async () => (await fetch(`${other.url}/connectors`)).ok, { what: 'the other one to take over', timeoutMs: 60_000 });
      await published(other, 1);
      [owner, other] = [other, owner];
    }
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => taskOf(owner) });
    diagnostic(`${await changing.assertPublished(publishedForSqlite3(first.dataFolder, changing.topics))}`);
    await assertSlotNotAhead(changing, () => offsetsForSqlite3(first.dataFolder, connector));
  },
);

test('a daemon that stands by ends when it is told to; with standby=false it ends at once, naming the owner', {
  timeout: 180_000,
}, async () => {
  await using owner = await startDaemon({});
  await using other = await newDaemon({ 'data.dir': owner.dataFolder });
  await other.launch();
  await until(() => other.log().includes('stands by'), { what: 'the other one to stand by', timeoutMs: 60_000 });
  await other.stop('SIGTERM');
  assert.equal(await other.ended(), 'exit code 0', other.log());
  await other.configure({ 'data.dir': owner.dataFolder, standby: 'false' });
  await other.launch();
  assert.equal(await other.ended(), 'exit code 1');
  assert.match(other.log(3), new RegExp(`Another worker \\(process ${owner.pid} on .*\\) owns the log under .*\\n.*Stop that worker`));
  await owner.stop();
  await other.start();
});

test('of two daemons with one slot and a log each, one owns it; who comes after it never skips what only the other has published', {
  timeout: 240_000,
}, async t => {
  await using changing = await ChangingDatabase.start(await sharedPostgres(18), faultSeed);
  const config = { ...changing.config, 'slot.max.retries': '2', 'retriable.restart.connector.wait.ms': '500' };
  await using first = await startDaemon({});
  await new ConnectClient(first.url).putConfig(connector, config);
  await published(first, 19_000);

  await using second = await startDaemon({});
  const waitsForSlot = (daemon: Daemon) =>
    until(
      async () => {
        const task = await taskOf(daemon);
        return task?.state === 'RETRYING' && task.retrying?.code === 'SLOT_IN_USE' && task.retrying;
      },
      { what: 'the other one to wait for the slot', timeoutMs: 60_000 },
    );
  await new ConnectClient(second.url).putConfig(connector, config);
  const told = await waitsForSlot(second);
  assert.match(told.reason, new RegExp(`"${changing.slot}" is in use by another connection`));
  assert.match(told.since, /^\d{4}-\d\d-\d\dT/);
  assert.equal((await new ConnectClient(second.url).status(connector))?.tasks[0]?.state, 'RUNNING');

  // It has no offsets: it reads all of it anew, and is exact from its first record on.
  await first.stop('SIGKILL');
  await published(second, 19_000);

  // The first one has offsets, and the slot has moved on without it.
  await first.start();
  await waitsForSlot(first);
  await changing.rest();
  await settled(changing.database, changing.slot, { check: () => taskOf(second) });
  await second.stop('SIGKILL');
  t.diagnostic(`the second one: ${await changing.assertPublished(publishedForSqlite3(second.dataFolder, changing.topics))}`);
  const rest = new ConnectClient(first.url);
  const failed = await until(async () => (await rest.status(connector))?.tasks.find(({ state }) => state === 'FAILED'), {
    what: 'the first one to fail',
    timeoutMs: 60_000,
  });
  assert.match(
    failed.trace ?? '',
    new RegExp(
      `^POSITION_LOST: .*"${changing.slot}" has given up the log before [0-9A-F/]+, but the stored offset is at [0-9A-F/]+: the changes in between \\(\\d+ bytes of log\\)`,
    ),
  );
  assert.match(failed.trace ?? '', /Take a new snapshot \(snapshot\.mode=when_needed does it by itself\)/);
});
