import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { until } from '../../../support/until.ts';

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

/** Gives a program a terminal that is no person's. */
const terminal = (command: string) => ['--quiet', '--return', '--flush', '--command', command, '/dev/null'];
const noTerminal = spawnSync('script', terminal('true')).status === 0 ? false : 'there is no script(1) of util-linux, which has a terminal';

test('npm run demo -- --services on a terminal: k kills the worker and starts it again, q ends it, and everything adds up', {
  timeout: 240_000,
  skip: noTerminal,
}, async () => {
  using scratch = new ScratchFolder('demo');
  const command = `'${process.execPath}' config/examples/order-saga/demo/demo.ts --services`;
  const demo = spawn('script', terminal(command), {
    cwd: root,
    env: { ...process.env, TMPDIR: scratch.path },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(demo, 'close');
  let output = '';
  demo.stdout.on('data', chunk => {
    output += chunk;
  });
  const confirmed = () => output.match(/confirmed {2}/g)?.length ?? 0;
  const says = (what: string, is: () => boolean) => until(is, { what }).catch(error => assert.fail(`${error.message}\n${output}`));
  try {
    await says('the first orders to be confirmed', () => confirmed() > 3);
    demo.stdin.write('k');
    await says('the worker to run again', () => /kill -9[\s\S]*the worker runs again, after \d+ ms/.test(output));
    const before = confirmed();
    await says('orders to go on', () => confirmed() > before + 3);
    demo.stdin.write('q');
    const [code] = await closed;
    assert.equal(code, 0, output);
  } finally {
    demo.kill();
    await closed;
  }
  assert.match(output, /\d+ orders: \d+ confirmed, \d+ undone/);
  assert.match(output, /Everything adds up/);
});
