import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InternalTopics, LogRecord, Source, SourceBatch, SourceOffset } from '../../../src/contract/index.ts';
import { runSourceTask } from '../../../src/engine/source/source-task.ts';
import type { SourceTaskPlan } from '../../../src/engine/source/source-task-plan.ts';
import { registry } from '../../../src/registry.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { never, OpenedLog, texts } from '../log/embedded/opened-log.ts';

const clock = { nowMs: () => 1_700_000_000_000, nowNs: () => 1_700_000_000_000_000_000n };
const partition = { server: 'srv' };

/** A source that reads what it keeps for itself, then gives its batches and ends. */
class HistoricSource implements Source {
  readonly kept: LogRecord[] = [];
  readonly #batches: readonly SourceBatch[];

  constructor(batches: readonly SourceBatch[]) {
    this.#batches = batches;
  }

  async check() {
    return [];
  }

  async *read(_from: readonly SourceOffset[], abort: AbortSignal, internal: InternalTopics): AsyncIterable<SourceBatch> {
    for await (const records of internal.read('history', abort)) this.kept.push(...records);
    yield* this.#batches;
  }

  commit(): void {}

  status() {
    return { phase: 'streaming', position: null, lagMs: null, snapshot: null } as const;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function run(opened: OpenedLog, source: Source): Promise<void> {
  const strings = await registry.load('converter', 'org.apache.kafka.connect.storage.StringConverter');
  const headers = await registry.load('header_converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter');
  const context = { connector: 'c', task: 0, logger: silentLogger, clock };
  const converter = strings.create(strings.spec.parse({}).config, context);
  const plan: SourceTaskPlan = {
    id: { connector: 'c', task: 0 },
    source,
    // Drops every record: nothing but what is internal comes through.
    transform: () => null,
    key: converter,
    value: converter,
    header: headers.create(headers.spec.parse({}).config, context),
    topicSpec: () => null,
    writer: { producerOverrides: {}, transactional: true },
    errors: { tolerance: 'none', logEnable: false, logIncludeMessages: false },
    log: opened.log,
    logger: silentLogger,
    clock,
    observer: { started() {}, retrying() {}, durable() {}, filtered() {}, skipped() {} },
  };
  await runSourceTask(plan, never);
}

function batch(position: number, internal: SourceBatch['internal']): SourceBatch {
  const record = {
    topic: 'rows',
    partition: null,
    timestamp: null,
    keySchema: null,
    key: null,
    valueSchema: null,
    value: 'x',
    headers: [],
  };
  return {
    records: [record],
    ...(internal && { internal }),
    bytes: 1,
    offsets: [{ partition, offset: { position } }],
    committedAtMs: null,
  };
}

test('what a source keeps for itself is durable with its offset, as it was written, and is read back', async () => {
  await using opened = await OpenedLog.open();
  const first = new HistoricSource([
    batch(1, [
      { topic: 'history', key: null, value: '{"ddl":"create table ä"}' },
      { topic: 'history', key: 'k', value: null },
    ]),
    batch(2, undefined),
  ]);
  await run(opened, first);
  assert.deepEqual(first.kept, []);
  assert.deepEqual(await opened.log.connectors.offsets('c'), [{ partition, offset: { position: 2 } }]);
  // The transform dropped the others.
  assert.deepEqual(await opened.log.describeTopics(['rows']), []);

  const second = new HistoricSource([batch(3, [{ topic: 'history', key: null, value: 'more' }])]);
  await run(opened, second);
  assert.deepEqual(texts(second.kept), ['{"ddl":"create table ä"}', null]);
  assert.deepEqual(
    second.kept.map(({ key, partition: place, headers }) => [key && Buffer.from(key).toString(), place, headers]),
    [
      [null, 0, []],
      ['k', 0, []],
    ],
  );
  const [description] = await opened.log.describeTopics(['history']);
  assert.deepEqual(description, { topic: 'history', partitions: [{ partition: 0, start: 0n, end: 3n }] });
});

test('what is to stand last in a topic is written once its unit is durable, and only there where transactions end with an offset', async () => {
  await using opened = await OpenedLog.open();
  const written: string[] = [];
  const writeAlone = async (topic: string, value: Uint8Array) => {
    const [described] = await opened.log.describeTopics([topic]);
    written.push(`${topic} ${Buffer.from(value)} behind ${described?.partitions[0]?.end}`);
  };
  const batches = [
    batch(1, [{ topic: 'history', key: null, value: 'one', end: 'end of one' }]),
    batch(2, [
      { topic: 'history', key: null, value: 'two', end: 'end of two' },
      { topic: 'history', key: null, value: 'three', end: 'end of three' },
    ]),
    batch(3, [{ topic: 'other', key: null, value: 'four' }]),
  ];
  await run(opened, new HistoricSource(batches));
  assert.equal(written.length, 0);
  Object.assign(opened.log, { writeAlone });
  await run(opened, new HistoricSource(batches));
  assert.ok(written.length > 0 && written.every(line => line.startsWith('history end of ')), written.join('; '));
  assert.equal(written.at(-1), 'history end of three behind 6');
  Object.assign(opened.log, { writeAlone: () => Promise.reject(new Error('away')) });
  await run(opened, new HistoricSource(batches));
});
