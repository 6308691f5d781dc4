import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Struct, Value } from '../../../../../src/contract/index.ts';
import { builtinReader, columnReader, numericModifier, readText } from './columns.ts';

describe('arrays', () => {
  const rows: readonly (readonly [type: string, text: string, items: readonly Value[]])[] = [
    ['_int4', '{}', []],
    ['_int4', '{1,NULL,-3}', [1, null, -3]],
    ['_int4', '{{1,2},{3,4}}', [1, 2, 3, 4]],
    ['_int4', '[0:1][-1:0]={{1,2},{3,4}}', [1, 2, 3, 4]],
    ['_text', '{"NULL",NULL,"","a,b","{x}","q\\"b\\\\s"}', ['NULL', null, '', 'a,b', '{x}', 'q"b\\s']],
    ['_text', '{ünï,"日 本"}', ['ünï', '日 本']],
    ['_bytea', '{"\\\\x00ff"}', [Buffer.from([0, 255])]],
    ['_bool', '{t,f}', [true, false]],
    ['_timestamptz', '{"2024-02-29 13:14:15+00"}', ['2024-02-29T13:14:15.000000Z']],
    // The reference reads these as JDBC's Time, which has no microseconds.
    ['_time', '{13:14:15.678901,24:00:00}', [47_655_678_000n, 0n]],
    ['_mood', '{ok,"happy day"}', ['ok', 'happy day']],
    // JDBC's Time again, without its milliseconds.
    ['_timetz', '{13:14:15.678+02}', ['11:14:15Z']],
    ['_hstore', '{"\\"a\\"=>\\"1\\""}', ['{"a":"1"}']],
    ['_vector', '{"[1,2]","[3]"}', [[1, 2], [3]]],
  ];
  for (const [typeName, text, items] of rows)
    test(`${typeName} ${text}`, () => {
      assert.deepEqual(readText(builtinReader(typeName), text), items);
    });

  const unshown: readonly (readonly [type: string, text: string])[] = [
    ['_bit', '{1,0}'],
    ['_mood', '{ok,NULL}'],
    ['_ltree', '{a.b,NULL}'],
    ['_numeric', '{1,NaN}'],
  ];
  for (const [typeName, text] of unshown)
    test(`${typeName} ${text} cannot be shown by the reference either`, () => {
      const reader = builtinReader(typeName, { decimalHandlingMode: 'string' }, { typeModifier: -1 });
      assert.throws(() => readText(reader, text), { code: 'CONVERSION_FAILED' });
    });

  test('items have the column’s precision and scale', () => {
    const { schema } = builtinReader('_numeric', {}, { typeModifier: numericModifier(8, 2) });
    assert.deepEqual(schema.valueSchema?.parameters, { scale: '2', 'connect.decimal.precision': '8' });
  });

  test('items of some types are not optional in the schema, as in the reference', () => {
    assert.equal(builtinReader('_text').schema.valueSchema?.optional, true);
    assert.equal(builtinReader('_mood').schema.valueSchema?.optional, false);
  });

  test('structs among the items carry the item’s schema', () => {
    const reader = builtinReader('_numeric');
    const [item] = readText(reader, '{1.50}') as readonly Struct[];
    assert.equal(item?.schema, reader.schema.valueSchema);
    assert.equal(item?.schema.optional, true);
  });

  test('the types that the reference makes no arrays of are left out, even where unknown types are not', () => {
    for (const name of ['_money', '_name', '_interval', '_varbit', '_xml', '_point'])
      assert.equal(columnReader(name, { includeUnknownDatatypes: true }), null, name);
  });

  test('arrays of domains and of geometric types are unknown types', () => {
    for (const name of ['_price', '_box']) assert.equal(columnReader(name), null, name);
    const boxes = builtinReader('_box', { includeUnknownDatatypes: true });
    const items = readText(boxes, '{(1,1),(0,0);(2,2),(1,1)}') as readonly Buffer[];
    assert.deepEqual(items.map(String), ['(1.0,1.0),(0.0,0.0)', '(2.0,2.0),(1.0,1.0)']);
  });
});

describe('domains', () => {
  test('are read as what they are over, however deep, with its precision and scale', () => {
    const { schema, read: _, ...column } = builtinReader('netprice');
    assert.deepEqual(schema.parameters, { scale: '2', 'connect.decimal.precision': '10' });
    assert.equal(column.typeName, 'NETPRICE');
    assert.deepEqual(readText(builtinReader('netprice'), '12.50'), Uint8Array.of(0x04, 0xe2));
    assert.equal(builtinReader('feeling').schema.name, 'io.debezium.data.Enum');
    assert.deepEqual(readText(builtinReader('numbers'), '{1,2}'), [1, 2]);
  });

  test('make their columns NOT NULL where they are', () => {
    assert.equal(builtinReader('price').schema.optional, true);
    assert.equal(builtinReader('netprice').schema.optional, false);
  });
});

describe('hstore', () => {
  const text = '"a"=>"1", "b c"=>NULL, "q"=>"x\\"y\\\\z"';

  test('as JSON in the order of a Java hash map', () => {
    assert.equal(readText(builtinReader('hstore'), text), '{"a":"1","q":"x\\"y\\\\z","b c":null}');
    assert.equal(readText(builtinReader('hstore'), ''), '{}');
    assert.equal(readText(builtinReader('hstore'), '"k"=>"\u0001\u001f\n\\\\u001f"'), '{"k":"\\u0001\\u001F\\n\\\\u001f"}');
  });

  test('keeps Java’s order also where its table has grown, and for keys that are not ASCII', () => {
    // What java.util.HashMap (Java 17) prints for these keys.
    const keys = 'zz|Aa|BB|zip|b c|city|Größe|colour|street|name|x|id|age'.split('|');
    const inserted = ['name', 'age', 'Größe', 'colour', 'b c', 'zz', 'id', 'Aa', 'BB', 'city', 'zip', 'street', 'x'];
    const written = inserted.map(key => `"${key}"=>""`).join(', ');
    assert.deepEqual(Object.keys(JSON.parse(readText(builtinReader('hstore'), written) as string)), keys);
  });

  test('as a map', () => {
    const reader = builtinReader('hstore', { hstoreHandlingMode: 'map' });
    assert.deepEqual(
      [...(readText(reader, text) as ReadonlyMap<Value, Value>)],
      [
        ['a', '1'],
        ['q', 'x"y\\z'],
        ['b c', null],
      ],
    );
    assert.equal(reader.schema.type, 'map');
    assert.equal(reader.schema.valueSchema?.optional, true);
  });
});
