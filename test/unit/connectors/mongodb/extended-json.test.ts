import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BSON, type Document } from 'mongodb';
import { ExtendedJson } from '../../../../connectors/mongodb/json/extended-json.ts';
import { readBsonDocument } from '../../../../transforms/debezium/documents/read-document.ts';

const { Binary, BSONRegExp, Code, Decimal128, Double, EJSON, Int32, Long, MaxKey, MinKey, ObjectId, serialize, Timestamp } = BSON;

const bytesOf = (document: Document) => Buffer.from(serialize(document));
const strict = new ExtendedJson({ dialect: 'strict', compact: true });
const relaxed = new ExtendedJson({ dialect: 'relaxed', compact: false });
const canonical = new ExtendedJson({ dialect: 'extended', compact: true });

const sample = {
  double: new Double(3),
  nan: new Double(Number.NaN),
  text: 'a "b" \u2028 ʰ 😀',
  when: new Date('2024-02-29T13:14:15.670Z'),
  early: new Date(-1),
  long: Long.fromNumber(5),
  int: new Int32(5),
  bytes: new Binary(Buffer.from([1, 255]), 0x0a),
  rx: new BSONRegExp('^a', 'i'),
  code: new Code('f', { x: new Int32(1) }),
  ts: new Timestamp({ t: 4294967295, i: 1 }),
  list: [new Int32(1), {}, []],
};

describe('Extended JSON', () => {
  test('version 1, as documents are written', () => {
    assert.equal(
      strict.document(bytesOf(sample)),
      '{"double": 3.0,"nan": NaN,"text": "a \\"b\\" \\u2028 \\u02b0 \\ud83d\\ude00","when": {"$date": 1709212455670},"early": {"$date": -1},' +
        '"long": {"$numberLong": "5"},"int": 5,"bytes": {"$binary": "Af8=","$type": "0A"},"rx": {"$regex": "^a","$options": "i"},' +
        '"code": {"$code": "f","$scope": {"x": 1}},"ts": {"$timestamp": {"t": 4294967295,"i": 1}},"list": [1,{},[]]}',
    );
  });

  test('version 2 relaxed, as updated fields are written', () => {
    assert.equal(
      relaxed.document(bytesOf(sample)),
      '{"double": 3.0, "nan": {"$numberDouble": "NaN"}, "text": "a \\"b\\" \\u2028 \\u02b0 \\ud83d\\ude00", "when": {"$date": "2024-02-29T13:14:15.67Z"}, ' +
        '"early": {"$date": {"$numberLong": "-1"}}, "long": 5, "int": 5, "bytes": {"$binary": {"base64": "Af8=", "subType": "0A"}}, ' +
        '"rx": {"$regularExpression": {"pattern": "^a", "options": "i"}}, "code": {"$code": "f", "$scope": {"x": 1}}, ' +
        '"ts": {"$timestamp": {"t": 4294967295, "i": 1}}, "list": [1, {}, []]}',
    );
  });

  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }).filter(text => text.isWellFormed()),
    fc.boolean(),
    fc.constant(null),
    fc.double().map(value => new Double(value)),
    fc.integer().map(value => new Int32(value)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => Long.fromBigInt(value)),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 20 }).map(bytes => new Binary(Buffer.from(bytes), 0x80)),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map(bytes => new ObjectId(bytes)),
    fc.constantFrom(new MinKey(), new MaxKey(), Decimal128.fromString('-1.50E+7'), new BSONRegExp('a.b', 'im')),
  );
  const name = fc
    .string({ minLength: 1, maxLength: 8 })
    .filter(text => !text.includes('\0') && !text.startsWith('$') && text !== '__proto__');
  const { document } = fc.letrec<{ document: Document; value: unknown }>(tie => ({
    document: fc.dictionary(name, tie('value'), { maxKeys: 5 }),
    value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('document')),
  }));

  test('canonical text reads back, by the driver’s own reader, as the very bytes it was written from', () => {
    fc.assert(
      fc.property(document, value => {
        const bytes = bytesOf(value);
        const read = EJSON.parse(canonical.document(bytes), { relaxed: false }) as Document;
        assert.deepEqual(Buffer.from(serialize(read)), bytes);
      }),
    );
  });

  test('what any dialect writes, the transforms’ reader reads', () => {
    fc.assert(
      fc.property(document, fc.constantFrom(strict, relaxed, canonical), (value, form) => {
        assert.deepEqual([...readBsonDocument(form.document(bytesOf(value))).keys()], Object.keys(value));
      }),
    );
  });

  test('cut or changed bytes are refused, never read beyond their end', () => {
    const bytes = bytesOf(sample);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        for (const broken of [changed, bytes.subarray(0, at)]) {
          try {
            strict.document(broken);
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'MALFORMED_MESSAGE');
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
