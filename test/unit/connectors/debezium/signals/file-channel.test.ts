import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FileChannel } from '../../../../../connectors/debezium/signals/file-channel.ts';
import type { Logger, SourceSignal } from '../../../../../src/contract/index.ts';
import { ScratchFolder } from '../../../../support/scratch-folder.ts';
import { silentLogger } from '../../../../support/silent-logger.ts';
import { until } from '../../../../support/until.ts';

const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };

test('signals of a file are followed in their order, once each, and are taken out of it', async () => {
  using scratch = new ScratchFolder('signals');
  const file = scratch.file('signals.txt');
  const followed: SourceSignal[] = [];
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
  let away = true;
  await using channel = new FileChannel({
    file,
    everyMs: 5,
    clock,
    logger,
    async follow(signal) {
      if (away) throw new Error('the database is away');
      followed.push(signal);
      return signal.type === 'unheard-of' ? 'there is no such signal' : null;
    },
  });
  channel.start();
  writeFileSync(file, '{"id": "a", "type": "log", "data": {"message": "one"}}\nno signal\n');
  await until(() => warnings.some(warning => /cannot be read: the database is away/.test(warning)), { what: 'the fault' });
  assert.match(readFileSync(file, 'utf8'), /"one"/, 'what was not followed stays');
  away = false;
  await until(() => readFileSync(file, 'utf8') === '', { what: 'the file to be empty' });
  appendFileSync(file, '{"id": 7, "type": "unheard-of"}\n{"id": "c", "type": "pause-sn');
  await until(() => followed.length === 2, { what: 'the second signal' });
  await until(() => !readFileSync(file, 'utf8').includes('unheard-of'), { what: 'it to be taken out' });
  appendFileSync(file, 'apshot", "data": {}}');
  await until(() => followed.length === 3 && readFileSync(file, 'utf8') === '', { what: 'the third signal' });
  assert.deepEqual(followed, [
    { id: 'a', type: 'log', data: '{"message":"one"}' },
    { id: '7', type: 'unheard-of', data: null },
    { id: 'c', type: 'pause-snapshot', data: '{}' },
  ]);
  assert.ok(warnings.some(warning => /line 2 of .* not a JSON object/.test(warning)));
  assert.ok(warnings.some(warning => /there is no such signal/.test(warning)));
  assert.ok(existsSync(file));
});
