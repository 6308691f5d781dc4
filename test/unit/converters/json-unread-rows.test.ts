import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  SlabWriter,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  UnreadRows,
  UnreadStruct,
  unscaledBytes,
  type Value,
} from '../../../src/contract/index.ts';
import { json } from './connect-samples.ts';

const decimal = schemaOf('bytes', { optional: true, name: schemas.connectDecimal, parameters: { scale: '2' } });
const schema = structSchema([
  ['id', schemas.int64],
  ['count', schemas.optionalInt32],
  ['text', schemas.optionalString],
  ['masked', schemas.optionalString],
  ['price', decimal],
  ['share', schemas.optionalFloat64],
]);
const unscaled = (value: number): Value => unscaledBytes(BigInt(value));
const columns = [BigInt, (value: number) => value, null, null, unscaled, null].map(valueOfNumber => ({ valueOfNumber, valueOfText: null }));
const upper = (value: Value): Value => (typeof value === 'string' ? value.toUpperCase() : value);
const fields = { columns: [0, 1, 2, 3, 4, 5], maps: [null, null, null, upper, null, null] };

/** Characters in hexadecimal, and what is almost one: longer forms of shorter ones, surrogates, ends cut off. */
const characters = ['61', 'c3a9', 'dfbf', 'e0a080', 'e28082', 'ed9fbf', 'ee8080', 'efbfbf', 'f09f9880'].concat(
  ...['c080', 'c1bf', 'e08080', 'e09fbf', 'eda080', 'edbfbf', 'f4908080', '80', 'bf', 'c3', 'e282', 'ff'],
);

/** Of all lengths and kinds: plain ones, those with quotes and controls, all of Unicode, and bytes that are no UTF-8. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', ' ', '~', '\u007f'), maxLength: 120 }).map(value => Buffer.from(value)),
  fc.string({ unit: fc.constantFrom('{', '"', '\\', 'b', '\n', '\u0000'), maxLength: 120 }).map(value => Buffer.from(value)),
  fc.string({ unit: 'binary', maxLength: 80 }).map(value => Buffer.from(value)),
  fc.array(fc.constantFrom(...characters), { maxLength: 6 }).map(parts => Buffer.from(parts.join(''), 'hex')),
  fc.uint8Array({ maxLength: 60 }).map(value => Buffer.from(value)),
);
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -(2 ** 39), 2 ** 39),
);
const row = fc.record({
  id: number,
  count: fc.option(fc.integer()),
  text: fc.option(text),
  masked: text,
  price: fc.option(number),
  share: fc.option(fc.double()),
});

test('an unread row is written as its values are, and has them when it is asked', () => {
  const settings = fc.record({
    decimalFormat: fc.constantFrom('base64' as const, 'numeric' as const),
    rowsMax: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), settings, (rows, { decimalFormat, rowsMax }) => {
      const converter = json({ schemasEnable: false, decimalFormat });
      const others = json({ schemasEnable: false, decimalFormat });
      const bytes = Buffer.concat(rows.flatMap(each => [each.text ?? Buffer.alloc(0), each.masked]));
      const slab = new SlabWriter(16);
      const expected: Uint8Array[] = [];
      let memory = new UnreadRows(columns, rowsMax);
      let at = 0;
      const structs = rows.map(each => {
        if (memory.full) memory = new UnreadRows(columns, rowsMax);
        const made = memory.row(bytes);
        memory.number(0, each.id);
        if (each.count === null) memory.value(1, null);
        else memory.number(1, each.count);
        if (each.text === null) memory.value(2, null);
        else memory.text(2, at, at + each.text.length);
        at += each.text?.length ?? 0;
        memory.text(3, at, at + each.masked.length);
        at += each.masked.length;
        if (each.price === null) memory.value(4, null);
        else memory.number(4, each.price);
        memory.value(5, each.share);
        return new UnreadStruct(schema, made, fields);
      });
      for (const [index, struct] of structs.entries()) {
        const { id, count, text: given, masked, price, share } = rows[index]!;
        const values = [
          BigInt(id),
          count,
          given?.toString('utf8') ?? null,
          masked.toString('utf8').toUpperCase(),
          price === null ? null : unscaled(price),
          share,
        ];
        converter.serializeInto('t', schema, struct, slab);
        expected.push(others.serialize('t', schema, new Struct(schema, values))!);
        assert.deepEqual(
          struct.values.map(value => (value instanceof Uint8Array ? [...value] : value)),
          values.map(value => (value instanceof Uint8Array ? [...value] : value)),
        );
      }
      // As bytes: made a text, what is no UTF-8 would look as if it were mended.
      assert.equal(Buffer.from(slab.view()).toString('latin1'), Buffer.concat(expected).toString('latin1'));
    }),
    { numRuns: 500 },
  );
});

test('a struct that comes again is copied, one of an unread row is written anew', () => {
  const envelope = structSchema([
    ['after', schema],
    ['source', structSchema([['name', schemas.string]])],
  ]);
  const source = new Struct(envelope.fields[1]!.schema, ['server']);
  const memory = new UnreadRows(columns, 3);
  const made = [1, 2, 3].map(id => {
    const unread = memory.row(Buffer.alloc(0));
    for (let column = 0; column < columns.length; column++) memory.value(column, null);
    memory.number(0, id);
    return new Struct(envelope, [new UnreadStruct(schema, unread, fields), source]);
  });
  const slab = new SlabWriter();
  const converter = json({ schemasEnable: false });
  for (const record of [...made, made[2]!, made[0]!]) converter.serializeInto('t', envelope, record, slab);
  const rest = '"count":null,"text":null,"masked":null,"price":null,"share":null},"source":{"name":"server"}}';
  assert.equal(Buffer.from(slab.view()).toString(), [1, 2, 3, 3, 1].map(id => `{"after":{"id":${id},${rest}`).join(''));
});
