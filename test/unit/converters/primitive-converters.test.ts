import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct, schemaOf, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { booleanConverter } from '../../../src/converters/primitive/boolean-converter.ts';
import { byteArrayConverter } from '../../../src/converters/primitive/byte-array-converter.ts';
import {
  doubleConverter,
  floatConverter,
  integerConverter,
  longConverter,
  shortConverter,
} from '../../../src/converters/primitive/number-converter.ts';
import { stringConverter } from '../../../src/converters/primitive/string-converter.ts';
import { registry } from '../../../src/registry.ts';
import { created } from './connect-samples.ts';

const cases = [
  { name: 'short', converter: created(shortConverter), schema: schemas.int16, value: -2, hex: 'fffe', wrong: 40000 },
  { name: 'integer', converter: created(integerConverter), schema: schemas.int32, value: 258, hex: '00000102', wrong: 1.5 },
  { name: 'long', converter: created(longConverter), schema: schemas.int64, value: -1n, hex: 'ffffffffffffffff', wrong: 1 },
  { name: 'float', converter: created(floatConverter), schema: schemas.float32, value: 1.5, hex: '3fc00000', wrong: 'x' },
  { name: 'double', converter: created(doubleConverter), schema: schemas.float64, value: 1.5, hex: '3ff8000000000000', wrong: 1n },
  { name: 'boolean', converter: created(booleanConverter), schema: schemas.boolean, value: true, hex: '01', wrong: 1 },
  { name: 'bytes', converter: created(byteArrayConverter), schema: schemas.bytes, value: Buffer.of(1, 2), hex: '0102', wrong: 'x' },
] as const;

for (const { name, converter, schema, value, hex, wrong } of cases) {
  test(`${name}: big-endian, null for null, and refusals`, () => {
    const bytes = converter.serialize('t', schema, value as Value)!;
    assert.equal(Buffer.from(bytes).toString('hex'), hex);
    assert.deepEqual(converter.deserialize('t', bytes).value, value);
    assert.equal(converter.serialize('t', null, null), null);
    assert.equal(converter.deserialize('t', null).value, null);
    assert.throws(() => converter.serialize('t', null, wrong as Value), { code: 'CONVERSION_FAILED' });
    assert.throws(() => converter.serialize('t', schemas.string, value as Value), { code: 'CONVERSION_FAILED' });
    if (name !== 'bytes') assert.throws(() => converter.deserialize('t', Buffer.alloc(3)), { code: 'CONVERSION_FAILED' });
  });
}

test('strings in other encodings have question marks for what they lack', () => {
  const latin = created(stringConverter, { 'converter.encoding': 'ISO-8859-1' });
  assert.equal(Buffer.from(latin.serialize('t', schemas.string, 'é☃😀')!).toString('hex'), 'e93f3f');
  assert.equal(latin.deserialize('t', Buffer.of(0xe9)).value, 'é');
  const ascii = created(stringConverter, { 'converter.encoding': 'us-ascii' });
  assert.equal(Buffer.from(ascii.serialize('t', schemas.string, 'aé')!).toString(), 'a?');
  assert.match(stringConverter.spec.parse({ 'converter.encoding': 'EBCDIC' }).faults[0]!.message, /Encoding must be one of/);
});

test('the text of bytes tells their length; bytes that Debezium has as an array are refused', () => {
  const converter = created(stringConverter);
  const blob = structSchema([['blob', schemas.bytes]]);
  const text = Buffer.from(converter.serialize('t', blob, new Struct(blob, [Buffer.of(1, 2)]))!).toString();
  assert.equal(text, 'Struct{blob=java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]}');
  const bits = schemaOf('bytes', { name: 'io.debezium.data.Bits', version: 1 });
  const decimal = structSchema(
    [
      ['scale', schemas.int32],
      ['value', schemas.bytes],
    ],
    { name: 'io.debezium.data.VariableScaleDecimal', version: 1 },
  );
  assert.throws(() => converter.serialize('t', bits, Buffer.of(1)), { code: 'CONVERSION_FAILED' });
  assert.throws(() => converter.serialize('t', decimal, new Struct(decimal, [0, Buffer.of(1)])), { code: 'CONVERSION_FAILED' });
});

test('converters are found by Java’s class names and by short ones', async () => {
  for (const [name, type] of [
    ['org.apache.kafka.connect.json.JsonConverter', 'converter'],
    ['json', 'converter'],
    ['org.apache.kafka.connect.converters.ByteArrayConverter', 'converter'],
    ['org.apache.kafka.connect.storage.StringConverter', 'header_converter'],
    ['org.apache.kafka.connect.storage.SimpleHeaderConverter', 'header_converter'],
  ] as const)
    assert.ok((await registry.load(type, name)).spec);
});
