import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ConnectRecord,
  SluiceError as Failure,
  type SluiceError,
  type Source,
  type SourceBatch,
} from '../../../src/contract/index.ts';
import { runSourceTask } from '../../../src/engine/source/source-task.ts';
import type { ErrorPolicy, SourceTaskPlan } from '../../../src/engine/source/source-task-plan.ts';
import { registry } from '../../../src/registry.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { never, OpenedLog } from '../log/embedded/opened-log.ts';

const clock = { nowMs: () => 1_700_000_000_000, nowNs: () => 1_700_000_000_000_000_000n };
const topic = 'rows';

function record(value: string): ConnectRecord {
  return { topic, partition: null, timestamp: null, keySchema: null, key: null, valueSchema: null, value, headers: [] };
}

/** Gives its batches, then ends. */
function sourceOf(batches: readonly SourceBatch[]): Source {
  return {
    async check() {
      return [];
    },
    async *read() {
      yield* batches;
    },
    commit() {},
    status: () => ({ phase: 'streaming', position: null, lagMs: null, snapshot: null }),
    async [Symbol.asyncDispose]() {},
  };
}

/** Runs a task whose transform drops by its rule what says so, and fails over what is bad. What became of the records. */
async function run(opened: OpenedLog, values: readonly (readonly string[])[], errors: ErrorPolicy) {
  const strings = await registry.load('converter', 'org.apache.kafka.connect.storage.StringConverter');
  const headers = await registry.load('header_converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter');
  const context = { connector: 'c', task: 0, logger: silentLogger, clock };
  const converter = strings.create(strings.spec.parse({}).config, context);
  const counts = { durable: 0, filtered: 0, skipped: [] as SluiceError[] };
  const plan: SourceTaskPlan = {
    id: { connector: 'c', task: 0 },
    source: sourceOf(
      values.map((batch, position) => ({
        records: batch.map(record),
        bytes: 1,
        offsets: [{ partition: { server: 'srv' }, offset: { position } }],
        committedAtMs: null,
      })),
    ),
    transform: found => {
      if (found.value === 'bad') throw new Failure('TRANSFORM_FAILED', 'It does not fit.');
      return found.value === 'unwanted' ? null : found;
    },
    key: converter,
    value: converter,
    header: headers.create(headers.spec.parse({}).config, context),
    topicSpec: name => ({ topic: name, partitions: 1, replicationFactor: -1, configs: {} }),
    writer: { producerOverrides: {}, transactional: true },
    errors,
    log: opened.log,
    logger: silentLogger,
    clock,
    observer: {
      started() {},
      retrying() {},
      durable: ({ records }) => {
        counts.durable += records;
      },
      filtered: records => {
        counts.filtered += records;
      },
      skipped: error => counts.skipped.push(error),
    },
  };
  const outcome = await runSourceTask(plan, never).then(
    () => null,
    (error: unknown) => error,
  );
  const [description] = await opened.log.describeTopics([topic]);
  const offsets = await opened.log.connectors.offsets('c');
  return { ...counts, outcome, inLog: Number(description?.partitions[0]?.end ?? 0), position: offsets[0]?.offset?.['position'] ?? null };
}

const values = [['good', 'unwanted', 'good'], ['unwanted'], ['good', 'bad', 'good', 'bad', 'unwanted'], ['good']];

test('with errors.tolerance=all a record is in the log, counted as filtered, or counted as skipped: none is missing', async () => {
  await using opened = await OpenedLog.open();
  const found = await run(opened, values, { tolerance: 'all', logEnable: false, logIncludeMessages: false });
  assert.equal(found.outcome, null);
  assert.deepEqual([found.inLog, found.durable, found.filtered, found.skipped.length], [5, 5, 3, 2]);
  assert.equal(found.inLog + found.filtered + found.skipped.length, values.flat().length);
  assert.ok(found.skipped.every(({ code }) => code === 'TRANSFORM_FAILED'));
});

test('with errors.tolerance=none the first bad record stops the task, naming its topic, and no offset gets past it', async () => {
  await using opened = await OpenedLog.open();
  const found = await run(opened, values, { tolerance: 'none', logEnable: false, logIncludeMessages: false });
  assert.ok(found.outcome instanceof Failure && found.outcome.code === 'TRANSFORM_FAILED');
  assert.match(found.outcome.message, /topic rows/);
  assert.ok(found.position === null || Number(found.position) < 2, `the offset is at batch ${String(found.position)}`);
  assert.ok(found.inLog <= 2, `${found.inLog} records are in the log`);
  assert.deepEqual(found.skipped, []);
});
