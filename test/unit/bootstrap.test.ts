import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScratchFolder } from '../support/scratch-folder.ts';

const bootstrap = join(import.meta.dirname, '..', '..', 'src', 'bootstrap.js');

/** A script of the bootstrap in a process of its own; NODE_TEST_CONTEXT would make its own test run report to this one. */
function start(...args: string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawn(process.execPath, [bootstrap, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

test('an unknown script is refused with those there are', async () => {
  const child = start('nonsense');
  let said = '';
  child.stderr.on('data', chunk => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 2, said);
  assert.match(said, /usage: .*sluice\|demo\|test\|test:unit/);
});

test("a script's exit code comes back", async () => {
  using folder = new ScratchFolder('bootstrap');
  for (const [outcome, expected] of [
    ['assert.ok(true)', 0],
    ['assert.ok(false)', 1],
  ] as const) {
    const file = folder.file(`${expected}.test.mjs`);
    writeFileSync(file, `import assert from 'node:assert'; import { test } from 'node:test'; test('one', () => ${outcome});`);
    const [code] = await once(start('test:unit', file), 'exit');
    assert.equal(code, expected);
  }
});

test('a signal reaches the program, whose end is the end of the script', async () => {
  using folder = new ScratchFolder('bootstrap');
  const file = folder.file('endless.test.mjs');
  const heard = `process.on('SIGTERM', () => { process.stdout.write('heard'); process.exit(3); });`;
  writeFileSync(file, `${heard} setInterval(() => {}, 1000); process.stdout.write('ready');`);
  const child = start('test:unit', '--test-isolation=none', file);
  let said = '';
  let sent = false;
  child.stdout.on('data', chunk => {
    said += chunk;
    if (said.includes('ready') && !sent) sent = child.kill('SIGTERM');
  });
  // At its exit what it said may not have been read yet.
  const [code] = await once(child, 'close');
  assert.equal(code, 3, said);
  assert.match(said, /heard/);
});
