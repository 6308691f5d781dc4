import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { until } from '../support/until.ts';

const root = join(import.meta.dirname, '..', '..');

/** What was left behind of a process that led a group of its own. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing was.
  }
}

// npm hands a signal to the shell it started the script in. Unless the script takes the shell's place (`exec`), that shell alone would end.
test('SIGTERM to npm run reaches the daemon, which stops cleanly', async () => {
  using folder = new ScratchFolder('npm-run');
  const url = `http://127.0.0.1:${await freePort()}`;
  writeFileSync(folder.file('worker.yaml'), JSON.stringify({ listeners: url, 'data.dir': folder.file('data') }));
  const npm = spawn('npm', ['run', '--silent', 'sluice', '--', 'run', '-c', folder.file('worker.yaml')], { cwd: root, detached: true });
  let said = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (text: Buffer) => (said += text));
  // Its streams close when the last process that writes to them has ended, so that a daemon that was left behind is noticed.
  const closed = once(npm, 'close');
  const healthy = async () => (await fetch(`${url}/health`).catch(() => null))?.ok === true || npm.exitCode !== null;
  await until(healthy, { what: 'the daemon to be healthy', timeoutMs: 60_000 });
  try {
    npm.kill('SIGTERM');
    await until(async () => (await fetch(url).catch(() => null)) === null, { what: 'the daemon to end', timeoutMs: 60_000 });
    await closed;
    assert.match(said, /The worker has stopped/);
  } finally {
    endGroup(npm.pid);
  }
});
