import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangingDatabase } from '../support/changing-database.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { publishedInKafka } from '../support/published.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { settled } from '../support/settled.ts';
import { until } from '../support/until.ts';
import { workerGroup } from '../support/worker-group.ts';

const name = 'shared';

/** Records that this daemon's task has made durable. */
async function recordsOf(rest: ConnectClient): Promise<number> {
  const { tasks } = await rest.call<{ tasks: { records: number }[] }>('GET', `/sluice/connectors/${name}`);
  return tasks[0]?.records ?? 0;
}

/** Waits until `owner` publishes; then the other one's task must be fenced off, with a trace that says so. */
async function assertOwner(owner: Daemon, other: Daemon): Promise<void> {
  const [owning, fenced] = [new ConnectClient(owner.url), new ConnectClient(other.url)];
  const before = await recordsOf(owning);
  const publishes = async () => {
    await owning.assertNotFailed(name);
    return (await recordsOf(owning)) > before + 1000;
  };
  await until(publishes, { what: 'the later daemon to publish', timeoutMs: 60_000 });
  const status = await fenced.status(name);
  const [task] = status!.tasks;
  assert.equal(task?.state, 'FAILED');
  assert.match(task?.trace ?? '', /^FENCED: /);
  assert.match(task?.trace ?? '', /Another worker owns this task now; stop one of the two/);
  assert.equal(status!.connector.state, 'RUNNING', 'it is the task that has failed');
  const silent = await recordsOf(fenced);
  await until(async () => (await recordsOf(owning)) > before + 2000, { what: 'the owner to go on', timeoutMs: 60_000 });
  assert.equal(await recordsOf(fenced), silent, 'the fenced one publishes nothing more');
}

test('of two daemons with one connector the later one owns its task; nothing is doubled or lost', { timeout: 240_000 }, async t => {
  const kafka = await sharedKafka();
  const settings = { 'bootstrap.servers': kafka, ...workerGroup('two') };
  await using changing = await ChangingDatabase.start(await sharedPostgres(18), 11);
  await using former = await startDaemon(settings);
  await new ConnectClient(former.url).putConfig(name, changing.config);
  await until(async () => (await recordsOf(new ConnectClient(former.url))) > 3000, {
    what: 'the former one to publish',
    timeoutMs: 60_000,
  });

  await using later = await startDaemon(settings);
  await assertOwner(later, former);
  // Whoever starts the task next is the later one.
  await new ConnectClient(former.url).call('POST', `/connectors/${name}/tasks/0/restart`);
  await assertOwner(former, later);

  await changing.rest();
  await settled(changing.database, changing.slot, { check: () => new ConnectClient(former.url).assertNotFailed(name) });
  t.diagnostic(`followed: ${await changing.assertPublished(publishedInKafka(kafka, changing.topics))}`);
});
