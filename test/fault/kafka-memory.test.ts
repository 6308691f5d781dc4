import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceBatch } from '../../src/contract/index.ts';
import { resolveConnector } from '../../src/engine/connector/connector-config.ts';
import { unitBytesMax } from '../../src/engine/source/source-task.ts';
import { runTask } from '../../src/engine/task.ts';
import { partBytesMax, transactionBytesMax } from '../../src/log/kafka/writer.ts';
import { aName, openLog, readAll, workerOptions } from '../integration/kafka-log-fixture.ts';
import { startKafka } from '../services/kafka.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { Script } from '../unit/engine/scripted-source.ts';
import { config, resolvingWith } from '../unit/engine/supervised.ts';

const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };
const recordBytes = 64 * 1024;
const batches = 1000;
/** Durable when the broker stops: the topic is there, and reading runs ahead. */
const enough = 50;
/** JSON's quotes and the key around a value. */
const aroundBytes = 1024;

test('while the broker hangs, no more is read than may be on its way; then everything gets through', { timeout: 240_000 }, async t => {
  await using kafka = await startKafka();
  await using log = await openLog(workerOptions(kafka.bootstrapServers, aName('memory')));
  const topic = aName('memory');
  const script = new Script();
  const record = {
    topic,
    partition: null,
    timestamp: null,
    keySchema: null,
    key: 'k',
    valueSchema: null,
    value: 'x'.repeat(recordBytes),
    headers: [],
  };
  const batch = (number: number): SourceBatch => ({
    records: [record],
    bytes: recordBytes,
    offsets: [{ partition: { server: 'srv' }, offset: { number } }],
    committedAtMs: null,
  });
  const { plan, faults } = await resolveConnector(config({ name: 'memory' }), resolvingWith(script));
  assert.deepEqual(faults, []);
  let durable = 0;
  let frozen = false;
  const observer = {
    started() {},
    retrying() {},
    durable({ records }: { records: number }) {
      durable += records;
      if (durable < enough || frozen) return;
      frozen = true;
      kafka.freeze();
    },
    filtered() {},
    skipped() {},
    consuming() {},
    deadLettered() {},
  };
  const abort = new AbortController();
  script.batches.push(...Array.from({ length: batches }, (_, index) => batch(index)));
  const services = { log, logger: silentLogger, clock, observer, pause: async () => {}, random: () => 0 };
  const running = runTask(plan!.createTask(0, services), abort.signal);
  await until(() => frozen, { what: 'the first records to be durable', timeoutMs: 60_000 });
  try {
    let seen = -1;
    const held = () => {
      const left = script.batches.length;
      const same = seen === left;
      seen = left;
      // A process that itself was kept waiting has read nothing meanwhile, either.
      return same && (batches - durable - left) * recordBytes >= unitBytesMax;
    };
    await until(held, { what: 'the reading to run ahead and be held back', timeoutMs: 60_000, everyMs: 300 });
    const underWay = (batches - durable - script.batches.length) * recordBytes;
    t.diagnostic(`${underWay} bytes read and not durable, of ${batches * recordBytes}`);
    // A transaction that the broker has, but for its end; the part on its way and the one being filled; a unit that waits for room and one that is
    // being filled. Each may exceed its bound by what comes at a time.
    const unitBytes = unitBytesMax + recordBytes + aroundBytes;
    const bound = transactionBytesMax + 2 * (partBytesMax + unitBytes) + 2 * unitBytes;
    assert.ok(underWay <= bound, `${underWay} bytes are on their way, more than ${bound}`);
    assert.ok(script.batches.length > 0, 'there is more to read');
  } finally {
    kafka.thaw();
  }
  await until(() => durable === batches, { what: 'everything to be durable', timeoutMs: 60_000 });
  abort.abort();
  await running;
  assert.equal((await readAll(log, topic)).length, batches);
});
