import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommittedRecords, committedRecords } from '../../../../src/log/kafka/committed.ts';
import { storedBatch } from './stored-batch.ts';

const transactional = 0x10;
const control = 0x30;

function batch(firstOffset: number, values: readonly string[], producerId: number, attributes: number): Buffer {
  return storedBatch({ firstOffset, records: values.map(value => ({ value: Buffer.from(value) })), producerId, attributes });
}

function marker(offset: number, producerId: number, committed: boolean): Buffer {
  const record = { key: Buffer.from([0, 0, 0, committed ? 1 : 0]), value: Buffer.from('marker') };
  return storedBatch({ firstOffset: offset, records: [record], producerId, attributes: control });
}

function read(records: readonly Buffer[], aborted: readonly (readonly [number, number])[], position = 0n, end: bigint | null = null) {
  const reading = { topic: 't', partition: 0, position, end };
  const found = committedRecords(reading, {
    aborted: aborted.map(([producerId, firstOffset]) => ({ producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) })),
    records: Buffer.concat(records),
  });
  return { values: found.map(({ value }) => String(value)), position: reading.position };
}

test('aborted records and markers are left out, the producer’s later and others’ records are not', () => {
  const log = [
    batch(0, ['a', 'b'], 1, transactional),
    batch(2, ['other'], 2, transactional),
    marker(3, 1, false),
    batch(4, ['c'], 1, transactional),
    marker(5, 2, true),
    marker(6, 1, true),
  ];
  assert.deepEqual(read(log, [[1, 0]]), { values: ['other', 'c'], position: 7n });
});

test('two aborted transactions of one producer in one answer are both left out', () => {
  const log = [
    batch(0, ['a'], 1, transactional),
    marker(1, 1, false),
    batch(2, ['kept'], 1, transactional),
    marker(3, 1, true),
    batch(4, ['b'], 1, transactional),
    marker(5, 1, false),
  ];
  const aborted = [
    [1, 4],
    [1, 0],
  ] as const;
  assert.deepEqual(read(log, aborted).values, ['kept']);
});

test('an aborted transaction that began before the answer is left out', () => {
  assert.deepEqual(
    read([batch(10, ['a'], 1, transactional), marker(11, 1, false), batch(12, ['b'], 1, transactional)], [[1, 3]], 10n).values,
    ['b'],
  );
});

test('records of no transaction stay, whatever their producer aborted', () => {
  assert.deepEqual(read([batch(0, ['plain'], 1, 0)], [[1, 0]]).values, ['plain']);
});

test('a batch that begins before the position or goes beyond the end gives its part only', () => {
  assert.deepEqual(read([batch(5, ['a', 'b', 'c', 'd'], -1, 0)], [], 6n, 8n), { values: ['b', 'c'], position: 8n });
});

test('what was appended behind the end before the answer came is for the next reading', () => {
  const answer = [batch(0, ['a'], -1, 0), batch(1, ['b', 'c'], -1, 0), batch(3, ['d'], -1, 0)];
  const first = read(answer, [], 0n, 2n);
  assert.deepEqual(first, { values: ['a', 'b'], position: 2n });
  assert.deepEqual(read(answer, [], first.position, 4n), { values: ['c', 'd'], position: 4n });
});

test('an emptied batch of a compacted topic moves the position', () => {
  const emptied = storedBatch({ firstOffset: 0, records: [], lastOffset: 2 });
  assert.deepEqual(read([emptied], []), { values: [], position: 3n });
});

test('an answer without records moves nothing, and its last batch, where it came in part only, is for the next one', () => {
  const reading = { topic: 't', partition: 0, position: 4n, end: null };
  assert.deepEqual(committedRecords(reading, { aborted: [], records: null }), []);
  assert.equal(reading.position, 4n);
  const cut = batch(5, ['cut'], 1, 0);
  for (const length of [1, 30, cut.length - 1])
    assert.deepEqual(read([batch(4, ['whole'], 1, 0), cut.subarray(0, length)], [], 4n), { values: ['whole'], position: 5n });
});

test('what waits is not decoded to be told of: only who takes it meets what cannot be read', () => {
  const reading = { topic: 't', partition: 0, position: 3n, end: null };
  const unreadable = batch(2, ['a', 'b', 'c'], 1, 0x05);
  const records = new CommittedRecords(reading, { aborted: [], records: unreadable });
  assert.equal(records.first(), 3n);
  assert.equal(reading.position, 5n);
  assert.throws(() => records.next(), /compression 5 is not known/);
});

test('the first one left is told without being taken, over batches that have none', () => {
  const reading = { topic: 't', partition: 0, position: 1n, end: null };
  const all = [batch(0, ['passed'], 1, 0), storedBatch({ firstOffset: 1, records: [], lastOffset: 3 }), batch(4, ['a', 'b'], 1, 0)];
  const records = new CommittedRecords(reading, { aborted: [], records: Buffer.concat(all) });
  assert.equal(records.first(), 4n);
  assert.equal(records.first(), 4n);
  assert.equal(String(records.next()?.value), 'a');
  assert.equal(records.first(), 5n);
  assert.equal(String(records.next()?.value), 'b');
  assert.equal(records.first(), null);
  assert.equal(records.next(), null);
});
