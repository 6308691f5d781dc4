import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { SluiceError, TopicPartition } from '../../../../src/contract/index.ts';
import { ConsumerFetcher, type FetcherParts } from '../../../../src/log/kafka/consumer-fetcher.ts';
import { placesOf, recordBytes, ScriptedPartitions } from './scripted-partitions.ts';

const topic = 't';
const settings = { fetchBytesMin: 1, fetchWaitMsMax: 500, fetchBytesMax: 8 << 20, partitionBytesMax: 2 << 20 };

function fetcherOf(source: ScriptedPartitions, changes: Partial<FetcherParts> = {}): ConsumerFetcher {
  const reset = async (_: TopicPartition, offset: bigint) => offset;
  const parts = { source, settings, bufferBytesMax: 1 << 20, reset, topicsChanged: () => {}, arrived: () => {}, ...changes };
  const partitions = [...source.ends].map(([partition, end]) => ({ topic, partition, topicId: 'id', offset: 0n, end: BigInt(end) }));
  return new ConsumerFetcher(parts, partitions);
}

/** Lets everything happen that needs no answer. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await turn();
}

/** Answers what is asked until nothing is. */
async function answerAll(source: ScriptedPartitions, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await settle();
    source.asked[0]?.answer();
  }
  await settle();
}

test('a slow reader holds no more than its bytes, what is under way included', async () => {
  const source = new ScriptedPartitions().add(0, 10_000).add(1, 10_000).add(2, 10_000, 2);
  const bufferBytesMax = 200 * recordBytes;
  await using fetcher = fetcherOf(source, { bufferBytesMax });
  let taken = 0;
  for (let round = 0; round < 200; round++) {
    await settle();
    const underWay = source.asked.reduce((sum, { limits }) => sum + limits.bytesMax, 0);
    assert.ok(fetcher.buffered + underWay <= bufferBytesMax, `${fetcher.buffered} held and ${underWay} under way`);
    const next = source.asked[0];
    // Nothing is asked for: the buffer is full, and a reader that takes some makes room.
    if (next === undefined) taken += fetcher.take(30).length;
    else next.answer();
  }
  assert.ok(taken > 1000, `${taken} taken`);
});

test('a record larger than the whole buffer comes through', async () => {
  const source = new ScriptedPartitions().add(0, 25);
  await using fetcher = fetcherOf(source, { bufferBytesMax: 10 });
  await answerAll(source, 1);
  assert.equal(source.asked.length, 0);
  assert.equal(fetcher.take(100).length, 10);
  await answerAll(source, 1);
  assert.equal(fetcher.take(100).length, 10);
});

test('each partition’s records come in their order, once, whoever leads it', async () => {
  const source = new ScriptedPartitions().add(0, 300).add(1, 300, 2);
  await using fetcher = fetcherOf(source, { bufferBytesMax: 64 << 20 });
  await settle();
  const former = source.asked.find(({ node }) => node === 2)!;
  // The leadership moves while a request is under way, and both answer.
  source.leaders.set(1, 1);
  source.asked.find(({ node }) => node === 1)!.answer();
  await settle();
  source.asked.find(({ node }) => node === 1)!.answer();
  former.answer();
  await answerAll(source, 3);
  const records = fetcher.take(10_000);
  for (const partition of [0, 1])
    assert.deepEqual(
      placesOf(records.filter(record => record.partition === partition)),
      Array.from({ length: 300 }, (_, offset) => `${partition}:${offset}`),
    );
});

test('an answer to what was asked before a seek is nothing to it', async () => {
  const source = new ScriptedPartitions().add(0, 100);
  await using fetcher = fetcherOf(source);
  await settle();
  fetcher.seek({ topic, partition: 0, offset: 50n });
  await answerAll(source, 2);
  assert.deepEqual(placesOf(fetcher.take(2)), ['0:50', '0:51']);
  assert.deepEqual(fetcher.reached({ topic, partition: 0 }), { given: 52n, position: 52n });
});

test('an offset that is not in the log is reset, or ends the reading', async () => {
  const source = new ScriptedPartitions().add(0, 100);
  source.errors.set(0, 'OFFSET_OUT_OF_RANGE');
  let refused = false;
  await using fetcher = fetcherOf(source, {
    reset: async () => {
      if (refused) throw new Error('no offset');
      source.errors.clear();
      return 90n;
    },
  });
  await answerAll(source, 2);
  assert.deepEqual(placesOf(fetcher.take(1)), ['0:90']);
  refused = true;
  source.errors.set(0, 'OFFSET_OUT_OF_RANGE');
  await answerAll(source, 1);
  assert.throws(() => fetcher.take(1), /no offset/);
});

test('another topic of the same name, or none, is told of; a broker that refuses ends the reading', async () => {
  const source = new ScriptedPartitions().add(0, 10);
  let told = 0;
  await using fetcher = fetcherOf(source, { topicsChanged: () => told++ });
  source.errors.set(0, 'UNKNOWN_TOPIC_ID');
  await answerAll(source, 1);
  assert.equal(told, 1);
  assert.ok(source.forgotten > 0);
  source.errors.set(0, 'TOPIC_AUTHORIZATION_FAILED');
  await answerAll(source, 1);
  assert.throws(
    () => fetcher.take(1),
    (error: SluiceError) => error.code === 'LOG_REFUSED',
  );
});

test('records that cannot be read end the reading, wherever that is found out', async () => {
  // A marker is read as it arrives, and a record as it is taken.
  for (const attributes of [0x25, 0x05]) {
    const source = new ScriptedPartitions().add(0, 10);
    source.attributes = attributes;
    await using fetcher = fetcherOf(source);
    await answerAll(source, 1);
    assert.throws(
      () => fetcher.take(1),
      (error: SluiceError) => error.code === 'LOG_REFUSED' && /compression 5/.test(error.message),
    );
  }
});

test('after what is no record the position is the end', async () => {
  const source = new ScriptedPartitions().add(0, 10);
  await using fetcher = fetcherOf(source);
  await answerAll(source, 1);
  assert.deepEqual(fetcher.lag(), [{ topic, partition: 0, position: 0n, records: 10n }]);
  fetcher.take(4);
  assert.deepEqual(fetcher.lag(), [{ topic, partition: 0, position: 4n, records: 6n }]);
  fetcher.take(100);
  assert.deepEqual(fetcher.lag(), [{ topic, partition: 0, position: 10n, records: 0n }]);
});

test('disposing ends what is under way', async () => {
  const source = new ScriptedPartitions().add(0, 10);
  {
    await using fetcher = fetcherOf(source);
    await settle();
    assert.deepEqual(fetcher.take(1), []);
  }
  assert.ok(source.disposed);
  await answerAll(source, 1);
  assert.equal(source.asked.length, 0);
});
