import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { code, type Suite, texts } from './suite.ts';

/** Reads without group: where they begin, what they follow, how they end. */
export function readTests(suite: Suite): void {
  test('reads begin at the start, the end, an offset or a time', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    const start = 1_700_000_000_000;
    await suite.append(
      writer,
      Array.from({ length: 10 }, (_, index) => ({ topic, value: String(index), timestampMs: start + index * 1000 })),
    );
    const all = await suite.read({ topics: [topic] });
    assert.deepEqual(texts(all), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    assert.deepEqual(texts(await suite.read({ topics: [topic], from: 'end' })), []);
    assert.deepEqual(texts(await suite.read({ topics: [topic], from: { offset: all[7]!.offset } })), ['7', '8', '9']);
    assert.deepEqual(texts(await suite.read({ topics: [topic], from: { timestampMs: start + 7500 } })), ['8', '9']);
    assert.deepEqual(texts(await suite.read({ topics: [topic], from: { timestampMs: start + 60_000 } })), []);
  });

  test('a read begins in each partition where it is told to; what it is not told of it passes over', async () => {
    const topic = await suite.aTopic(3);
    await using writer = await suite.writerOf(suite.aTask());
    const values = Array.from({ length: 9 }, (_, index) => ({
      topic,
      value: `${index % 3}:${Math.floor(index / 3)}`,
      partition: index % 3,
    }));
    await suite.append(writer, values);
    const all = await suite.read({ topics: [topic] });
    const places = all.filter(record => ['0:1', '2:2'].includes(texts([record])[0] ?? ''));
    assert.equal(places.length, 2);
    const offsets = places.map(({ partition, offset }) => ({ topic, partition, offset }));
    assert.deepEqual(texts(await suite.read({ topics: [topic], from: { offsets } })).toSorted(), ['0:1', '0:2', '2:2']);
    const beyond = [{ topic, partition: 1, offset: 1_000_000n }];
    assert.deepEqual(texts(await suite.read({ topics: [topic], from: { offsets: beyond } })), []);
  });

  test('one read takes several topics', async () => {
    const [one, two] = [await suite.aTopic(), await suite.aTopic(2)];
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(writer, [
      { topic: one, value: 'a' },
      { topic: two, value: 'b', partition: 1 },
      { topic: one, value: 'c' },
    ]);
    const records = await suite.read({ topics: [one, two] });
    assert.deepEqual(texts(records.filter(record => record.topic === one)), ['a', 'c']);
    assert.deepEqual(texts(records.filter(record => record.topic === two)), ['b']);
  });

  test('reading a topic that does not exist is refused', async () => {
    await assert.rejects(suite.read({ topics: [suite.aName('absent')] }), code('TOPIC_UNKNOWN'));
  });

  test('a follower gets what is there and what comes, and ends when aborted', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(writer, [{ topic, value: 'there' }]);
    let appended: Promise<void> | null = null;
    const found = await suite.follow({ topics: [topic], from: 'start' }, records => {
      appended ??= suite.append(writer, [{ topic, value: 'came' }]);
      return records.length === 2;
    });
    await appended;
    assert.deepEqual(texts(found), ['there', 'came']);
  });

  test('a follower from the end sees nothing older', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(writer, [{ topic, value: 'old' }]);
    let followed = false;
    const found = suite.follow({ topics: [topic], from: 'end' }, records => {
      followed = records.length > 0;
      return followed;
    });
    // It says not when it has found the end, so knock until it hears.
    const heard = async () => {
      await suite.append(writer, [{ topic, value: 'new' }]);
      return followed;
    };
    await until(heard, { what: 'the follower to hear of something' });
    assert.ok(texts(await found).every(text => text === 'new'));
  });

  test('an aborted follower that waits for nothing ends', async () => {
    const topic = await suite.aTopic();
    const abort = new AbortController();
    const reading = suite.log.read({ topics: [topic], from: 'start', follow: true }, abort.signal)[Symbol.asyncIterator]();
    const next = reading.next();
    abort.abort();
    assert.equal((await next).done, true);
  });
}
