import { flushCompileCache } from 'node:module';
import { armCrashPoint, crashPointVariable } from '../../../../src/contract/index.ts';
import { logSagaStore } from '../../../../src/services/sagas/runtime/log-saga-store.ts';
import { Publication } from '../../../integration/services/sagas/publication.ts';
import { SagaRun } from '../../../integration/services/sagas/saga-run.ts';
import { storeIn } from '../../../integration/services/sagas/saga-store-under-test.ts';
import { ToyServices } from '../../../integration/services/sagas/toy-services.ts';
import { until } from '../../../support/until.ts';
import { openCopiersLog } from '../../consumed/copiers-log.ts';
import { behaviourOf, type HostSettings, pinnedOf } from './crashing-orders.ts';

/**
 * Runs order sagas and the services that they need until all have ended, which it says, or until it is killed: by the parent, or by itself at the
 * crash point that the environment names.
 */
// Hosts are killed, and what Node has compiled for the next one it writes only where a process ends by itself.
flushCompileCache();
const { log: settings, database, orders } = JSON.parse(process.argv[2]!) as HostSettings;
const log = await openCopiersLog(settings);
for (const order of orders) {
  const services = await ToyServices.open(log, order.prefix);
  services.behaviour = behaviourOf(order);
}
// Only from here on: what is struck is a saga's, or the publication's of what it sends.
armCrashPoint(process.env[crashPointVariable], () => process.kill(process.pid, 'SIGKILL'));
const store = database === null ? logSagaStore : storeIn(database);
const publication = database === null ? null : await Publication.start(log, store);
const runs = await Promise.all(orders.map(order => SagaRun.start(log, [pinnedOf(order)], { store })));
const ended = () =>
  runs.every(({ service }) => {
    const counts = service.overview()[0]?.instances;
    return counts !== null && counts !== undefined && counts.completed + counts.compensated === 1;
  });
await until(ended, { what: 'all sagas to end', timeoutMs: 120_000 }).catch(async (error: unknown) => {
  const states = await Promise.all(
    runs.map(async ({ service, saga }) => ({ ...service.overview()[0], listed: await service.list(saga, null, 10) })),
  );
  throw new Error(`${(error as Error).message} ${JSON.stringify(states)}`);
});
// With everything that was decided durable.
for (const run of runs) await run[Symbol.asyncDispose]();
await publication?.[Symbol.asyncDispose]();
process.stdout.write('ended\n');
