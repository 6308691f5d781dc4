import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { randomOf } from '../../support/random-changes.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { taskOf } from '../captured-task.ts';
import { type LogUnderFault, logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { SlotWatch } from '../slot-watch.ts';

/** Rounds on one database: the first ones strike in its snapshot, which goes on after each, the others in the stream. */
const roundsOfDatabase = 5;
const connector = 'killed';
/** The longest wait between a moment that can be seen and the kill: many steps of the daemon lie within. */
const strikeMsMax = 40;

/** Kills the daemon at moments by chance under load, starts it again, and follows each row through what it published. */
async function killAndFollow(t: TestContext, log: LogUnderFault, seed: number, rounds: number): Promise<void> {
  const random = randomOf(seed);
  await using changing = await ChangingDatabase.start(await sharedPostgres(18), seed);
  await using daemon = await log.newDaemon();
  await daemon.start();
  const watch = new SlotWatch(log, daemon, changing, connector);
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig(connector, changing.config);
  const killedIn: string[] = [];
  for (let round = 0; round < rounds; round++) {
    // Counted anew by each process: so many records after its start. The snapshot has 18,100.
    const inSnapshot = round * 2 < rounds;
    const enough = inSnapshot ? random(6_000) : 1 + random(4_000);
    const task = await until(
      async () => {
        await rest.assertNotFailed(connector);
        const task = await taskOf(rest, connector);
        return task && (inSnapshot || task.phase === 'streaming') && task.records >= enough && task;
      },
      { what: `${enough} records`, timeoutMs: 60_000, everyMs: 2 },
    );
    await pause(random(strikeMsMax));
    await daemon.stop('SIGKILL');
    killedIn.push(`${task.phase} (${task.records})`);
    await watch.look(`after kill ${round + 1}`);
    await daemon.start();
  }
  await changing.rest();
  await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed(connector) });
  await watch.look('at the end');
  const followed = await changing.assertPublished(log.published(daemon, changing.topics));
  t.diagnostic(`seed ${seed}: killed in ${killedIn.join(', ')}; ${followed}`);
  await watch.assert();
  await daemon.stop();
  assert.doesNotMatch(daemon.log(), /did not stop in time/);
}

for (const { name, open } of logsUnderFault) {
  const databases = Math.ceil(faultRounds / roundsOfDatabase);
  test(`kill -9 under load, ${name} log`, async t => {
    for (let index = 0; index < databases; index++) {
      const rounds = Math.min(roundsOfDatabase, faultRounds - index * roundsOfDatabase);
      const seed = faultSeed * 1000 + index;
      // A worker group of its own for each: the connector of the one before would still be there, and its database is not.
      const what = `${rounds} kills lose and double nothing, seed ${seed}`;
      await t.test(what, { timeout: 240_000 }, async child => killAndFollow(child, await open(), seed, rounds));
    }
  });
}
