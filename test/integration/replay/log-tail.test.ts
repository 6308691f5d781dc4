import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Converter, EventLog, HeaderConverter, LogRecord } from '../../../src/contract/index.ts';
import { hashLimit, LatestKeys } from '../../../src/engine/replay/latest-keys.ts';
import { LogTail } from '../../../src/engine/replay/log-tail.ts';
import { readRanges } from '../../../src/engine/replay/read-ranges.ts';
import { type Scanning, scanLatest } from '../../../src/engine/replay/scan-latest.ts';
import { WantedKeys } from '../../../src/engine/replay/wanted-keys.ts';
import { SinkConversion } from '../../../src/engine/sink/sink-conversion.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { registry } from '../../../src/registry.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { serializedBatch } from '../serialized-batch.ts';

const never = new AbortController().signal;
const topic = 't';

async function json(): Promise<Converter & HeaderConverter> {
  const plugin = await registry.load('converter', 'json');
  const clock = { nowMs: () => 0, nowNs: () => 0n };
  const { config } = plugin.spec.parse({ 'schemas.enable': 'false' });
  return plugin.create(config, { connector: 'c', task: 0, logger: silentLogger, clock }) as Converter & HeaderConverter;
}

test('what the log gets behind a scan is known as far as the target says that it has been written', async () => {
  using folder = new ScratchFolder('log-tail');
  await using log: EventLog = await openEmbeddedLog({ dataDir: folder.path, logger: silentLogger });
  await log.ensureTopics([{ topic, partitions: 1, replicationFactor: -1, configs: {} }], never);
  await using writer = await log.writer({ connector: 'c', task: 0 }, { producerOverrides: {}, transactional: true }, never);
  const append = async (...keys: readonly string[]) =>
    writer.append({ records: serializedBatch(keys.map(key => ({ topic, key: `"${key}"`, value: '{"n":1}' }))), offsets: [] });
  await append('a', 'b', 'c');

  const converter = await json();
  const conversion = new SinkConversion({
    key: converter,
    value: converter,
    header: converter,
    transform: null,
    classes: { key: '', value: '', header: '' },
  });
  const scanning: Scanning = {
    log,
    ranges: [{ topic, partition: 0, start: 0n, end: 2n }],
    topics: await log.describeTopics([topic]),
    wanted: new WantedKeys(null, converter),
    conversion,
    mayDrop: false,
  };
  const keys = new LatestKeys({ floor: 0, ceiling: hashLimit });
  await scanLatest(keys, scanning, never);
  assert.deepEqual(
    [...keys.records()].map(({ offset }) => offset),
    [0n, 1n],
  );
  const records: LogRecord[] = [];
  for await (const page of readRanges(log, scanning.ranges, never)) records.push(...page.records);
  const [a, b] = records as [LogRecord, LogRecord];

  const tail = new LogTail(keys, scanning);
  assert.equal(await tail.superseded(a, 2n, never), false);
  await append('d', 'a', 'b');
  // The target holds no more than the scan has seen.
  assert.equal(await tail.superseded(a, 2n, never), false);
  assert.equal(await tail.superseded(a, 3n, never), false);
  assert.equal(await tail.superseded(a, 4n, never), true);
  assert.equal(await tail.superseded(b, 4n, never), false);
  // A version that the log has never given ends where the log does, and what comes behind it is seen the next time.
  assert.equal(await tail.superseded(b, 1000n, never), true);
  await append('c');
  assert.equal(await tail.superseded(a, 1000n, never), true);
});
