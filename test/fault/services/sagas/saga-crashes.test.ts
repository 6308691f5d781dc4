import { test } from 'node:test';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { crashEveryTransition, lanes, rounds } from './saga-crashes.ts';

test('a kill before or after any transition of the order saga does nothing twice and leaves nothing stuck, embedded log', {
  timeout: 240_000 * rounds,
}, async t => {
  using folder = new ScratchFolder('sagas');
  const places = Array.from({ length: lanes }, (_, lane) => ({ log: { dataDir: folder.file(`log-${lane}`) }, database: null }));
  await crashEveryTransition(t, places);
});
