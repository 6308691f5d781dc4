import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordsBatch } from '@platformatic/kafka';
import { committedRecords } from '../../../../src/log/kafka/committed.ts';

const transactional = 0x10;
const control = 0x30;

function batch(firstOffset: number, values: readonly string[], producerId: number, attributes: number): RecordsBatch {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes,
    lastOffsetDelta: values.length - 1,
    firstTimestamp: 0n,
    maxTimestamp: 9n,
    producerId: BigInt(producerId),
    producerEpoch: 0,
    firstSequence: 0,
    records: values.map((value, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta),
      offsetDelta,
      key: null,
      value: Buffer.from(value),
      headers: [],
    })),
  };
}

function marker(offset: number, producerId: number, committed: boolean): RecordsBatch {
  const made = batch(offset, ['marker'], producerId, control);
  made.records[0]!.key = Buffer.from([0, 0, 0, committed ? 1 : 0]);
  return made;
}

function read(records: readonly RecordsBatch[], aborted: readonly (readonly [number, number])[], position = 0n, end: bigint | null = null) {
  const reading = { topic: 't', partition: 0, position, end };
  const found = committedRecords(reading, {
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 100n,
    lastStableOffset: 100n,
    logStartOffset: 0n,
    abortedTransactions: aborted.map(([producerId, firstOffset]) => ({ producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) })),
    preferredReadReplica: -1,
    records: [...records],
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
  const emptied = { ...batch(0, ['a', 'b', 'c'], 1, 0), records: [] };
  assert.deepEqual(read([emptied], []), { values: [], position: 3n });
});
