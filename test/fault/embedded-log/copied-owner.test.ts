import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { isStopped } from './stopped-process.ts';
import { assertWholeUnits } from './torn-units.ts';

const owner = fileURLToPath(new URL('./owner.ts', import.meta.url));
const copies = 12;

test('files copied at any moment hold every acknowledged unit, whole, with its offset', { timeout: 240_000 }, async () => {
  using folder = new ScratchFolder('copies');
  const child = spawn(process.execPath, [owner, folder.file('data')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const acknowledged = () => Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));
  try {
    for (let copy = 0, next = 1; copy < copies; copy++) {
      await until(() => acknowledged() >= next, { what: `unit ${next}`, timeoutMs: 60_000 });
      child.kill('SIGSTOP');
      await until(() => isStopped(child.pid!), { what: 'the owner to stand still' });
      const target = folder.file(`copy-${copy}`);
      mkdirSync(target);
      // The index beside them (-shm) is lost with the machine.
      for (const name of ['log.db', 'log.db-wal'])
        if (existsSync(join(folder.file('data'), name))) copyFileSync(join(folder.file('data'), name), join(target, name));
      const least = acknowledged();
      child.kill('SIGCONT');
      await using log = await openEmbeddedLog({ dataDir: target, logger: silentLogger });
      const [offset] = await log.connectors.offsets('torn');
      const last = Number(offset!.offset!['unit']);
      assert.ok(last >= least, `unit ${least} was acknowledged, the offset is at ${last}`);
      assertWholeUnits(join(target, 'log.db'), last);
      next = acknowledged() + 37 * (copy + 1);
    }
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});
