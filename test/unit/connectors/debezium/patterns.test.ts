import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternList, splitPatterns } from '../../../../connectors/debezium/patterns.ts';

test('commas separate, escaped ones belong to the pattern, and blanks around are dropped', () => {
  assert.deepEqual(splitPatterns(' public.a , public.b,,'), ['public.a', 'public.b']);
  assert.deepEqual(splitPatterns('a{1\\,2},b'), ['a{1,2}', 'b']);
  assert.deepEqual(splitPatterns('a\\.b\\\\,c'), ['a\\.b\\\\', 'c']);
  assert.deepEqual(splitPatterns(''), []);
});

test('a backslash at the end has nothing to escape', () => {
  assert.throws(() => splitPatterns('a,b\\'), /Unterminated escape sequence/);
  assert.doesNotThrow(() => splitPatterns('a\\\\'));
});

test('a pattern must match the whole name, in any case', () => {
  const list = patternList('public.user,PUBLIC\\.order_\\d+');
  assert.ok(list.matches('Public.User'));
  assert.ok(list.matches('public.order_12'));
  assert.ok(!list.matches('public.users'));
  assert.ok(!list.matches('x.public.user'));
});

test('alternatives are anchored as a whole', () => {
  assert.ok(!patternList('a|b').matches('ab'));
  assert.ok(!patternList('a|b').matches('bc'));
});

test('a pattern that does not compile is named', () => {
  assert.throws(() => patternList('good,ba(d'), /The pattern 'ba\(d' is not a regular expression/);
});
