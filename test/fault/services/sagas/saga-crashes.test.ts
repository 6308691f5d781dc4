import { test } from 'node:test';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { faultRounds } from '../../rounds.ts';
import { crashEveryTransition } from './saga-crashes.ts';

test('a kill before or after any transition of the order saga does nothing twice and leaves nothing stuck, embedded log', {
  timeout: 240_000 * Math.max(1, faultRounds),
}, async t => {
  using folder = new ScratchFolder('sagas');
  await crashEveryTransition(t, { log: { dataDir: folder.path }, database: null });
});
