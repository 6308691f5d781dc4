import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SluiceError } from '../../../src/contract/index.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { assertWholeUnits } from './torn-units.ts';

const owner = fileURLToPath(new URL('./owner.ts', import.meta.url));

/** Starts an owner, lets it acknowledge some units, and kills it in the middle of others. The last unit it acknowledged. */
async function ownedAndKilled(dataDir: string, units: number): Promise<number> {
  const child = spawn(process.execPath, [owner, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let locked = false;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (!locked) {
      locked = true;
      await assert.rejects(openEmbeddedLog({ dataDir, logger: silentLogger }), (error: SluiceError) => error.code === 'LOG_LOCKED');
    }
    if (text.split('\n').length > units) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  return Number(text.trimEnd().split('\n').at(-1));
}

test('a killed owner frees the log, and leaves every acknowledged unit, whole, with its offset', { timeout: 180_000 }, async () => {
  using folder = new ScratchFolder('kill');
  let last = 0;
  for (const units of [1, 17, 40]) {
    const acknowledged = await ownedAndKilled(folder.path, units);
    assert.ok(acknowledged > last);
    await using log = await openEmbeddedLog({ dataDir: folder.path, logger: silentLogger });
    const [offset] = await log.connectors.offsets('torn');
    last = Number(offset!.offset!['unit']);
    assert.ok(last >= acknowledged, `unit ${acknowledged} was acknowledged, the offset is at ${last}`);
    assertWholeUnits(folder.file('log.db'), last);
  }
});
