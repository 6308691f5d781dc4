import { test } from 'node:test';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import type { HostPlaces } from './crashing-orders.ts';
import { crashEveryTransition, lanes, rounds } from './saga-crashes.ts';

test('a kill before or after any transition of the order saga, and before its commands are published, does nothing twice and leaves nothing stuck, PostgreSQL', {
  timeout: 240_000 * rounds,
}, async t => {
  using folder = new ScratchFolder('sagas');
  await using resources = new AsyncDisposableStack();
  const server = await sharedPostgres(18);
  const places: HostPlaces[] = [];
  for (let lane = 0; lane < lanes; lane++)
    places.push({ log: { dataDir: folder.file(`log-${lane}`) }, database: resources.use(await freshDatabase(server)).url });
  await crashEveryTransition(t, places);
});
