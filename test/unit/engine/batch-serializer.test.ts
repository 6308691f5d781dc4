import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ConnectRecord,
  type Converter,
  type Header,
  type HeaderConverter,
  type SerializedBatch,
  SluiceError,
  schemas,
} from '../../../src/contract/index.ts';
import { BatchSerializer } from '../../../src/engine/batch-serializer.ts';

/** Texts as their bytes; the text `refuse` is refused, after it was written. */
const texts: Converter = {
  serialize: () => assert.fail('a converter that writes into the slab is asked to'),
  serializeInto(_topic, _schema, value, slab) {
    if (value === null) return false;
    slab.text(String(value));
    if (value === 'refuse') throw new SluiceError('CONVERSION_FAILED', 'refused');
    return true;
  },
  deserialize: () => assert.fail('not asked'),
};
/** The same without writing into the slab. */
const apart: Converter = {
  serialize: (_topic, _schema, value) => (value === null ? null : Buffer.from(String(value))),
  deserialize: () => assert.fail('not asked'),
};
let headersSerialized = 0;
const headers: HeaderConverter = {
  serializeHeader(_topic, { value }) {
    headersSerialized++;
    if (value === 'refuse') throw new SluiceError('CONVERSION_FAILED', 'refused');
    return value === null ? null : Buffer.from(String(value));
  },
  deserializeHeader: () => assert.fail('not asked'),
};

const record = (changes: Partial<ConnectRecord>): ConnectRecord => ({
  topic: 't',
  partition: null,
  timestamp: null,
  keySchema: schemas.string,
  key: 'key',
  valueSchema: schemas.string,
  value: 'value',
  headers: [],
  ...changes,
});

/** The batch read back as the log reads it. */
function readBack(batch: SerializedBatch) {
  let at = 0;
  const take = (length: number) => {
    if (length < 0) return null;
    at += length;
    return Buffer.from(batch.slab.subarray(at - length, at)).toString();
  };
  return Array.from({ length: batch.count }, (_, index) => ({
    topic: batch.topics[batch.topicIndexes[index]!],
    key: take(batch.keyLengths[index]!),
    value: take(batch.valueLengths[index]!),
    partition: batch.partitions[index],
    timestampMs: batch.timestampsMs[index],
    headers: batch.headerSets[batch.headerIndexes[index]!]!.map(({ key, value }) => [key, value && Buffer.from(value).toString()]),
  }));
}

test('any records read back from the batch, batch after batch', () => {
  const serializer = new BatchSerializer({ key: texts, value: apart, header: headers });
  const text = fc.option(
    fc.string({ unit: 'grapheme', maxLength: 300 }).filter(value => value !== 'refuse'),
    { nil: null },
  );
  const records = fc.array(
    fc.record({
      topic: fc.constantFrom('a', 'b', 'c'),
      key: text,
      value: text,
      partition: fc.option(fc.nat(9), { nil: null }),
      timestamp: fc.option(fc.nat(), { nil: null }),
      headers: fc.array(fc.record({ key: fc.string(), schema: fc.constant(null), value: text.filter(value => value !== 'refuse') }), {
        maxLength: 2,
      }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(records, given => {
      for (const changes of given) assert.equal(serializer.add(record(changes)), null);
      assert.equal(serializer.count, given.length);
      const expected = given.map(({ topic, key, value, partition, timestamp, headers: set }) => ({
        topic,
        key,
        value,
        partition: partition ?? -1,
        timestampMs: timestamp ?? Number.NaN,
        headers: set.map(header => [header.key, header.value]),
      }));
      assert.deepEqual(readBack(serializer.finish()), expected);
      assert.equal(serializer.count, 0);
    }),
  );
});

test('a record that a converter refuses leaves no trace, and the converter is named', () => {
  const serializer = new BatchSerializer({ key: texts, value: texts, header: headers });
  assert.equal(serializer.add(record({ value: 'one' })), null);
  const bytes = serializer.bytes;
  assert.equal(serializer.add(record({ topic: 'other', key: 'refuse' }))?.role, 'key');
  assert.equal(serializer.add(record({ value: 'refuse' }))?.role, 'value');
  const failure = serializer.add(record({ headers: [{ key: 'h', schema: null, value: 'refuse' }] }));
  assert.equal(failure?.role, 'header');
  assert.equal(failure?.error.code, 'CONVERSION_FAILED');
  assert.equal(serializer.bytes, bytes);
  assert.equal(serializer.add(record({ value: 'two' })), null);
  const batch = serializer.finish();
  assert.deepEqual(
    readBack(batch).map(({ value }) => value),
    ['one', 'two'],
  );
  assert.deepEqual(batch.topics, ['t']);
});

test('header arrays that records share are serialized once, also across batches', () => {
  const serializer = new BatchSerializer({ key: texts, value: texts, header: headers });
  const shared: readonly Header[] = [{ key: 'h', schema: null, value: 'v' }];
  headersSerialized = 0;
  for (let batch = 0; batch < 3; batch++) {
    for (let index = 0; index < 10; index++) serializer.add(record({ headers: index % 2 === 0 ? shared : [] }));
    assert.equal(serializer.finish().headerSets.length, 2);
  }
  assert.equal(headersSerialized, 1);
});

test('bytes say how large the batch has grown', () => {
  const serializer = new BatchSerializer({ key: texts, value: texts, header: headers });
  serializer.add(record({ key: 'four', value: 'x'.repeat(100_000) }));
  assert.equal(serializer.bytes, 100_004);
  const { slab } = serializer.finish();
  assert.ok(slab.buffer.byteLength === slab.byteLength, 'the slab has memory of its own, so that it can be transferred');
  assert.equal(serializer.bytes, 0);
});
