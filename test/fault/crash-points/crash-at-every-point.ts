import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { crashPointVariable } from '../../../src/contract/index.ts';
import { ConnectClient, isMomentary } from '../../support/connect-client.ts';
import type { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/until.ts';
import type { LogUnderFault } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { connector, nobodyAnswers, request, type Step } from './steps.ts';

/** A database under load whose changes the crashing daemon captures. */
export type CrashedSource = {
  readonly config: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** Looks at what the database knows of its reader, after each crash. */
  look?(where: string): Promise<void>;
  /** The same while a crash is waited for that does not come: throws the reason. */
  assertSound?(): Promise<void>;
  /** Ends the load, waits until all of it is published, and follows each row. Tells what was found. */
  follow(rest: ConnectClient): Promise<string>;
};

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
      // It may not be listening yet, or still be opening its log.
      if (!nobodyAnswers(error) && !isMomentary(error)) throw error;
    });
    return false;
  };
  await until(over, { what: 'the daemon to end', timeoutMs: 60_000 });
}

/** Crashes a daemon at each point of its way, under load, and follows each row through what all of them published. */
export async function crashAtEveryPoint(
  t: TestContext,
  log: LogUnderFault,
  open: (daemon: Daemon) => Promise<CrashedSource & AsyncDisposable>,
): Promise<void> {
  await using daemon = await log.newDaemon();
  await using source = await open(daemon);
  const rest = new ConnectClient(daemon.url);
  const { steps, config } = source;
  for (const step of steps) {
    const where = `${step.point}:${step.passing} (${step.stage})`;
    daemon.environment = { [crashPointVariable]: `${step.point}:${step.passing}` };
    await (step.request ? daemon.start() : daemon.launch());
    await request(step, rest, config);
    await ended(daemon, rest).catch(async error => {
      await source.assertSound?.();
      throw new Error(`${where} is not reached. ${error.message}\n${daemon.log()}`);
    });
    assert.equal(await daemon.ended(), 'SIGKILL', `${where}: ${daemon.log()}`);
    await source.look?.(where);
  }
  daemon.environment = {};
  await daemon.start();
  await putAgain(rest, config);
  const followed = await source.follow(rest);
  t.diagnostic(`seed ${faultSeed}: ${steps.length} crashes; ${followed}`);
}
