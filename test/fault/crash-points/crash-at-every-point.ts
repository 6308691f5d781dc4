import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { crashPointVariable } from '../../../src/contract/index.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import type { Daemon } from '../../support/daemon.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import type { LogUnderFault } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { SlotWatch } from '../slot-watch.ts';
import { connector, nobodyAnswers, request, stepsOf } from './steps.ts';

/** The connector was deleted when the last daemon died. */
async function putAgain(rest: ConnectClient, config: Readonly<Record<string, string>>): Promise<void> {
  assert.equal(await rest.status(connector), null, 'what was removed before the crash stays removed');
  await rest.putConfig(connector, config);
}

/** Waits for the daemon's end; throws what its connector failed with instead. */
async function ended(daemon: Daemon, rest: ConnectClient): Promise<void> {
  const over = async () => {
    if (!daemon.alive) return true;
    await rest.assertNotFailed(connector).catch((error: unknown) => {
      if (!nobodyAnswers(error)) throw error;
    });
    return false;
  };
  await until(over, { what: 'the daemon to end', timeoutMs: 60_000 });
}

/** Crashes a daemon at each point of its way, under load, and follows each row through what all of them published. */
export async function crashAtEveryPoint(t: TestContext, log: LogUnderFault): Promise<void> {
  await using changing = await ChangingDatabase.start(await sharedPostgres(18), faultSeed);
  await using daemon = await log.newDaemon();
  const rest = new ConnectClient(daemon.url);
  const watch = new SlotWatch(log, daemon, changing, connector);
  const steps = stepsOf(log.name);
  for (const step of steps) {
    const where = `${step.point}:${step.passing} (${step.stage})`;
    daemon.environment = { [crashPointVariable]: `${step.point}:${step.passing}` };
    await (step.request ? daemon.start() : daemon.launch());
    await request(step, rest, changing.config);
    await ended(daemon, rest).catch(async error => {
      await watch.assertNotAhead(); // the reason, where the slot got ahead
      throw new Error(`${where} is not reached. ${error.message}`);
    });
    assert.equal(await daemon.ended(), 'SIGKILL', `${where}: ${daemon.log()}`);
    await watch.look(where);
  }
  daemon.environment = {};
  await daemon.start();
  await putAgain(rest, changing.config);
  await changing.rest();
  await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed(connector) });
  await watch.look('at the end');
  const followed = await changing.assertPublished(log.published(daemon, changing.topics));
  await watch.assert();
  t.diagnostic(`seed ${faultSeed}: ${steps.length} crashes; ${followed}`);
}
