import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readSagaFile } from '../../../src/cli/saga-file.ts';
import { sagasOfWorker } from '../../../src/cli/sagas-of-worker.ts';
import { sagasSpec } from '../../../src/config/services/saga-options.ts';
import { embeddedLogUnderTest } from '../../integration/embedded-log-under-test.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { silentLogger } from '../../support/silent-logger.ts';

const folder = new ScratchFolder('saga-file');
const yaml = `name: s
start: orderd
correlation: id
steps:
  - name: A
    topic: commands
    success: done
    compensation: { command: UNDO, success: none }
`;
const typescript = `import { defineSaga } from 'sluice/sagas';
const compensation = { command: 'UNDO', success: 'none' } as const;
export default defineSaga<Record<'orderd' | 'done', { id: string }>>({
  name: 's', start: 'orderd', correlation: 'id', steps: [{ name: 'A', topic: 'commands', success: 'done', compensation }],
});
`;
writeFileSync(folder.file('s.yaml'), yaml);
writeFileSync(folder.file('s.ts'), typescript);

test('an unknown topic is refused with its place and the nearest there is, where topics are to be known', async () => {
  const known = ['ordered', 'commands', 'done'];
  const read = (name: string, knownTopics: readonly string[]) => readSagaFile(folder.file(name), { shown: name, knownTopics });
  const message = (error: Error) => error.message;
  assert.equal(await read('s.yaml', known).then(String, message), "s.yaml:2: start: the log has no topic orderd; did you mean 'ordered'?");
  assert.equal(await read('s.ts', known).then(String, message), "s.ts: start: the log has no topic orderd; did you mean 'ordered'?");
  const faults = await read('s.yaml', ['orderd', 'x']).then(String, message);
  assert.match(faults, /^s\.yaml:6: steps\[0\]\.topic: the log has no topic commands\.$/m);
  assert.match(faults, /^s\.yaml:7: steps\[0\]\.success: the log has no topic done\.$/m);
  assert.equal((await read('s.yaml', ['orderd', 'commands', 'done'])).hash, (await readSagaFile(folder.file('s.ts'))).hash);
});

test('a worker whose topics must exist does not start a saga that names another', async () => {
  await using under = await embeddedLogUnderTest();
  const { log } = under;
  const [abort, plain] = [new AbortController(), { partitions: 1, replicationFactor: 1, configs: {} }];
  await log.ensureTopics(
    ['ordered', 'commands', 'done'].map(topic => ({ topic, ...plain })),
    abort.signal,
  );
  const start = async (mustExist: boolean) => {
    const raw = { definitions: 's.yaml', 'topics.must.exist': String(mustExist) };
    const service = await sagasOfWorker({ config: sagasSpec.parse(raw).config!, raw }, folder.file('worker.yaml'));
    return service.start({
      log,
      logger: silentLogger,
      clock: { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n },
      pause: (delayMs, signal) => delay(delayMs, undefined, { signal }).catch(() => {}),
      random: Math.random,
      workerId: '127.0.0.1:8083',
      connectors: { states: () => null, revive: async () => {} },
      abort: abort.signal,
    });
  };
  await assert.rejects(start(true), /s\.yaml:2: start: the log has no topic orderd; did you mean 'ordered'\?/);
  await using running = await start(false);
  assert.ok(running);
});
