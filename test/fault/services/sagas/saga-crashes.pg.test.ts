import { test } from 'node:test';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { faultRounds } from '../../rounds.ts';
import { crashEveryTransition } from './saga-crashes.ts';

test('a kill before or after any transition of the order saga, and before its commands are published, does nothing twice and leaves nothing stuck, PostgreSQL', {
  timeout: 240_000 * Math.max(1, faultRounds),
}, async t => {
  using folder = new ScratchFolder('sagas');
  await using database = await freshDatabase(await sharedPostgres(18));
  await crashEveryTransition(t, { log: { dataDir: folder.path }, database: database.url });
});
