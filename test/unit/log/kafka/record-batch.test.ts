import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, Reader, readRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { batchHeaderBytes, encodeHeaders, loneRecordBytes, RecordBatch, recordBytesMax } from '../../../../src/log/kafka/record-batch.ts';

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
const header = fc.record({ key: fc.string(), value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null }) });
const record = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(header, { maxLength: 4 }),
  timestampMs: fc.oneof(fc.integer({ min: 0, max: 2 ** 41 }), fc.constant(1_700_000_000_000)),
});
type Plain = {
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: readonly { key: string; value: Uint8Array | null }[];
  timestampMs: number;
};

function add(batch: RecordBatch, { key, value, headers, timestampMs }: Plain): void {
  const slab = Buffer.concat([Buffer.from('before'), key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]);
  batch.add(timestampMs, slab, 6, key?.length ?? -1, value?.length ?? -1, encodeHeaders(headers));
}

test('what is encoded is what a reader of the format reads', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 300 }),
      fc.constantFrom('none', 'gzip', 'snappy', 'lz4', 'zstd'),
      (records, compression) => {
        const batch = new RecordBatch(1 << 20);
        for (const each of records) add(batch, each);
        const producer = { id: 4711n, epoch: 3, transactional: true };
        const encoded = batch.finish(producer, 42, compression);
        const read = readRecordsBatch(Reader.from(encoded));
        assert.equal(read.length, encoded.length - 12);
        assert.equal(read.crc, crc32c(encoded.subarray(21)));
        assert.deepEqual([read.magic, read.producerId, read.producerEpoch, read.firstSequence], [2, 4711n, 3, 42]);
        assert.equal(read.attributes & 0x10, 0x10);
        assert.equal(read.lastOffsetDelta, records.length - 1);
        assert.equal(Number(read.maxTimestamp), Math.max(...records.map(({ timestampMs }) => timestampMs)));
        assert.deepEqual(
          read.records.map(each => ({
            key: each.key && new Uint8Array(each.key),
            value: each.value && new Uint8Array(each.value),
            headers: each.headers.map(([key, value]) => ({ key: String(key), value: value && new Uint8Array(value) })),
            timestampMs: Number(read.firstTimestamp + each.timestampDelta),
          })),
          records.map(each => ({ ...each, headers: each.headers.map(({ key, value }) => ({ key: Buffer.from(key).toString(), value })) })),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('a lone record’s size is known to the byte, and never above the bound', () => {
  fc.assert(
    fc.property(record, each => {
      const batch = new RecordBatch(1 << 20);
      add(batch, each);
      const [key, value, headers] = [each.key?.length ?? -1, each.value?.length ?? -1, encodeHeaders(each.headers).length];
      assert.equal(batch.length, loneRecordBytes(key, value, headers));
      assert.ok(batch.length - batchHeaderBytes <= recordBytesMax(key, value, headers));
    }),
  );
});

test('a batch stays below its limit, but for a single record that is larger', () => {
  const batch = new RecordBatch(1000);
  const value = Buffer.alloc(300);
  let added = 0;
  for (; batch.hasRoom(recordBytesMax(-1, value.length, 1)); added++) add(batch, { key: null, value, headers: [], timestampMs: 0 });
  assert.equal(added, 2);
  assert.ok(batch.length <= 1000);
  const large = new RecordBatch(1000);
  assert.ok(large.hasRoom(5000));
  add(large, { key: null, value: Buffer.alloc(5000), headers: [], timestampMs: 0 });
  assert.equal(readRecordsBatch(Reader.from(large.finish(null, 0, 'none'))).records[0]!.value?.length, 5000);
});

test('a batch can be completed again for a repetition: the same bytes', () => {
  const batch = new RecordBatch(1000);
  add(batch, { key: Buffer.from('k'), value: Buffer.from('v'), headers: [], timestampMs: 5 });
  const producer = { id: 1n, epoch: 0, transactional: false };
  const first = Buffer.from(batch.finish(producer, 7, 'none'));
  assert.deepEqual(batch.finish(producer, 7, 'none'), first);
});

test('bytes that compression would only enlarge go uncompressed', () => {
  const batch = new RecordBatch(1 << 20);
  add(batch, { key: null, value: Buffer.from([1, 2, 3]), headers: [], timestampMs: 5 });
  const read = readRecordsBatch(Reader.from(batch.finish(null, 0, 'gzip')));
  assert.equal(read.attributes & 7, 0);
  assert.deepEqual([...read.records[0]!.value!], [1, 2, 3]);
});
