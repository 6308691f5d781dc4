import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { javaRegex, javaReplacement, replaceAll, replaceFirst } from '../../../src/contract/index.ts';

describe("Java's replacements", () => {
  const replace = (pattern: string, replacement: string, text: string) => replaceFirst(javaRegex(pattern), replacement)(text);

  test('groups by number and by name, escapes, and groups that took no part', () => {
    assert.equal(replace('srv\\.(.*)\\.(.*)', '$2-$1', 'srv.public.users'), 'users-public');
    assert.equal(replace('(?<table>\\w+)$', 'x$' + '{table}', 'public.users'), 'public.xusers');
    assert.equal(replace('(a)|(b)', '[$1$2]', 'b'), '[b]');
    assert.equal(replace('a', '\\$1\\\\', 'a'), '$1\\');
    assert.equal(replace('(a)', '$0$12', 'a'), 'aa2');
    assert.equal(replace('b', 'x', 'aaa'), 'aaa');
  });

  test('the first match is replaced, or every one', () => {
    assert.equal(replace('[aeiou]', '_', 'banana'), 'b_nana');
    assert.equal(replaceAll(javaRegex('[aeiou]'), '<$0>')('banana'), 'b<a>n<a>n<a>');
    assert.equal(replaceAll(javaRegex('x*'), '-')('ab'), '-a-b-');
  });

  test('what no group answers to is refused when it is compiled', () => {
    const regex = javaRegex('(a)(?<name>b)');
    for (const [replacement, message] of [
      ['$3', /No group 3/],
      ['$' + '{other}', /No group with name \{other\}/],
      ['$', /Illegal group reference/],
      ['a\\', /Character to be escaped is missing/],
      ['$' + '{na', /Illegal named group reference/],
    ] as const)
      assert.throws(() => javaReplacement(replacement, regex), message);
  });
});
