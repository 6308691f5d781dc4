import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { SluiceError } from '../../../../src/contract/index.ts';
import { openEmbeddedLog } from '../../../../src/log/embedded/embedded-log.ts';
import { serializedBatch } from '../../../integration/serialized-batch.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { never, OpenedLog, texts } from './opened-log.ts';

const code = (expected: SluiceError['code']) => (error: unknown) => {
  assert.equal((error as SluiceError).code, expected, String(error));
  return true;
};
const offset = (lsn: number) => ({ partition: { server: 'x' }, offset: { lsn } });

test('a second owner of one data.dir is refused until the first has gone', async () => {
  using folder = new ScratchFolder('log');
  const options = { dataDir: folder.path, logger: silentLogger };
  const first = await openEmbeddedLog(options);
  await assert.rejects(openEmbeddedLog(options), code('LOG_LOCKED'));
  await first[Symbol.asyncDispose]();
  await using second = await openEmbeddedLog(options);
  assert.equal(second.kind, 'embedded');
});

test('a reader beside the owner reads, follows, and may change nothing', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('watched');
  await using writer = await opened.writer();
  await opened.append(writer, [{ topic, value: 'there' }]);
  await using beside = await openEmbeddedLog({ dataDir: opened.folder.path, readOnly: true, logger: silentLogger });
  const abort = new AbortController();
  const found: (string | null)[] = [];
  for await (const records of beside.read({ topics: [topic], from: 'start', follow: true }, abort.signal)) {
    found.push(...texts(records));
    if (found.length === 1) await opened.append(writer, [{ topic, value: 'came' }]);
    else abort.abort();
  }
  assert.deepEqual(found, ['there', 'came']);
  await assert.rejects(beside.deleteTopics([topic]), code('LOG_REFUSED'));
  await assert.rejects(beside.connectors.putConfig('c', {}), code('LOG_REFUSED'));
});

test('reading where there is no log says so', async () => {
  using folder = new ScratchFolder('log');
  await assert.rejects(openEmbeddedLog({ dataDir: folder.path, readOnly: true, logger: silentLogger }), code('LOG_UNAVAILABLE'));
});

test('a file that is no log is called corrupt', async () => {
  using folder = new ScratchFolder('log');
  writeFileSync(folder.file('log.db'), 'this was a log once. '.repeat(1000));
  await assert.rejects(openEmbeddedLog({ dataDir: folder.path, logger: silentLogger }), code('LOG_CORRUPT'));
});

test('an append to an unknown topic or partition is refused, whole', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('known', {}, 2);
  await using one = await opened.writer('one');
  await assert.rejects(
    one.append({
      records: serializedBatch([
        { topic, value: 'a' },
        { topic: 'unknown', value: 'b' },
      ]),
      offsets: [offset(1)],
    }),
    code('TOPIC_UNKNOWN'),
  );
  await using two = await opened.writer('two');
  await assert.rejects(opened.append(two, [{ topic, value: 'a', partition: 2 }]), code('LOG_REFUSED'));
  assert.deepEqual(await opened.read(topic), []);
  assert.deepEqual(await opened.log.connectors.offsets('one'), []);
});

test('after a failed append the overlapping later ones fail too, for they would leave a gap', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('known');
  await using writer = await opened.writer();
  const first = opened.append(writer, [{ topic: 'unknown', value: '1' }]);
  const second = writer.append({ records: serializedBatch([{ topic, value: '2' }]), offsets: [offset(2)] });
  await assert.rejects(first, code('TOPIC_UNKNOWN'));
  await assert.rejects(second, code('TOPIC_UNKNOWN'));
  assert.deepEqual(await opened.read(topic), []);
  await using next = await opened.writer();
  await opened.append(next, [{ topic, value: '1 again' }]);
  assert.deepEqual(texts(await opened.read(topic)), ['1 again']);
});

test('another task’s refused unit does not touch the units committed with it', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('known');
  await using good = await opened.writer('good');
  await using bad = await opened.writer('bad');
  const results = await Promise.allSettled([
    opened.append(good, [{ topic, value: '1' }]),
    opened.append(bad, [{ topic: 'unknown', value: 'x' }]),
    opened.append(good, [{ topic, value: '2' }]),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(texts(await opened.read(topic)), ['1', '2']);
});

test('a full log rolls the unit back whole, says so, and takes appends again once there is room', async () => {
  await using opened = await OpenedLog.open({ bytesMax: 1024 * 1024 });
  const topic = await opened.topic('filling');
  const other = await opened.topic('other');
  const value = 'x'.repeat(10_000);
  let acknowledged = 0;
  {
    await using writer = await opened.writer();
    const fill = async () => {
      for (let lsn = 1; lsn < 1000; lsn++) {
        await writer.append({ records: serializedBatch(Array.from({ length: 10 }, () => ({ topic, value }))), offsets: [offset(lsn)] });
        acknowledged = lsn;
      }
    };
    await assert.rejects(fill(), code('LOG_FULL'));
  }
  assert.ok(acknowledged > 0);
  assert.equal((await opened.read(topic)).length, acknowledged * 10);
  assert.deepEqual(await opened.log.connectors.offsets('connector'), [offset(acknowledged)]);
  await opened.log.deleteTopics([topic]);
  await opened.log.clean();
  await using writer = await opened.writer();
  assert.deepEqual(writer.offsets, [offset(acknowledged)]);
  await opened.append(writer, [{ topic: other, value }]);
  assert.equal((await opened.read(other)).length, 1);
});

test('invalid topic configs are refused, and no topic comes of them', async () => {
  await using opened = await OpenedLog.open();
  await assert.rejects(opened.topic('bad', { 'cleanup.policy': 'shred' }), code('LOG_REFUSED'));
  await assert.rejects(opened.topic('bad', { 'retention.ms': 'soon' }), code('LOG_REFUSED'));
  await assert.rejects(opened.topic('bad', {}, 0), code('LOG_REFUSED'));
  assert.deepEqual(await opened.log.describeTopics(['bad']), []);
});

test('a follower whose topic is deleted is told so', async () => {
  await using opened = await OpenedLog.open();
  const topic = await opened.topic('leaving');
  const reading = opened.log.read({ topics: [topic], from: 'start', follow: true }, never)[Symbol.asyncIterator]();
  // It may hear of it before whoever deletes is answered.
  const told = assert.rejects(reading.next(), code('TOPIC_UNKNOWN'));
  await opened.log.deleteTopics([topic]);
  await told;
});

test('closing the log ends its followers and refuses what comes after', async () => {
  const opened = await OpenedLog.open();
  const topic = await opened.topic('closing');
  const writer = await opened.writer();
  const next = opened.log
    .read({ topics: [topic], from: 'start', follow: true }, never)
    [Symbol.asyncIterator]()
    .next();
  await opened[Symbol.asyncDispose]();
  assert.equal((await next).done, true);
  await assert.rejects(opened.append(writer, [{ topic, value: 'late' }]), code('LOG_UNAVAILABLE'));
});
