import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { type Daemon, startDaemon, type WorkerSettings } from '../../support/daemon.ts';
import { type Published, publishedInEmbedded, publishedInKafka } from '../../support/published.ts';
import { sharedKafka, sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { workerGroup } from '../../support/worker-group.ts';

const rounds = 3;
type Progress = { readonly tasks: readonly { readonly records: number; readonly phase: string | null }[] };

/** Kills the daemon at a moment by chance, the first time in its snapshot, starts it again, and follows each row through what it published. */
async function killAndFollow(
  t: TestContext,
  seed: number,
  settings: WorkerSettings,
  published: (daemon: Daemon, topics: readonly string[]) => AsyncIterable<Published>,
): Promise<void> {
  await using changing = await ChangingDatabase.start(await sharedPostgres(18), seed);
  await using daemon = await startDaemon(settings);
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig('killed', changing.config);
  const killedIn: string[] = [];
  for (let round = 0; round < rounds; round++) {
    // Counted anew by each process: so many records after its start.
    const enough = round === 0 ? 1000 : 1000 + changing.random(20_000);
    const task = await until(
      async () => {
        await rest.assertNotFailed('killed');
        const { tasks } = await rest.call<Progress>('GET', '/sluice/connectors/killed');
        return (tasks[0]?.records ?? 0) >= enough && tasks[0];
      },
      { what: `${enough} records`, timeoutMs: 60_000, everyMs: 2 },
    );
    await daemon.stop('SIGKILL');
    killedIn.push(`${task.phase} (${task.records})`);
    await daemon.start();
  }
  await changing.rest();
  await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed('killed') });
  const followed = await changing.assertPublished(published(daemon, changing.topics));
  t.diagnostic(`killed in ${killedIn.join(', ')}; ${followed}`);
  await daemon.stop();
  assert.doesNotMatch(daemon.log(), /did not stop in time/);
}

test('kill -9 of the daemon under load loses and doubles nothing in the embedded log', { timeout: 240_000 }, async t => {
  await killAndFollow(t, 7, {}, ({ dataFolder }, topics) => publishedInEmbedded(dataFolder, topics));
});

test('kill -9 of the daemon under load loses and doubles nothing in Kafka', { timeout: 240_000 }, async t => {
  const kafka = await sharedKafka();
  const settings = { 'bootstrap.servers': kafka, ...workerGroup('killed') };
  await killAndFollow(t, 8, settings, (_, topics) => publishedInKafka(kafka, topics));
});
