import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { clusterSlot, companionKey, hashTag } from '../../../../sinks/redis/cluster-slot.ts';
import { globExpression, literalPrefix } from '../../../../sinks/redis/glob.ts';
import { escapeGlob, parseKeyTemplate } from '../../../../sinks/redis/key-template.ts';
import { splitMembers } from '../../../../sinks/redis/row-text.ts';

const field = (name: string, origin = 'row') => ({ kind: 'field', origin, name });
const text = (literal: string) => ({ kind: 'text', text: literal });

test('templates: fields, their origins, doubled braces, patterns', () => {
  const read = (template: string) => parseKeyTemplate(template, { patterns: true });
  assert.deepEqual(read('user:{id}').parts, [text('user:'), field('id')]);
  assert.deepEqual(read('{{{id}}}:{{x}}').parts, [text('{'), field('id'), text('}:{x}')]);
  assert.deepEqual(read('{topic}{key}{key.a.b}{before.x}{other.y}').parts, [
    { kind: 'topic' },
    { kind: 'wholeKey' },
    field('a.b', 'key'),
    field('x', 'before'),
    field('other.y'),
  ]);
  assert.equal(read('a:{id}:*').pattern, true);
  assert.equal(read('a:{id}:[xy]').pattern, true);
  assert.deepEqual(read('a\\*:{id}'), { text: 'a\\*:{id}', parts: [text('a*:'), field('id')], pattern: false });
  assert.equal(parseKeyTemplate('a*{id}', { patterns: false }).pattern, false);
  assert.deepEqual(read('{source.table}:{source.of_another_kind}').parts.length, 3);
  assert.throws(() => read('{source.tabel}:{id}'), /no field 'tabel'; did you mean \{source\.table\}/);
  for (const wrong of ['', 'a{', 'a}', 'a{}', '{key.}', '[z-a]{id}*']) assert.throws(() => read(wrong), Error, wrong);
});

test('slots are those of the specification', () => {
  assert.equal(clusterSlot('123456789'), 0x31c3);
  assert.equal(clusterSlot('{user1000}.following'), clusterSlot('{user1000}.followers'));
  assert.equal(hashTag('foo{}{bar}'), 'foo{}{bar}');
  assert.equal(hashTag('foo{{bar}}zap'), '{bar');
  assert.equal(hashTag('foo{bar}{zap}'), 'bar');
  assert.equal(clusterSlot(Buffer.from('{ü}a')), clusterSlot('{ü}b'));
});

test('a marker shares the slot of its key, and no two keys share a marker', () => {
  const key = fc.string({ unit: fc.constantFrom('a', '{', '}', '#', 'ü', ':') });
  fc.assert(
    fc.property(key, key, (one, other) => {
      const [first, second] = [companionKey('p:', one), companionKey('p:', other)];
      if (first !== null) assert.equal(clusterSlot(first), clusterSlot(one));
      if (first !== null && one !== other) assert.notEqual(first, second);
    }),
    { numRuns: 2_000 },
  );
});

test('globs match as on the server', () => {
  const matches = (glob: string, key: string) => globExpression(glob).test(key);
  assert.ok(matches('h?llo*', 'hello\nthere'));
  assert.ok(matches('h[ae]llo', 'hallo') && !matches('h[ae]llo', 'hillo'));
  assert.ok(matches('h[^e]llo', 'hallo') && !matches('h[^e]llo', 'hello'));
  assert.ok(matches('a[b-d]', 'ac') && matches('a.b', 'a.b') && !matches('a.b', 'axb'));
  assert.ok(matches('a\\*b', 'a*b') && !matches('a\\*b', 'axb'));
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, rest) => {
      const glob = `${escapeGlob(value)}:*`;
      assert.ok(globExpression(glob).test(`${value}:${rest}`));
      assert.equal(literalPrefix(glob), `${value}:`);
    }),
  );
});

test('the members of a JSON object keep their text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), object => {
      const members = splitMembers(JSON.stringify(object));
      assert.deepEqual([...members!.keys()], Object.keys(object));
      for (const [name, value] of Object.entries(object)) assert.equal(members!.get(name), JSON.stringify(value));
    }),
  );
  assert.equal(splitMembers('{"a": 12345678901234567890.10 , "b":[1,{"c":","}]}')!.get('a'), '12345678901234567890.10');
  assert.equal(splitMembers('[1]'), null);
  assert.equal(splitMembers('{"a":'), null);
});
