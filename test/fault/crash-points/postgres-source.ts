import { ChangingDatabase } from '../../support/changing-database.ts';
import type { Daemon } from '../../support/daemon.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import type { LogUnderFault } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { SlotWatch } from '../slot-watch.ts';
import type { CrashedSource } from './crash-at-every-point.ts';
import { connector, stepsOf } from './steps.ts';

/** PostgreSQL: its slot is never ahead of what is durable. */
export async function postgresSource(log: LogUnderFault, daemon: Daemon): Promise<CrashedSource & AsyncDisposable> {
  const changing = await ChangingDatabase.start(await sharedPostgres(18), faultSeed);
  const watch = new SlotWatch(log, daemon, changing, connector);
  return {
    config: changing.config,
    steps: stepsOf(log.name, 'postgres'),
    look: where => watch.look(where),
    assertSound: async () => void (await watch.assertNotAhead()),
    async follow(rest) {
      await changing.rest();
      await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed(connector), timeoutMs: 240_000 });
      await watch.look('at the end');
      const followed = await changing.assertPublished(log.published(daemon, changing.topics));
      await watch.assert();
      return followed;
    },
    [Symbol.asyncDispose]: () => changing[Symbol.asyncDispose](),
  };
}
