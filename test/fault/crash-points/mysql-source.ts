import { mysqlEngine } from '../../conformance/engines.ts';
import { ChangingMysqlDatabase } from '../../support/changing-mysql-database.ts';
import type { Daemon } from '../../support/daemon.ts';
import { sharedMysql } from '../../support/servers.ts';
import type { LogUnderFault } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import type { CrashedSource } from './crash-at-every-point.ts';
import { connector, stepsOf } from './steps.ts';

/** Of no other connector that reads the shared server at the same time. */
const serverIds = { embedded: 91_001, kafka: 91_002 } as const;

/** MySQL: it knows nothing of how far its readers are, so only what was published tells. */
export async function mysqlSource(log: LogUnderFault, daemon: Daemon): Promise<CrashedSource & AsyncDisposable> {
  const server = await sharedMysql();
  const changing = await ChangingMysqlDatabase.start('mysql', server, faultSeed);
  const engine = mysqlEngine(server);
  return {
    config: changing.config(serverIds[log.name]),
    steps: stepsOf(log.name, 'mysql'),
    async follow(rest) {
      await changing.rest();
      await engine.settled({ client: rest, connector, engine });
      return changing.assertPublished(log.published(daemon, changing.topics));
    },
    [Symbol.asyncDispose]: () => changing[Symbol.asyncDispose](),
  };
}
