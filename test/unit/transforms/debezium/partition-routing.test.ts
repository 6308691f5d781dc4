import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { arraySchema, type Schema, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { partitionRouting } from '../../../../transforms/debezium/partition-routing.ts';
import { javaHash } from '../../../../transforms/debezium/partitions/java-hash.ts';
import { murmurHash3OfInt, murmurHash3OfText } from '../../../../transforms/debezium/partitions/murmur-hash-3.ts';
import { change, envelopeSchema, struct, tombstone } from './golden.ts';
import { faultsOf, transformOf } from './transform-under-test.ts';

function decimal(unscaled: bigint, scale: number): [Schema, Uint8Array] {
  const bytes: number[] = [];
  let rest = unscaled;
  do {
    bytes.unshift(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while (rest !== 0n && rest !== -1n);
  if (unscaled < 0n !== (bytes[0] ?? 0) > 127) bytes.unshift(unscaled < 0n ? 255 : 0);
  return [schemaOf('bytes', { name: schemas.connectDecimal, parameters: { scale: String(scale) } }), Uint8Array.from(bytes)];
}

describe('hashes are those of Java 17 and of Debezium’s MurmurHash3', () => {
  test('of texts', () => {
    const expected: readonly (readonly [string, number, number])[] = [
      ['', 0, 89125410],
      ['a', 97, -1119243492],
      ['hello', 99162322, 1671093224],
      ['exactly16bytes!!', 311696570, 110160795],
      ['more than sixteen bytes, ü ✓ 😀', -400802277, 18183524],
      ['\ud800x', 1714296, 326775722],
      ['élan vital 12345678', -707987416, -649690723],
      ['ÿþý', 253182, -1854279835],
    ];
    for (const [text, java, murmur] of expected) {
      assert.equal(javaHash(schemas.string, text), java);
      assert.equal(murmurHash3OfText(text), murmur);
    }
  });

  test('of everything else', () => {
    const expected: readonly (readonly [Schema, Exclude<Value, null>, number, number])[] = [
      [schemas.int8, -3, -3, -1765749021],
      [schemas.int16, 300, 300, -297510042],
      [schemas.int32, -1, -1, 171705313],
      [schemas.int64, 5000000000n, 705032705, -716149582],
      [schemas.int64, -5000000000n, 705032702, 453450037],
      [schemas.int64, -(2n ** 63n), -2147483648, -797218156],
      [schemas.boolean, true, 1231, -1891831265],
      [schemas.boolean, false, 1237, -682375457],
      [schemas.float64, 1.5, 1073217536, -1122085266],
      [schemas.float64, -0, -2147483648, -797218156],
      [schemas.float64, Number.NaN, 2146959360, -1249978784],
      [schemas.float32, 1.5, 1069547520, 1166483436],
      [...decimal(1234n, 2), 38256, -1299364558],
      [...decimal(-1234n, 2), -38252, 2048110607],
      [...decimal(12345678901234567890123456789012n, 2), -1747325893, -102512819],
      [...decimal(-999999999995n, 1), 1073719732, 2099037290],
      [...decimal(0n, 2), 2, -351805952],
      [schemas.bytes, Uint8Array.of(1, 255, 3), 32644, 1960897649],
      [arraySchema(schemas.optionalString), ['a', null, 'b'], 123106, -1162672804],
      [schemaOf('int64', { name: schemas.connectTimestamp }), 1577836800123n, 1583802644, -1103548963],
    ];
    for (const [schema, value, java, murmur] of expected) {
      assert.equal(javaHash(schema, value), java, `${schema.type} ${String(value)}`);
      assert.equal(murmurHash3OfInt(java), murmur);
    }
  });
});

const rowSchema = structSchema(
  [
    ['id', schemas.int32],
    ['name', schemas.optionalString],
    ['inner', structSchema([['x', schemas.int32]], { optional: true })],
  ],
  {
    name: 'srv.public.t.Value',
  },
);
const envelope = envelopeSchema(rowSchema, 'srv.public.t');
const optionalRow = envelope.field('after')?.schema ?? rowSchema;
const row = (id: number, name: string | null) => new Struct(optionalRow, [id, name, null]);
const route = (fields: string, partitions = 10, hash = 'java') =>
  transformOf(partitionRouting, {
    'partition.payload.fields': fields,
    'partition.topic.num': String(partitions),
    'partition.hash.function': hash,
  });

describe('PartitionRouting', () => {
  test('adds the hashes of the fields', () => {
    const record = change(envelope, { op: 'c', after: row(3, 'a'), source: { table: 'b' } });
    assert.equal(route('after.id')(record)?.partition, 3);
    assert.equal(route('after.id,after.name')(record)?.partition, (3 + 97) % 10);
    assert.equal(route('after.id, source.table ,op')(record)?.partition, (3 + 98 + 99) % 10);
    assert.equal(route('after.name', 7, 'murmur')(record)?.partition, (-1119243492 & 0x7fff_ffff) % 7);
  });

  test('change means the row after, of deletes the row before', () => {
    assert.equal(route('change.id')(change(envelope, { op: 'u', before: row(1, null), after: row(2, null) }))?.partition, 2);
    assert.equal(route('change.id')(change(envelope, { op: 'd', before: row(1, null) }))?.partition, 1);
  });

  test('leaves out what a record does not have, and leaves it alone if that is all', () => {
    const record = change(envelope, { op: 'd', before: row(4, null) });
    assert.equal(route('nothing,after.id,before.nothing,before.inner.x,before.id')(record)?.partition, 4);
    assert.equal(route('after.id,before.name,before.id.deeper')(record), record);
  });

  test('leaves truncates, tombstones and records without an envelope', () => {
    for (const record of [
      change(envelope, { op: 't' }),
      tombstone(null),
      { ...change(envelope, { op: 'c', after: row(1, null) }), valueSchema: null },
    ])
      assert.equal(route('op')(record), record);
  });

  test('fails on a struct, whose hash is not to be had', () => {
    const record = change(envelope, { op: 'c', after: row(1, null) });
    assert.throws(() => route('after')(record), { code: 'TRANSFORM_FAILED', message: /'after'.*cannot be hashed/ });
  });

  test('the partition is always one of the topic’s', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.string(),
        fc.integer({ min: 1, max: 1000 }),
        fc.constantFrom('java', 'murmur'),
        (id, name, partitions, hash) => {
          const after = struct(optionalRow, { id, name });
          const partition = route('after.id,after.name', partitions, hash)(change(envelope, { op: 'c', after }))?.partition ?? -1;
          return partition >= 0 && partition < partitions;
        },
      ),
    );
  });

  test('wants fields and a number of partitions', () => {
    assert.deepEqual(faultsOf(partitionRouting, { 'partition.payload.fields': '', 'partition.topic.num': '0' }), ['partition.topic.num']);
    assert.deepEqual(faultsOf(partitionRouting, { 'partition.payload.fields': 'a,,b', 'partition.topic.num': '1' }), [
      'partition.payload.fields',
    ]);
  });
});
