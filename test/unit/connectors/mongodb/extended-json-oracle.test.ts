import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BSON, type Document } from 'mongodb';
import { bsonType, findElement } from '../../../../connectors/mongodb/bson/elements.ts';
import { ExtendedJson } from '../../../../connectors/mongodb/json/extended-json.ts';

const { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, EJSON, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } = BSON;

const canonical = new ExtendedJson({ dialect: 'extended', compact: true });
const relaxed = new ExtendedJson({ dialect: 'relaxed', compact: false });
const strict = new ExtendedJson({ dialect: 'strict', compact: true });

const bytesOf = (document: Document) => Buffer.from(BSON.serialize(document));

// Text of all planes, and halves of pairs: a driver writes these as U+FFFD.
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'a\udfff', '\ud83d\ude00', '"\\/\u2028\u007f\ufeff'));
const cString = text.filter(value => !value.includes('\0'));
const bytes = fc.uint8Array({ maxLength: 20 }).map(value => Buffer.from(value));
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n),
);
const oid = fc.uint8Array({ minLength: 12, maxLength: 12 }).map(value => new ObjectId(value));
/** Decimals as they are stored: any coefficient of up to 34 digits, any exponent; and what is no number. */
const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 34n - 1n }), fc.integer({ min: -6176, max: 6111 }))
  .map(([negative, coefficient, exponent]) => Decimal128.fromString(`${negative ? '-' : ''}${coefficient}E${exponent}`));

const leaf = fc.oneof(
  text,
  fc.boolean(),
  fc.constantFrom(null, new MinKey(), new MaxKey()),
  fc.double().map(value => new Double(value)),
  fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY).map(value => new Double(value)),
  fc.integer().map(value => new Int32(value)),
  int64.map(value => Long.fromBigInt(value)),
  decimal,
  fc
    .constantFrom('NaN', 'Infinity', '-Infinity', '-0', '0E+6111', '0E-6176', '1E-7', '0.000001')
    .map(value => Decimal128.fromString(value)),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(-1, 0, 253402300799999, 253402300800000, 8.64e15, -8.64e15).map(value => new Date(value)),
  fc.tuple(bytes, fc.constantFrom(0, 1, 2, 5, 6, 7, 8, 0x80, 0xff)).map(([value, subtype]) => new Binary(value, subtype)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(value => new Binary(Buffer.from(value), 4)),
  oid,
  fc.tuple(cString, fc.subarray(['i', 'l', 'm', 's', 'u', 'x'])).map(([pattern, options]) => new BSONRegExp(pattern, options.join(''))),
  fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1)).map(([t, i]) => new Timestamp({ t, i })),
  text.map(value => new Code(value)),
  text.map(value => new BSONSymbol(value)),
);
const name = cString.filter(value => value !== '__proto__' && !value.startsWith('$'));
const { document } = fc.letrec<{ document: Document; value: unknown }>(tie => ({
  document: fc.dictionary(name, tie('value'), { maxKeys: 5 }),
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('document'),
    fc.tuple(text, tie('document')).map(([code, scope]) => new Code(code, scope as Document)),
    fc.tuple(name, oid, tie('document')).map(([collection, id, fields]) => new DBRef(collection, id, undefined, fields as Document)),
  ),
}));

/** What both spell in their own way and mean the same by: digits of a double, of a date's second, of a subtype. */
function meant(_key: string, value: unknown): unknown {
  if (value === 0) return 0; // the driver's relaxed form loses the sign of some zeros
  if (value === null || typeof value !== 'object') return value;
  if ('$numberDouble' in value)
    return { double: String(Number(value.$numberDouble)), negative: Object.is(Number(value.$numberDouble), -0) };
  if ('subType' in value && typeof value.subType === 'string') return { ...value, subType: value.subType.toLowerCase() };
  if ('$date' in value && typeof value.$date === 'string') return { date: Date.parse(value.$date) };
  return value;
}

describe('Extended JSON beside the driver’s own', () => {
  test('canonical', () => {
    fc.assert(
      fc.property(document, value => {
        const stored = BSON.deserialize(bytesOf(value), { promoteValues: false, bsonRegExp: true });
        const expected = JSON.parse(EJSON.stringify(stored, { relaxed: false }), meant);
        assert.deepEqual(JSON.parse(canonical.document(bytesOf(value)), meant), expected);
      }),
      { numRuns: 300 },
    );
  });

  test('relaxed, where the driver’s numbers lose nothing', () => {
    fc.assert(
      fc.property(document, value => {
        const stored = BSON.deserialize(bytesOf(value), { promoteValues: false, bsonRegExp: true });
        const lossy = EJSON.stringify(stored, { relaxed: false }).match(/"\$numberLong":"(-?\d+)"/g) ?? [];
        fc.pre(lossy.every(long => Number.isSafeInteger(Number(/-?\d+/.exec(long)![0]))));
        const expected = JSON.parse(EJSON.stringify(stored, { relaxed: true }), meant);
        assert.deepEqual(JSON.parse(relaxed.document(bytesOf(value)), meant), expected);
      }),
      { numRuns: 300 },
    );
  });

  test('a decimal is written as the driver writes it', () => {
    fc.assert(
      fc.property(decimal, value => {
        const expected = JSON.stringify(value.toString());
        assert.equal(strict.document(bytesOf({ d: value })), `{"d": {"$numberDecimal": ${expected}}}`);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** One element, of a type that no driver writes any more or of bytes that it would not. */
function element(type: number, value: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(4 + 1 + 2 + value.length + 1);
  return Buffer.concat([length, Buffer.of(type), Buffer.from('f\0'), value, Buffer.of(0)]);
}

function stringOf(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(content.length + 1);
  return Buffer.concat([length, content, Buffer.of(0)]);
}

describe('Extended JSON of what is rare', () => {
  test('undefined and a pointer to a database', () => {
    const pointer = Buffer.concat([stringOf(Buffer.from('db.c')), Buffer.alloc(12, 1)]);
    const id = '010101010101010101010101';
    assert.equal(strict.document(element(bsonType.undefined, Buffer.alloc(0))), '{"f": {"$undefined": true}}');
    assert.equal(strict.document(element(bsonType.dbPointer, pointer)), `{"f": {"$ref": "db.c","$id": {"$oid": "${id}"}}}`);
    assert.equal(
      canonical.document(element(bsonType.dbPointer, pointer)),
      `{"f": {"$dbPointer": {"$ref": "db.c","$id": {"$oid": "${id}"}}}}`,
    );
  });

  test('dates beyond those of JavaScript', () => {
    const far = Buffer.alloc(8);
    far.writeBigInt64LE(2n ** 63n - 1n);
    assert.equal(relaxed.document(element(bsonType.dateTime, far)), '{"f": {"$date": {"$numberLong": "9223372036854775807"}}}');
    assert.equal(strict.document(element(bsonType.dateTime, far)), '{"f": {"$date": 9223372036854775807}}');
  });

  test('bytes that are no UTF-8: half a pair of surrogates is one replaced character', () => {
    const written = (hex: string) => strict.document(element(bsonType.string, stringOf(Buffer.from(hex, 'hex'))));
    assert.equal(written('61eda08062'), '{"f": "a\ufffdb"}');
    assert.equal(written('edb080eda080'), '{"f": "\ufffd\ufffd"}');
    assert.equal(written('ff61c0af'), '{"f": "\ufffda\ufffd\ufffd"}');
  });

  test('options of a regular expression are sorted', () => {
    const written = strict.document(element(bsonType.regularExpression, Buffer.from('a.b\0xmi\0')));
    assert.equal(written, '{"f": {"$regex": "a.b","$options": "imx"}}');
  });

  test('a decimal that is not canonical: as it stands, or zero where it has more digits than there may be', () => {
    const decimal = (upper: bigint, lower: bigint) => {
      const value = Buffer.alloc(16);
      value.writeBigUInt64LE(lower, 0);
      value.writeBigUInt64LE(upper, 8);
      return strict.document(element(bsonType.decimal128, value));
    };
    assert.equal(
      decimal((6176n << 49n) | ((1n << 49n) - 1n), 2n ** 64n - 1n),
      '{"f": {"$numberDecimal": "10384593717069655257060992658440191"}}',
    );
    assert.equal(decimal((3n << 61n) | (6177n << 47n), 5n), '{"f": {"$numberDecimal": "0E+1"}}');
  });

  test('documents as deep as a server takes them', () => {
    let nested: Document = { end: new Int32(1) };
    for (let depth = 0; depth < 100; depth++) nested = depth % 2 === 0 ? { d: nested } : { d: [nested] };
    const written = strict.document(bytesOf(nested));
    assert.equal(written.match(/"d"/g)?.length, 100);
    assert.deepEqual(JSON.parse(written), JSON.parse(EJSON.stringify(nested, { relaxed: true })));
  });

  test('keys are ids of any type', () => {
    const id = (document: Document) => {
      const stored = bytesOf(document);
      const found = findElement(stored, 0, '_id')!;
      return new ExtendedJson({ dialect: 'relaxed', compact: true }).value(stored, found.type, found.at, found.end);
    };
    assert.equal(id({ _id: { b: new Int32(1), a: ['x', Long.fromNumber(2)] } }), '{"b": 1,"a": ["x",2]}');
    assert.equal(id({ a: 1, _id: new Date(0) }), '{"$date": "1970-01-01T00:00:00Z"}');
    assert.equal(id({ _id: new Binary(Buffer.of(1), 4) }), '{"$binary": {"base64": "AQ==","subType": "04"}}');
  });
});
