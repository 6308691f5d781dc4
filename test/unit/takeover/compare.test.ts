import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ComparedRecord, compareRecords } from '../../../src/takeover/compare.ts';
import { formOf, formText } from '../../../src/takeover/record-form.ts';

type Written = readonly [key: string, value: string];

const never = Number.MAX_SAFE_INTEGER;

/** Records as they lie in one partition of a topic, a millisecond apart. */
function records(written: readonly Written[], firstOffset = 0): ComparedRecord[] {
  return written.map(([key, value], index) => {
    const form = formOf({ key: Buffer.from(JSON.stringify(key)), value: Buffer.from(JSON.stringify({ value })), headers: [] });
    const offset = BigInt(firstOffset + index);
    return { topic: 't', partition: 0, offset, timestampMs: index, key, text: formText(form), form };
  });
}

const kinds = (running: readonly Written[], shadow: readonly Written[], endMs = never) =>
  compareRecords(records(running), records(shadow, 500), endMs).differences.map(({ kind, at, shadowAt }) => [kind, at, shadowAt]);

const history = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3')), { minLength: 1, maxLength: 30 });

test('a shadow that joins anywhere and publishes the same has no differences, whatever values come again', () => {
  fc.assert(
    fc.property(history, fc.nat({ max: 29 }), fc.nat({ max: 3 }), (all, from, behind) => {
      // What one side has not published yet is younger than the end.
      const shadow = all.slice(Math.min(from, all.length - 1));
      const short = shadow.slice(0, Math.max(1, shadow.length - behind));
      const endMs = all.length - 1 - (shadow.length - short.length);
      const found = compareRecords(records(all), records(short, 500), endMs);
      assert.deepEqual(found.differences, []);
      assert.ok(found.compared > 0);
    }),
  );
});

test('with values that never come again, one that is left out, added, changed or exchanged is found', () => {
  const unique = fc
    .array(fc.constantFrom('a', 'b', 'c'), { minLength: 3, maxLength: 30 })
    .map(keys => keys.map((key, index): Written => [key, `${index}`]));
  fc.assert(
    fc.property(unique, fc.nat(), fc.constantFrom('out', 'added', 'changed'), (all, where, fault) => {
      // Not the first: there, the shadow may as well have joined later.
      const at = 1 + (where % (all.length - 1));
      const shadow = [...all];
      if (fault === 'out') shadow.splice(at, 1);
      if (fault === 'added') shadow.splice(at, 0, [all[at]![0], 'x']);
      if (fault === 'changed') shadow[at] = [all[at]![0], 'x'];
      assert.notDeepEqual(kinds(all, shadow), []);
    }),
  );
});

test('it tells where, and which fields', () => {
  const all: Written[] = [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
    ['b', '4'],
  ];
  assert.deepEqual(
    kinds(all, [
      ['b', '2'],
      ['a', '3'],
      ['b', '4'],
    ]),
    [],
  );
  assert.deepEqual(
    kinds(all, [
      ['b', '2'],
      ['b', '4'],
    ]),
    [['missing', 't/0@2', null]],
  );
  assert.deepEqual(
    kinds(all, [
      ['b', '2'],
      ['a', '3'],
      ['b', '4'],
      ['c', '9'],
    ]),
    [['surplus', null, 't/0@503']],
  );
  const { differences } = compareRecords(
    records(all),
    records([
      ['a', '1'],
      ['b', '2'],
      ['a', '8'],
      ['b', '4'],
    ]),
    never,
  );
  assert.deepEqual(
    differences.map(({ kind, fields }) => [kind, fields]),
    [['different', ['value.value']]],
  );
  assert.deepEqual(
    kinds(
      [
        ['a', '1'],
        ['a', '2'],
      ],
      [
        ['a', '2'],
        ['a', '1'],
      ],
    ).length > 0,
    true,
  );
});

test('what is younger than the end is waited for, not told', () => {
  const all: Written[] = [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
    ['c', '4'],
  ];
  const { differences, pending } = compareRecords(
    records(all),
    records(
      [
        ['a', '1'],
        ['b', '2'],
      ],
      500,
    ),
    1,
  );
  assert.deepEqual([differences, pending], [[], 2]);
  assert.deepEqual(
    kinds(
      all,
      [
        ['a', '1'],
        ['b', '2'],
      ],
      2,
    ),
    [['missing', 't/0@2', null]],
  );
});

test('a shadow that published nothing has nothing compared', () => {
  const { compared, differences } = compareRecords(records([['a', '1']]), [], never);
  assert.deepEqual([compared, differences], [0, []]);
});
