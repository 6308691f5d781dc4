import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScratchFolder } from '../../../support/scratch-folder.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

test('npm run demo -- --services --orders 40: a worker killed in the middle, and everything adds up', { timeout: 240_000 }, async () => {
  using scratch = new ScratchFolder('demo');
  const demo = spawn(process.execPath, ['config/examples/order-saga/demo/demo.ts', '--services', '--orders', '40'], {
    cwd: root,
    env: { ...process.env, TMPDIR: scratch.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr])
    stream.on('data', chunk => {
      output += chunk;
    });
  const [code] = await once(demo, 'close');
  assert.equal(code, 0, output);
  assert.match(output, /kill -9/);
  assert.match(output, /^compensated /m);
  assert.match(output, /40 orders: \d+ confirmed, \d+ undone/);
  assert.match(output, /Everything adds up/);
  assert.deepEqual(
    (await readdir(scratch.path)).filter(name => name !== 'node-compile-cache'),
    [],
    'no temporary folder is left',
  );
});
