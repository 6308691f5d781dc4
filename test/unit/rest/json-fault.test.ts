import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonFault } from '../../../src/rest/json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('finds no fault in JSON', () => {
  fc.assert(fc.property(fc.json(), fc.nat(4), (text, indent) => jsonFault(JSON.stringify(JSON.parse(text), null, indent)) === null));
});

test('finds a fault exactly where the parser does', () => {
  const parts = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"',
    '\\',
    '1',
    '-0.5e3',
    '01',
    'true',
    'nul',
    ' ',
    '\n',
    '\u0001',
    'é',
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), tokens => {
      const text = tokens.join('');
      return (jsonFault(text) === null) === isJson(text);
    }),
    { numRuns: 20_000 },
  );
});

test('says where', () => {
  assert.deepEqual(jsonFault('{"a": 1,\n  "b": oops}'), { line: 2, column: 8 });
  assert.deepEqual(jsonFault('{"a": 1'), { line: 1, column: 8 });
  assert.deepEqual(jsonFault('[1, 2,]'), { line: 1, column: 7 });
  assert.deepEqual(jsonFault('{} {}'), { line: 1, column: 4 });
  assert.deepEqual(jsonFault(''), { line: 1, column: 1 });
});
