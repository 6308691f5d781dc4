import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '../../../../src/contract/index.ts';
import { CommittedRecords } from '../../../../src/log/kafka/committed.ts';
import { ConsumerBuffer } from '../../../../src/log/kafka/consumer-buffer.ts';
import { storedBatch } from './stored-batch.ts';

const records = (topic: string, from: number, count: number): CommittedRecords => {
  const values = Array.from({ length: count }, () => ({ value: Buffer.alloc(1000) }));
  const reading = { topic, partition: 0, position: BigInt(from), end: null };
  return new CommittedRecords(reading, { aborted: [], records: storedBatch({ firstOffset: from, records: values }) });
};
const places = (taken: readonly LogRecord[]) => taken.map(({ topic, offset }) => `${topic}${offset}`);

test('records are given out in the order in which they came, no more than asked for', () => {
  const buffer = new ConsumerBuffer();
  const [a, b] = [{ given: 0n }, { given: 0n }];
  buffer.add(a, records('a', 0, 3));
  buffer.add(b, records('b', 10, 2));
  assert.equal(buffer.firstOf(b), 10n);
  assert.deepEqual(places(buffer.take(2)), ['a0', 'a1']);
  assert.equal(a.given, 2n);
  assert.equal(buffer.firstOf(a), 2n);
  assert.deepEqual(places(buffer.take(10)), ['a2', 'b10', 'b11']);
  assert.deepEqual([a.given, b.given], [3n, 12n]);
  assert.equal(buffer.firstOf(a), null);
  assert.deepEqual(buffer.take(10), []);
});

test('bytes are counted until the last record of an answer is given out: the whole answer is in memory until then', () => {
  const buffer = new ConsumerBuffer();
  const owner = { given: 0n };
  buffer.add(owner, records('a', 0, 10));
  const whole = buffer.bytes;
  assert.ok(whole >= 10_000);
  buffer.take(9);
  assert.equal(buffer.bytes, whole);
  buffer.take(1);
  assert.equal(buffer.bytes, 0);
});

test('what a seek has passed is forgotten', () => {
  const buffer = new ConsumerBuffer();
  const [a, b] = [{ given: 0n }, { given: 0n }];
  buffer.add(a, records('a', 0, 3));
  buffer.add(b, records('b', 0, 1));
  buffer.add(a, records('a', 3, 3));
  buffer.forget(a);
  assert.deepEqual(places(buffer.take(10)), ['b0']);
  assert.equal(buffer.bytes, 0);
});

test('a batch of which the position has passed all that compaction has left gives nothing, and moves nobody', () => {
  const buffer = new ConsumerBuffer();
  const [a, b] = [{ given: 0n }, { given: 7n }];
  buffer.add(a, records('a', 0, 2));
  const thinned = storedBatch({ firstOffset: 5, records: [{ value: Buffer.from('passed') }], lastOffset: 9 });
  const reading = { topic: 'b', partition: 0, position: 7n, end: null };
  buffer.add(b, new CommittedRecords(reading, { aborted: [], records: thinned }));
  assert.deepEqual(places(buffer.take(10)), ['a0', 'a1']);
  assert.deepEqual([a.given, b.given, buffer.bytes], [2n, 7n, 0]);
});

test('an answer of which nothing is to be given out is not kept', () => {
  const buffer = new ConsumerBuffer();
  buffer.add({ given: 0n }, records('a', 0, 0));
  assert.equal(buffer.bytes, 0);
  assert.deepEqual(buffer.take(1), []);
});
