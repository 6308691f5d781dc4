import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionOfKey } from '../../../src/log/partitioner.ts';
import { offsetAt, type Suite, texts } from './suite.ts';

/** Records as they are appended: their parts, order, partitions, atomicity. */
export function appendTests(suite: Suite): void {
  test('what was appended is read back: keys, values, nulls, headers and timestamps', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    const headers = [
      { key: 'origin', value: Buffer.from('test') },
      { key: 'nothing', value: null },
      { key: 'origin', value: Buffer.from('again') },
    ];
    await suite.append(writer, [
      { topic, key: 'k', value: 'v', timestampMs: 1_700_000_000_123, headers },
      { topic, key: 'k', value: null, timestampMs: 1_700_000_000_124 },
      { topic, value: 'no key', timestampMs: 1_700_000_000_125 },
      { topic, key: '', value: '', timestampMs: 1_700_000_000_126 },
      { topic, key: 'snowman ☃', value: 'grin 😀', timestampMs: 1_700_000_000_127 },
    ]);
    const records = await suite.read({ topics: [topic] });
    assert.deepEqual(
      records.map(record => [record.topic, record.partition, record.key && Buffer.from(record.key).toString(), record.timestampMs]),
      [
        [topic, 0, 'k', 1_700_000_000_123],
        [topic, 0, 'k', 1_700_000_000_124],
        [topic, 0, null, 1_700_000_000_125],
        [topic, 0, '', 1_700_000_000_126],
        [topic, 0, 'snowman ☃', 1_700_000_000_127],
      ],
    );
    assert.deepEqual(texts(records), ['v', null, 'no key', '', 'grin 😀']);
    assert.deepEqual(
      records[0]!.headers.map(({ key, value }) => [key, value && Buffer.from(value).toString()]),
      [
        ['origin', 'test'],
        ['nothing', null],
        ['origin', 'again'],
      ],
    );
    assert.deepEqual(records[1]!.headers, []);
  });

  test('a record without timestamp gets the time of its append', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    const before = Date.now();
    await suite.append(writer, [{ topic, value: 'now' }]);
    const [record] = await suite.read({ topics: [topic] });
    assert.ok(record!.timestampMs >= before - 1000 && record!.timestampMs <= Date.now() + 1000);
  });

  test('records of a partition keep the order of the appends, also of overlapping ones', async () => {
    const topic = await suite.aTopic(3);
    await using writer = await suite.writerOf(suite.aTask());
    const appends = Array.from({ length: 20 }, (_, round) =>
      suite.append(
        writer,
        Array.from({ length: 50 }, (_, index) => ({ topic, key: `key ${index % 10}`, value: String(round * 50 + index) })),
      ),
    );
    await Promise.all(appends);
    const records = await suite.read({ topics: [topic] });
    assert.equal(records.length, 1000);
    for (const partition of [0, 1, 2]) {
      const part = records.filter(record => record.partition === partition);
      const numbers = texts(part).map(Number);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
      assert.ok(part.every((record, index) => index === 0 || record.offset > part[index - 1]!.offset));
    }
  });

  test('keys go to the partitions that Java gives them, unless a record names its own', async () => {
    const topic = await suite.aTopic(12);
    await using writer = await suite.writerOf(suite.aTask());
    const keys = Array.from({ length: 200 }, (_, index) => `{"id":${index * 7919}}`);
    await suite.append(writer, [
      ...keys.map(key => ({ topic, key, value: key })),
      { topic, key: 'anywhere', value: 'fixed', partition: 5 },
    ]);
    const records = await suite.read({ topics: [topic] });
    assert.equal(records.length, 201);
    for (const record of records) {
      const expected = Buffer.from(record.value!).toString() === 'fixed' ? 5 : partitionOfKey(12, record.key!);
      assert.equal(record.partition, expected);
    }
  });

  test('a batch of more than a megabyte is one unit', async () => {
    const topic = await suite.aTopic(2);
    await using writer = await suite.writerOf(suite.aTask());
    const value = 'x'.repeat(1000);
    await suite.append(
      writer,
      Array.from({ length: 3000 }, (_, index) => ({ topic, key: String(index), value: `${index} ${value}` })),
      [offsetAt('one', 1)],
    );
    const numbers = texts(await suite.read({ topics: [topic] })).map(text => Number.parseInt(text!, 10));
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: 3000 }, (_, index) => index),
    );
  });
}
