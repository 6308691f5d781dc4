import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SluiceError } from '../../../src/contract/index.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { serializedBatch } from '../../integration/serialized-batch.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { newDaemon } from '../../support/daemon.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { assertSlotNotAhead, offsetsForSqlite3, publishedForSqlite3 } from '../strangers.ts';
import { faultTest } from './series.ts';
import { limitThreads, watchedThreads } from './threads.ts';

const connector = 'threads';
type Progress = { readonly tasks: readonly { readonly records: number; readonly phase: string | null }[] };

faultTest(
  'the writer’s thread killed under load: the daemon starts another, and nothing is lost or doubled',
  async ({ seed, random, rounds, diagnostic }) => {
    await using changing = await ChangingDatabase.start(await sharedPostgres(18), seed);
    await using daemon = await newDaemon({});
    daemon.environment = watchedThreads;
    await daemon.start();
    const { pid } = daemon;
    const rest = new ConnectClient(daemon.url);
    await rest.putConfig(connector, changing.config);
    const task = async () => {
      await rest.assertNotFailed(connector);
      const { tasks } = await rest.call<Progress>('GET', `/sluice/connectors/${connector}`);
      return tasks[0] ?? { records: 0, phase: null };
    };
    const orLog = (error: Error) => Promise.reject(new Error(`${error.message}\n${daemon.log()}`));
    const killedAt: string[] = [];
    for (let round = 0; round < rounds; round++) {
      // By what a thread has written since the last death: so there is one to kill.
      const enough = (await task()).records + 1 + random(round === 0 ? 9_000 : 2_000);
      const reached = async () => (await task()).records >= enough;
      await until(reached, { what: `${enough} records`, timeoutMs: 60_000, everyMs: 2 }).catch(orLog);
      await pause(random(20));
      process.kill(pid, 'SIGUSR2');
      const told = () => daemon.log(10_000).split('It is started again in').length > round + 1;
      await until(told, { what: `the daemon to tell of death ${round + 1}`, timeoutMs: 60_000 }).catch(orLog);
      const { phase, records } = await task();
      killedAt.push(`${phase} (${records})`);
    }
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => rest.assertNotFailed(connector) });
    const followed = await changing.assertPublished(publishedForSqlite3(daemon.dataFolder, changing.topics));
    await assertSlotNotAhead(changing, () => offsetsForSqlite3(daemon.dataFolder, connector));
    diagnostic(`killed in ${killedAt.join(', ')}; ${followed}`);
    assert.ok(daemon.alive && daemon.pid === pid, 'one process all the time');
    await daemon.stop();
    assert.doesNotMatch(daemon.log(), /did not stop in time/);
  },
);

test('a writer’s thread that runs out of memory takes nothing with it but its calls', { timeout: 180_000 }, async () => {
  using folder = new ScratchFolder('memory');
  limitThreads({ maxOldGenerationSizeMb: 24 });
  await using log = await openEmbeddedLog({ dataDir: folder.path, logger: silentLogger });
  limitThreads(undefined);
  const never = new AbortController().signal;
  await log.ensureTopics([{ topic: 'kept', partitions: 1, replicationFactor: -1, configs: {} }], never);
  const open = (connector: string) => log.writer({ connector, task: 0 }, { producerOverrides: {}, transactional: true }, never);
  const unit = (number: number, more: Readonly<Record<string, readonly string[]>> = {}) => ({
    records: serializedBatch([{ topic: 'kept', value: String(number) }]),
    offsets: [{ partition: { server: 'x' }, offset: { number, ...more } }],
  });
  const [other, first] = [await open('other'), await open('first')];
  await first.append(unit(1));
  const huge = Array.from({ length: 2_000_000 }, (_, index) => `text ${index}`);
  const unavailable = (error: SluiceError) => error.code === 'LOG_UNAVAILABLE' && /writer failed: .*memory/.test(error.message);
  await assert.rejects(first.append(unit(2, { huge })), unavailable);
  await assert.rejects(
    first.append(unit(3)),
    unavailable,
    'its writers end with it, also where the next thread knows one by the same number',
  );
  const second = await until(() => open('first').catch(() => null), { what: 'the next thread' });
  await assert.rejects(first.append(unit(4)), unavailable);
  await assert.rejects(other.append(unit(5)), unavailable);
  assert.deepEqual(second.offsets, [{ partition: { server: 'x' }, offset: { number: 1 } }]);
  await second.append(unit(6));
  const found: string[] = [];
  for await (const records of log.read({ topics: ['kept'], from: 'start', follow: false }, never))
    found.push(...records.map(({ value }) => Buffer.from(value!).toString()));
  assert.deepEqual(found, ['1', '6']);
});
