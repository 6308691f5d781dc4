import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { SluiceError } from '../../../../src/contract/index.ts';
import { RecordCursor, type StoredBatch, storedBatches } from '../../../../src/log/kafka/stored-batches.ts';
import { storedBatch } from './stored-batch.ts';

const bytes = fc.option(
  fc.uint8Array({ maxLength: 300 }).map(each => Buffer.from(each)),
  { nil: null },
);
const headers = fc.dictionary(
  fc.string(),
  fc.uint8Array({ maxLength: 40 }).map(each => Buffer.from(each)),
  { maxKeys: 4 },
);
const message = fc.record({
  key: bytes,
  value: bytes,
  headers,
  timestampMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_000 + 2 ** 30 }),
});
const batch = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 100 }),
  compression: fc.constantFrom('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  firstOffset: fc.bigInt({ min: 0n, max: 1n << 60n }),
});

function recordsOf(stored: StoredBatch) {
  const cursor = new RecordCursor(stored, 't', 7);
  const records = [];
  while (cursor.advance()) records.push(cursor.record());
  return records;
}

test('what another producer encodes is read as it was', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), batches => {
      const encoded = batches.map(({ messages, compression, firstOffset }) => {
        const given = messages.map(({ key, value, headers: named, timestampMs }) => ({
          topic: 't',
          // A null key or value is one that is left out.
          ...(key !== null && { key }),
          ...(value !== null && { value }),
          headers: new Map(Object.entries(named).map(([name, header]) => [Buffer.from(name), header])),
          timestamp: BigInt(timestampMs),
        }));
        const stored = createRecordsBatch(given as unknown as Parameters<typeof createRecordsBatch>[0], { compression }).dynamicBuffer
          .buffer;
        stored.writeBigInt64BE(firstOffset, 0);
        return stored;
      });
      const read = storedBatches(Buffer.concat(encoded));
      assert.deepEqual(
        read.map(recordsOf),
        batches.map(({ messages, firstOffset }) =>
          messages.map(({ key, value, headers: named, timestampMs }, index) => ({
            topic: 't',
            partition: 7,
            offset: firstOffset + BigInt(index),
            timestampMs,
            key,
            value,
            headers: Object.entries(named).map(([name, header]) => ({ key: Buffer.from(name).toString(), value: header })),
          })),
        ),
      );
      for (const [index, { firstOffset, lastOffset }] of read.entries())
        assert.equal(lastOffset, firstOffset + BigInt(batches[index]!.messages.length - 1));
    }),
    { numRuns: 100 },
  );
});

test('timestamps of one batch may lie decades apart', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { minLength: 1 }), times => {
      const stored = storedBatch({ firstOffset: 0, records: times.map(timestampMs => ({ timestampMs })) });
      assert.deepEqual(
        recordsOf(storedBatches(stored)[0]!).map(({ timestampMs }) => timestampMs),
        times,
      );
    }),
  );
});

test('with a topic’s own time of append all records of a batch have that time', () => {
  const records = [{ timestampMs: 5 }, { timestampMs: 9 }];
  const times = (attributes: number) =>
    recordsOf(storedBatches(storedBatch({ firstOffset: 0, records, attributes }))[0]!).map(({ timestampMs }) => timestampMs);
  assert.deepEqual(
    [times(0), times(0x08)],
    [
      [5, 9],
      [9, 9],
    ],
  );
});

test('what cannot be read is refused with the place', () => {
  const whole = storedBatch({ firstOffset: 42, records: [{ value: Buffer.from('value') }] });
  const changed = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(whole);
    change(copy);
    return () => recordsOf(storedBatches(copy)[0]!);
  };
  const refused = (why: RegExp) => (error: SluiceError) =>
    error instanceof SluiceError &&
    error.code === 'LOG_REFUSED' &&
    /topic t (at|behind) offset/.test(error.message) &&
    why.test(error.message);
  assert.throws(
    changed(copy => {
      copy[16] = 1;
    }),
    refused(/offset 42 .* message format v1/),
  );
  assert.throws(
    changed(copy => copy.writeInt16BE(5, 21)),
    refused(/compression 5 is not known/),
  );
  assert.throws(
    changed(copy => copy.writeInt16BE(1, 21)),
    refused(/offset 42/),
  );
  assert.throws(
    changed(copy => {
      copy[61] = 0x7e;
    }),
    refused(/goes beyond its batch/),
  );
});
