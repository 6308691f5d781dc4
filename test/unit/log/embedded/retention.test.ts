import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenedLog, texts } from './opened-log.ts';

const hourMs = 3_600_000;

test('records past retention.ms go, and the partition starts behind them', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('aging', { 'retention.ms': String(hourMs) });
  await using writer = await opened.writer();
  const old = Array.from({ length: 1200 }, (_, index) => ({ topic, value: `old ${index}`, timestampMs: Date.now() - 2 * hourMs }));
  await opened.append(writer, [...old, { topic, value: 'young' }]);
  await opened.log.clean();
  assert.deepEqual(texts(await opened.read(topic)), ['young']);
  const [description] = await opened.log.describeTopics([topic]);
  assert.deepEqual(description!.partitions, [{ partition: 0, start: 1200n, end: 1201n }]);
});

test('an old record behind a young one waits for it, so that offsets have no holes', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('mixed', { 'retention.ms': String(hourMs) });
  await using writer = await opened.writer();
  await opened.append(writer, [
    { topic, value: 'young' },
    { topic, value: 'old', timestampMs: 1000 },
  ]);
  await opened.log.clean();
  assert.deepEqual(texts(await opened.read(topic)), ['young', 'old']);
});

test('offsets go on where they were, also when nothing is left', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('emptied', { 'retention.ms': '1' });
  await using writer = await opened.writer();
  await opened.append(writer, [{ topic, value: 'old', timestampMs: 1000 }]);
  await opened.log.clean();
  assert.deepEqual(await opened.read(topic), []);
  await opened.append(writer, [{ topic, value: 'next' }]);
  assert.equal((await opened.read(topic))[0]!.offset, 1n);
});

test('beyond retention.bytes the oldest records go', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('bounded', { 'retention.bytes': '50000', 'retention.ms': '-1' });
  await using writer = await opened.writer();
  const value = 'x'.repeat(980);
  await opened.append(
    writer,
    Array.from({ length: 100 }, (_, index) => ({ topic, key: String(index), value, timestampMs: 1 })),
  );
  await opened.log.clean();
  const left = await opened.read(topic);
  assert.ok(left.length >= 48 && left.length <= 50, `${left.length} are left`);
  assert.equal(Buffer.from(left.at(-1)!.key!).toString(), '99');
  await opened.log.clean();
  assert.equal((await opened.read(topic)).length, left.length);
});

test('a topic without its own retention has the worker’s', async () => {
  await using opened = await OpenedLog.open({ retentionMs: hourMs });
  const topic = await opened.topic('plain');
  const kept = await opened.topic('kept', { 'retention.ms': '-1' });
  await using writer = await opened.writer();
  await opened.append(writer, [
    { topic, value: 'old', timestampMs: 1000 },
    { topic: kept, value: 'old', timestampMs: 1000 },
  ]);
  await opened.log.clean();
  assert.deepEqual(await opened.read(topic), []);
  assert.deepEqual(texts(await opened.read(kept)), ['old']);
});

test('a compacted topic keeps the last record of each key, and records without key', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('state', { 'cleanup.policy': 'compact' });
  await using writer = await opened.writer();
  const records = Array.from({ length: 1500 }, (_, index) => ({ topic, key: `k${index % 3}`, value: String(index), timestampMs: 1000 }));
  await opened.append(writer, [{ topic, value: 'no key' }, ...records]);
  await opened.log.clean();
  const left = await opened.read(topic);
  assert.deepEqual(texts(left), ['no key', '1497', '1498', '1499']);
  assert.deepEqual(
    left.map(({ offset }) => offset),
    [0n, 1498n, 1499n, 1500n],
  );
  await opened.append(writer, [{ topic, key: 'k1', value: 'newest' }]);
  await opened.log.clean();
  assert.deepEqual(texts(await opened.read(topic)), ['no key', '1497', '1499', 'newest']);
});

test('compaction removes tombstones once delete.retention.ms has passed', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('state', { 'cleanup.policy': 'compact', 'delete.retention.ms': String(hourMs) });
  await using writer = await opened.writer();
  await opened.append(writer, [
    { topic, key: 'gone long ago', value: 'x', timestampMs: 1000 },
    { topic, key: 'gone long ago', value: null, timestampMs: 1000 },
    { topic, key: 'gone just now', value: 'x' },
    { topic, key: 'gone just now', value: null },
  ]);
  await opened.log.clean();
  const left = await opened.read(topic);
  assert.deepEqual(
    left.map(({ key }) => Buffer.from(key!).toString()),
    ['gone just now'],
  );
});

test('records of a deleted topic go, and a new topic of its name starts at 0', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('again');
  await using writer = await opened.writer();
  await opened.append(
    writer,
    Array.from({ length: 1200 }, (_, index) => ({ topic, value: String(index) })),
  );
  await opened.log.deleteTopics([topic]);
  await opened.topic(topic);
  await opened.log.clean();
  assert.deepEqual(await opened.read(topic), []);
  await using second = await opened.writer();
  await opened.append(second, [{ topic, value: 'first' }]);
  assert.deepEqual(
    (await opened.read(topic)).map(({ offset }) => offset),
    [0n],
  );
});
