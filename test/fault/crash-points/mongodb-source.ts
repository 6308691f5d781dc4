import { caughtUp } from '../../conformance/mongodb-engine.ts';
import { ChangingMongoDatabase } from '../../support/changing-mongo-database.ts';
import type { Daemon } from '../../support/daemon.ts';
import { sharedMongodb } from '../../support/servers.ts';
import type { LogUnderFault } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import type { CrashedSource } from './crash-at-every-point.ts';
import { connector, stepsOf } from './steps.ts';

/** MongoDB: it knows nothing of its readers, so only what was published tells. On SecantusDB, unless TEST_MONGO_URL names a real one. */
export async function mongodbSource(log: LogUnderFault, daemon: Daemon): Promise<CrashedSource & AsyncDisposable> {
  const server = await sharedMongodb();
  const changing = await ChangingMongoDatabase.start(server, faultSeed);
  return {
    config: changing.config,
    steps: stepsOf(log.name, 'mongodb'),
    async follow(rest) {
      await changing.rest();
      await caughtUp(server, changing.name, { client: rest, connector });
      return changing.assertPublished(log.published(daemon, changing.topics));
    },
    [Symbol.asyncDispose]: () => changing[Symbol.asyncDispose](),
  };
}
