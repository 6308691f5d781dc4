import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { javaRegex, matchesWhole } from '../../../src/contract/index.ts';

const texts = [
  '',
  'a',
  'b',
  'ab',
  'aab',
  'abc',
  'ABC',
  'aBc',
  'abcd',
  'a.b',
  'a.bb',
  'a_b',
  'a-b',
  'srv.public.users',
  'a\u000a',
  'a\u000d\u000a',
  'a\u000ab',
  '\u000a',
  '\u0085',
  ' ',
  '\u00e9',
  '\u00c9',
  'k',
  'K',
  '\u212a',
  '\ud83d\ude01',
  '1',
  'a1',
  'aa',
  'cd',
  'cb',
  'cD',
  'Cd',
  'd',
  ']',
  '-',
  '\\',
  '$',
  '\u03b1',
  '\u00a0',
  '\u000b',
  '#a',
  'x}',
  '_-.@',
  'ABCD',
  '\u001b',
];

/** Patterns, and which of the texts java.util.regex (17) matches whole. */
const table: readonly (readonly [pattern: string, matched: readonly string[]])[] = [
  ['(.*)\\.public\\.(.*)', ['srv.public.users']],
  ['([^.]+)\\.([^.]+)\\.([^.]+)', ['srv.public.users']],
  ['\\Qa.b\\E+', ['a.b', 'a.bb']],
  ['(?i)abc', ['abc', 'ABC', 'aBc']],
  ['a(?i)b|c(?-i)d', ['ab', 'cd', 'Cd']],
  ['(?i:Abc)d', ['abcd']],
  ['(?i)[a-k&&[^c]]+', ['a', 'b', 'ab', 'aab', 'k', 'K', 'aa', 'd']],
  ['[a-z&&[^bc]]+', ['a', 'k', 'aa', 'd']],
  ['[a-d[m-p]]+', ['a', 'b', 'ab', 'aab', 'abc', 'abcd', 'aa', 'cd', 'cb', 'd']],
  [
    '[^a-d[m-p]]',
    [
      '\u000a',
      '\u0085',
      ' ',
      '\u00e9',
      '\u00c9',
      'k',
      'K',
      '\u212a',
      '\ud83d\ude01',
      '1',
      ']',
      '-',
      '\\',
      '$',
      '\u03b1',
      '\u00a0',
      '\u000b',
      '\u001b',
    ],
  ],
  ['[]a]+', ['a', 'aa', ']']],
  [
    '[\\w.-]+',
    [
      'a',
      'b',
      'ab',
      'aab',
      'abc',
      'ABC',
      'aBc',
      'abcd',
      'a.b',
      'a.bb',
      'a_b',
      'a-b',
      'srv.public.users',
      'k',
      'K',
      '1',
      'a1',
      'aa',
      'cd',
      'cb',
      'cD',
      'Cd',
      'd',
      '-',
      'ABCD',
    ],
  ],
  ['[a-]+', ['a', 'aa', '-']],
  ['[\\d-z]', ['1', '-']],
  ['\\p{Alpha}+', ['a', 'b', 'ab', 'aab', 'abc', 'ABC', 'aBc', 'abcd', 'k', 'K', 'aa', 'cd', 'cb', 'cD', 'Cd', 'd', 'ABCD']],
  ['\\p{Lu}\\p{IsLatin}*', ['ABC', '\u00c9', 'K', '\u212a', 'Cd', 'ABCD']],
  [
    '\\P{Punct}',
    [
      'a',
      'b',
      '\u000a',
      '\u0085',
      ' ',
      '\u00e9',
      '\u00c9',
      'k',
      'K',
      '\u212a',
      '\ud83d\ude01',
      '1',
      'd',
      '\u03b1',
      '\u00a0',
      '\u000b',
      '\u001b',
    ],
  ],
  ['[\\p{L}&&[^\\p{Lu}]]+', ['a', 'b', 'ab', 'aab', 'abc', 'abcd', '\u00e9', 'k', 'aa', 'cd', 'cb', 'd', '\u03b1']],
  ['(?i)\\p{Lower}+', ['a', 'b', 'ab', 'aab', 'abc', 'ABC', 'aBc', 'abcd', 'k', 'K', 'aa', 'cd', 'cb', 'cD', 'Cd', 'd', 'ABCD']],
  ['(?i)\u00c9', ['\u00c9']],
  ['(?iu)\u00c9', ['\u00e9', '\u00c9']],
  ['(?iu)k', ['k', 'K', '\u212a']],
  ['(?i)k', ['k', 'K']],
  [
    '.',
    [
      'a',
      'b',
      ' ',
      '\u00e9',
      '\u00c9',
      'k',
      'K',
      '\u212a',
      '\ud83d\ude01',
      '1',
      'd',
      ']',
      '-',
      '\\',
      '$',
      '\u03b1',
      '\u00a0',
      '\u000b',
      '\u001b',
    ],
  ],
  [
    '(?s).',
    [
      'a',
      'b',
      '\u000a',
      '\u0085',
      ' ',
      '\u00e9',
      '\u00c9',
      'k',
      'K',
      '\u212a',
      '\ud83d\ude01',
      '1',
      'd',
      ']',
      '-',
      '\\',
      '$',
      '\u03b1',
      '\u00a0',
      '\u000b',
      '\u001b',
    ],
  ],
  ['a$\\n?', ['a', 'a\u000a']],
  ['(?m)a$\\n^b', ['a\u000ab']],
  ['a\\R', ['a\u000a', 'a\u000d\u000a']],
  ['\\s', ['\u000a', ' ', '\u000b']],
  [
    '\\S',
    [
      'a',
      'b',
      '\u0085',
      '\u00e9',
      '\u00c9',
      'k',
      'K',
      '\u212a',
      '\ud83d\ude01',
      '1',
      'd',
      ']',
      '-',
      '\\',
      '$',
      '\u03b1',
      '\u00a0',
      '\u001b',
    ],
  ],
  ['\\h', [' ', '\u00a0']],
  ['(a|b)\\1', ['aa']],
  ['(?<x>a)\\k<x>+', ['aa']],
  ['(a)\\11?', ['aa']],
  ['(?=a)*b', ['b']],
  ['(?x) a b # comment', ['ab']],
  ['\\x41\\x{42}\\u0043\\0104', ['ABCD']],
  ['\\cA', []],
  ['\\e', ['\u001b']],
  ['\\_\\-\\.\\@', ['_-.@']],
  ['\\x{1F600}', []],
  ['[\\x{1F600}-\\x{1F602}]', ['\ud83d\ude01']],
  ['\\p{Sc}', ['$']],
  ['[a&&b]', []],
  ['[a-c&&a-b]', ['a', 'b']],
  ['a/b|#a|x}|]|-', [']', '-', '#a', 'x}']],
  ['[\\]\\[]', [']']],
  ['a{2,3}', ['aa']],
];

describe("Java's regular expressions", () => {
  for (const [pattern, matched] of table)
    test(`${JSON.stringify(pattern)} matches what Java matches`, () => {
      const matches = matchesWhole(javaRegex(pattern));
      assert.deepEqual(
        texts.filter(text => matches(text)),
        matched,
      );
    });

  test('what JavaScript cannot do is refused by name', () => {
    for (const [pattern, message] of [
      ['a++', /Possessive quantifiers/],
      ['a{2}+', /Possessive quantifiers/],
      ['(?>a)', /Atomic groups/],
      ['\\p{InGreek}', /Unicode blocks/],
      ['(?U)\\w', /\(\?U\) is not supported/],
      ['\\Ga', /\\G is not supported/],
    ] as const)
      assert.throws(() => javaRegex(pattern), message);
  });

  test('what Java refuses is refused, and says where', () => {
    for (const pattern of [
      '(',
      ')',
      '[',
      '[a',
      'a**',
      '*',
      'a{',
      '{',
      '\\y',
      '\\E',
      '[z-a]',
      '\\p{Nonsense}',
      '(?<1a>b)',
      'a{3,2}',
      '(?y)a',
    ])
      assert.throws(() => javaRegex(pattern), Error, pattern);
    assert.throws(() => javaRegex('srv.(users'), /Unclosed group near index 10/);
  });

  test('the flag i is for ASCII letters only, as Pattern.CASE_INSENSITIVE', () => {
    assert.equal(matchesWhole(javaRegex('public\\.kunde', 'i'))('PUBLIC.Kunde'), true);
    assert.equal(matchesWhole(javaRegex('straße', 'i'))('STRAßE'), true);
    assert.equal(matchesWhole(javaRegex('é', 'i'))('É'), false);
  });

  test('a quoted text matches itself and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, other) => {
        fc.pre(!text.includes('\\E') && text.isWellFormed() && other.isWellFormed());
        const matches = matchesWhole(javaRegex(`\\Q${text}\\E`));
        assert.equal(matches(text), true);
        assert.equal(matches(other), other === text);
      }),
    );
  });

  test('any text either compiles or is refused with an Error, at once', () => {
    const piece = fc.constantFrom(
      'a',
      '(',
      ')',
      '[',
      ']',
      '{2}',
      '*',
      '?',
      '|',
      '\\',
      '\\d',
      '&&',
      '^',
      '$',
      '-',
      '(?i)',
      '\\Q',
      '\\E',
      '(?x)',
      '#',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        try {
          assert.ok(javaRegex(pieces.join('')) instanceof RegExp);
        } catch (error) {
          assert.ok(error instanceof Error && error.message.length > 0);
        }
      }),
    );
  });
});
