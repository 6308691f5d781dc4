import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmur2, partitionOfKey, StickyPartitions } from '../../../src/log/partitioner.ts';

// The vectors of Kafka's own UtilsTest.testMurmur2.
const vectors: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test('murmur2 gives the numbers that Kafka’s own tests expect', () => {
  for (const [text, hash] of vectors) assert.equal(murmur2(Buffer.from(text)), hash, text);
});

test('a range of a slab hashes as its bytes alone do', () => {
  for (const [text, hash] of vectors) {
    const slab = Buffer.from(`xyz${text}tail`);
    assert.equal(murmur2(slab, 3, 3 + Buffer.byteLength(text)), hash);
  }
});

test('bytes above 0x7f count as Java’s (byte) & 0xff', () => {
  assert.equal(murmur2(Buffer.from([0xff, 0xfe, 0x80])), murmur2(new Uint8Array([255, 254, 128])));
  assert.ok(partitionOfKey(12, Buffer.from([0xff, 0xfe, 0x80, 0x90, 0xa0])) < 12);
});

test('the partition is the hash without its sign bit, modulo the number of partitions', () => {
  assert.equal(partitionOfKey(12, Buffer.from('21')), (-973932308 & 0x7fffffff) % 12);
  assert.equal(partitionOfKey(12, Buffer.from('abc')), 479470107 % 12);
});

test('keyless records stay together within a batch and move on with the next', () => {
  const sticky = new StickyPartitions();
  const first = sticky.partition(3);
  assert.equal(sticky.partition(3), first);
  const seen = new Set([first]);
  for (let batch = 0; batch < 2; batch++) {
    sticky.nextBatch();
    seen.add(sticky.partition(3));
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
});
