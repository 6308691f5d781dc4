import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { arraySchema, type ConnectRecord, mapSchema, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { contentBasedRouter } from '../../../../transforms/debezium/content-based-router.ts';
import { filter } from '../../../../transforms/debezium/filter.ts';
import { change, envelopeSchema, idKey, struct, tombstone } from './golden.ts';
import { faultsOf, transformOf } from './transform-under-test.ts';

const rowSchema = structSchema(
  [
    ['id', schemas.int64],
    ['small', schemas.optionalInt16],
    ['name', schemas.optionalString],
    ['score', schemas.optionalFloat64],
    ['price', schemaOf('bytes', { name: schemas.connectDecimal, optional: true, parameters: { scale: '2' } })],
    ['raw', schemas.optionalBytes],
    ['tags', arraySchema(schemas.optionalString, { optional: true })],
    ['attributes', mapSchema(schemas.string, schemas.int32, { optional: true })],
    ['status', schemaOf('string', { default: 'new', optional: true })],
  ],
  { name: 'srv.public.t.Value' },
);
const envelope = envelopeSchema(rowSchema, 'srv.public.t');
const row = (fields: Readonly<Record<string, Value>>) => struct(envelope.field('after')?.schema ?? rowSchema, { id: 2n, ...fields });
const update = (fields: Readonly<Record<string, Value>> = {}): ConnectRecord =>
  change(envelope, {
    op: 'u',
    before: row({ name: 'a' }),
    after: row(fields),
    key: idKey(2),
    source: { table: 't' },
    headers: [{ key: 'h', schema: schemas.string, value: 'x' }],
  });
const cel = (condition: string) => transformOf(filter, { language: 'cel', condition });
const keeps = (condition: string, record = update()) => cel(condition)(record) !== null;
const route = (expression: string, record: ConnectRecord) =>
  transformOf(contentBasedRouter, { language: 'cel', 'topic.expression': expression })(record);

describe('Filter', () => {
  test('keeps the records for which the condition is true', () => {
    const transform = cel("value.op == 'u' && value.before.id == 2");
    const record = update();
    assert.equal(transform(record), record);
    assert.equal(transform(change(envelope, { op: 'c', after: row({}) })), null);
  });

  test('sees key, value, schemas, topic and headers', () => {
    for (const condition of [
      'key.id == 2',
      "value.source.table == 't'",
      "valueSchema.name == 'srv.public.t.Envelope'",
      "keySchema.type == 'struct'",
      "topic == 'srv.public.t' && topic.startsWith('srv')",
      "header.h.value == 'x'",
      'has(header.h) && !has(header.other)',
    ])
      assert.ok(keeps(condition), condition);
  });

  test('integers of every size are int, decimals and floats double', () => {
    const record = update({ id: 9007199254740993n, small: 7, score: 1.5, price: Uint8Array.of(0x03, 0xe7) });
    assert.ok(keeps('value.after.id == 9007199254740993', record));
    assert.ok(!keeps('value.after.id == 9007199254740992', record));
    assert.ok(keeps('value.after.small % 2 == 1 && value.after.small in [5, 6, 7]', record));
    assert.ok(keeps('value.after.score > 1 && value.after.score == 1.5', record));
    assert.ok(keeps('value.after.price == 9.99 && value.after.price < 10', record));
  });

  test('lists, maps and bytes work as in CEL, of pooled buffers only their own bytes', () => {
    const record = update({ tags: ['x', null], attributes: new Map([['a', 1]]), raw: Buffer.from('abc').subarray(1) });
    assert.ok(keeps("'x' in value.after.tags && value.after.tags.exists(tag, tag == null)", record));
    assert.ok(keeps("value.after.attributes.a == 1 && value.after.attributes['a'] == 1", record));
    assert.ok(keeps("value.after.raw == b'bc'", record));
  });

  test('nulls can be compared, defaults take their place, fields that are missing can be asked for', () => {
    assert.ok(keeps('value.after.name == null && value.before != null'));
    assert.ok(keeps("value.after.status == 'new'"));
    assert.ok(keeps('has(value.after.name) && !has(value.after.nothing)'));
    assert.ok(keeps("size(value.after) == 9 && 'id' in value.after && value.after.exists(name, name == 'tags')"));
  });

  test('fails the record where the condition cannot be answered, without showing a value', () => {
    const record = update({ name: 'secret' });
    for (const condition of ['value.after.nothing == 1', 'value.after.name > 1', 'int(value.after.name) == 1', 'value.after.name'])
      assert.throws(
        () => cel(condition)(record),
        (error: Error & { code?: string }) => error.code === 'TRANSFORM_FAILED' && !error.message.includes('secret'),
      );
  });

  test('looks only at topics that the regex matches as a whole', () => {
    const transform = transformOf(filter, { language: 'cel', condition: 'false', 'topic.regex': 'srv\\.public\\..' });
    assert.equal(transform(update()), null);
    assert.notEqual(transform({ ...update(), topic: 'srv.public.tt' }), null);
  });

  test('tombstones follow null.handling.mode', () => {
    const gone = tombstone(idKey(2));
    const mode = (handling: string) =>
      transformOf(filter, { language: 'cel', condition: 'value != null', 'null.handling.mode': handling })(gone);
    assert.equal(mode('keep'), gone);
    assert.equal(mode('drop'), null);
    assert.equal(mode('evaluate'), null);
    assert.equal(cel('value != null')(gone), gone);
  });

  test('records with primitive keys and values can be asked too', () => {
    const record = { ...update(), keySchema: schemas.int32, key: 5, valueSchema: schemas.string, value: 'text' };
    assert.ok(keeps("key == 5 && value == 'text'", record));
  });

  test('faulty conditions are faults of the option, found before anything runs', () => {
    for (const condition of ['value.op =', 'valu.op == 1', "value.op == 'u' and true", "'text'", 'size(1, 2, 3) == 1'])
      assert.deepEqual(faultsOf(filter, { language: 'cel', condition }), ['condition'], condition);
    assert.deepEqual(faultsOf(filter, {}), ['language', 'condition']);
  });

  test('takes Groovy where it is CEL and means the same', () => {
    const groovy = (condition: string) => transformOf(filter, { language: 'jsr223.groovy', condition })(update());
    assert.notEqual(groovy("value.op == 'u' && value.before.id == 2"), null);
    assert.equal(groovy("topic.startsWith('other') || !(value.after.id in [2, 3])"), null);
    for (const condition of [
      "value.op.matches('u')",
      'value.after.id / 2 == 1',
      'value.op == "$x"',
      'value.op == "u" as boolean',
      'valueSchema.name() == "x"',
    ])
      assert.deepEqual(faultsOf(filter, { language: 'jsr223.groovy', condition }), ['language'], condition);
  });

  test('refuses other languages by name and shows the condition in CEL', () => {
    const { faults } = filter.spec.parse({ language: 'jsr223.graal.js', condition: "value.op === 'u'" });
    assert.match(faults[0]?.message ?? '', /'jsr223.graal.js' is not supported.*language=cel, condition=value\.op == 'u'/);
    assert.deepEqual(faultsOf(filter, { language: 'wasm.chicory', condition: 'file:x.wasm' }), ['language']);
    assert.deepEqual(faultsOf(filter, { language: 'python', condition: 'true' }), ['language']);
  });

  test('a comparison with a column is that of JavaScript on the same numbers', () => {
    const [less, equal] = [cel('value.after.id < value.before.id'), cel('value.after.id == value.before.id')];
    const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(big, big, (a, b) => {
        const record = change(envelope, { op: 'u', before: row({ id: b }), after: row({ id: a }) });
        assert.equal(less(record) !== null, a < b);
        assert.equal(equal(record) !== null, a === b);
      }),
    );
  });
});

describe('ContentBasedRouter', () => {
  test('the expression gives the topic, null leaves it', () => {
    const expression = "value.op == 'u' ? 'updates' : null";
    assert.equal(route(expression, update())?.topic, 'updates');
    const created = change(envelope, { op: 'c', after: row({}) });
    assert.equal(route(expression, created), created);
  });

  test('conditions nest and texts are put together', () => {
    const expression = "value.op == 'c' ? null : (value.after.id > 1 ? 'many-' + value.source.table : topic)";
    assert.equal(route(expression, update())?.topic, 'many-t');
    assert.equal(route(expression, change(envelope, { op: 'u', after: row({ id: 1n }) }))?.topic, 'srv.public.t');
  });

  test('a result that is no text fails the record, or the option where that is plain', () => {
    assert.throws(() => route('value.after.id', update()), { code: 'TRANSFORM_FAILED', message: /no text/ });
    assert.deepEqual(faultsOf(contentBasedRouter, { language: 'cel', 'topic.expression': '1 + 1' }), ['topic.expression']);
  });

  test('tombstones keep their topic', () => {
    const gone = tombstone(idKey(1));
    assert.equal(route("'x'", gone), gone);
  });
});

test('a struct handed to an expression is not copied: only fields that are read are converted', () => {
  let converted = 0;
  const counting = new Proxy(Uint8Array.of(1), {
    get(target, name) {
      converted++;
      return Reflect.get(target, name, target);
    },
  });
  const value = row({ raw: counting });
  cel('value.after.id == 2')(change(envelope, { op: 'u', after: value }));
  assert.equal(converted, 0);
});
