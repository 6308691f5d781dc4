import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, type Document } from 'mongodb';
import { excludedFields, FieldRules, readUpdate, renamedFields } from '../../../../connectors/mongodb/field-rules.ts';

const id = { database: 'shop', collection: 'people' };
const bytesOf = (document: Document) => Buffer.from(BSON.serialize(document));

function rulesOf(excluded: string, renamed = ''): FieldRules {
  const rules = FieldRules.of([...excludedFields(excluded), ...renamedFields(renamed)], id);
  assert.ok(rules);
  return rules;
}

const document = (rules: FieldRules, value: Document) => BSON.deserialize(rules.ofDocument(bytesOf(value)));
const updated = (rules: FieldRules, value: Document) => BSON.deserialize(rules.ofUpdatedFields(bytesOf(value)));

describe('Fields left out and renamed', () => {
  test('rules hold for the collections they name', () => {
    assert.equal(FieldRules.of(excludedFields('shop.orders.a'), id), null);
    assert.ok(FieldRules.of(excludedFields('*.PEOPLE.a'), id));
    assert.throws(() => excludedFields('shop.people'), /invalid format/);
    assert.throws(() => renamedFields('shop.people.a'), /invalid format/);
  });

  test('in documents, in arrays of documents too', () => {
    const rules = rulesOf('shop.people.secret,shop.people.list.x');
    assert.deepEqual(document(rules, { a: 1, secret: 2, list: [{ x: 1, y: 2 }, 3, { x: 4 }] }), { a: 1, list: [{ y: 2 }, 3, {}] });
  });

  test('a renamed field goes to the end, and may not take the place of another', () => {
    const rules = rulesOf('', 'shop.people.a:b');
    assert.deepEqual(Object.keys(document(rules, { a: 1, c: 2 })), ['c', 'b']);
    assert.throws(() => document(rules, { a: 1, b: 2 }), { code: 'CONFIG_INVALID' });
  });

  test('in what an update set, by path', () => {
    assert.deepEqual(updated(rulesOf('shop.people.a.b'), { 'a.b': 1, c: 2 }), { c: 2 });
    assert.deepEqual(updated(rulesOf('shop.people.a'), { 'a.b': 1, c: 2 }), { c: 2 });
    assert.deepEqual(updated(rulesOf('shop.people.a.b'), { a: { b: 1, c: 2 } }), { a: { c: 2 } });
    assert.deepEqual(updated(rulesOf('shop.people.a.b'), { 'a.3.b': 1, 'a.3.c': 2 }), { 'a.3.c': 2 });
    assert.deepEqual(updated(rulesOf('', 'shop.people.a.b:z'), { 'a.b': 1, 'a.0.b.c': 2 }), { 'a.0.b.c': 2, 'a.z': 1 });
  });

  test('among removed fields and truncated arrays', () => {
    const update = {
      updatedFields: { c: 1 },
      removedFields: ['a', 'b', 'list.3.x'],
      truncatedArrays: [
        { field: 'a', newSize: 2 },
        { field: 'b', newSize: 1 },
      ],
    };
    const { removed, truncated } = readUpdate(bytesOf(update), rulesOf('shop.people.a', 'shop.people.b:z'));
    assert.deepEqual(removed, ['z', 'list.3.x']);
    assert.deepEqual(truncated, [{ field: 'z', size: 1 }]);
  });

  test('what no rule names stays byte for byte', () => {
    const value = { a: BSON.Decimal128.fromString('1.0'), b: [new BSON.Double(1), { c: new BSON.MinKey() }], d: BSON.Long.fromNumber(1) };
    assert.deepEqual(rulesOf('shop.people.none').ofDocument(bytesOf(value)), bytesOf(value));
  });
});
