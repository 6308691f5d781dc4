import { test } from 'node:test';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { crashWhileCopying } from './crash-while-copying.ts';

test('a crash between consuming and publishing loses and doubles nothing, embedded log', { timeout: 240_000 }, async t => {
  using folder = new ScratchFolder('copier');
  await crashWhileCopying(t, { dataDir: folder.path }, [
    'embedded-begun',
    'embedded-records-written',
    'embedded-offsets-written',
    'embedded-committed',
  ]);
});
