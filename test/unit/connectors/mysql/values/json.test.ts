import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonText } from '../../../../../connectors/mysql/values/json/binary.ts';
import { patchJson } from '../../../../../connectors/mysql/values/json/patch.ts';
import { doubleText, quoted } from '../../../../../connectors/mysql/values/json/text.ts';
import { parseTree, treeText } from '../../../../../connectors/mysql/values/json/tree.ts';

describe('JSON as the reference’s stream writes it', () => {
  test('doubles have no exponent, but every digit', () => {
    for (const [value, text] of [
      [0.1, '0.1'],
      [1, '1.0'],
      [-0, '-0.0'],
      [1e10, '10000000000'],
      [1e21, '1000000000000000000000'],
      [1e-5, '0.00001000000000000000081803053914031309545862313825637102127075195312500'.replace(/0+$/, '')],
      [-1.5e7, '-15000000'],
      [2 ** 80 + 0, '1208925819614629174706176'],
    ] as const)
      assert.equal(doubleText(value), text);
  });

  test('texts escape what must be', () => {
    assert.equal(quoted('a"\\/\n\t\u0001\u001fé😀'), '"a\\"\\\\/\\n\\t\\u0001\\u001Fé😀"');
  });

  test('a document whose parts lead to each other again and again does not take forever', () => {
    // An array of 200 cells, each of which is the array itself.
    const cells = 200;
    const bytes = Buffer.alloc(5 + cells * 3);
    bytes[0] = 2;
    bytes.writeUInt16LE(cells, 1);
    bytes.writeUInt16LE(bytes.length - 1, 3);
    for (let index = 0; index < cells; index++) bytes[5 + index * 3] = 2;
    assert.throws(() => jsonText(bytes, 0, bytes.length), { code: 'MALFORMED_MESSAGE' });
  });

  test('a tree gives back what it was read from, without blanks', () => {
    for (const text of ['{}', '[]', 'null', '1.50', '{"a":[1,{"b":"x\\"y"}],"":-0.0}', '["\\u0001"]'])
      assert.equal(treeText(parseTree(text)), text);
    assert.equal(treeText(parseTree('{ "a" : [ 1 , 2 ] }')), '{"a":[1,2]}');
    for (const text of ['', '{', '[1', '{"a"}', '1 2', '"x']) assert.throws(() => parseTree(text), { code: 'MALFORMED_MESSAGE' });
  });
});

/** One change: operation, path, and an INT16 for a value. */
function change(operation: number, path: string, value?: number): Buffer {
  const head = Buffer.from([operation, path.length]);
  const parts = [head, Buffer.from(path)];
  if (value !== undefined) parts.push(Buffer.from([3, 5, value & 255, (value >> 8) & 255]));
  return Buffer.concat(parts);
}

describe('partial updates', () => {
  const former = '{"b":[1.50,{"k":1}],"cc":2}';

  test('replace, insert and remove at their paths; what they do not touch keeps its form', () => {
    assert.equal(patchJson(change(0, '$.b[1].k', 7), former), '{"b":[1.50,{"k":7}],"cc":2}');
    assert.equal(patchJson(change(1, '$.b[0]', 7), former), '{"b":[7,1.50,{"k":1}],"cc":2}');
    assert.equal(patchJson(change(2, '$.b[1]'), former), '{"b":[1.50],"cc":2}');
    assert.equal(patchJson(change(0, '$', 7), former), '7');
  });

  test('a new member stands where the server sorts it: by length, then by bytes', () => {
    assert.equal(patchJson(change(1, '$.a', 7), former), '{"a":7,"b":[1.50,{"k":1}],"cc":2}');
    assert.equal(patchJson(change(1, '$.bb', 7), former), '{"b":[1.50,{"k":1}],"bb":7,"cc":2}');
    assert.equal(patchJson(change(1, '$."d d"', 7), former), '{"b":[1.50,{"k":1}],"cc":2,"d d":7}');
  });

  test('what does not fit the former value is refused', () => {
    for (const bytes of [
      change(0, '$.x', 1),
      change(2, '$.b[9]'),
      change(1, '$.cc', 1),
      change(0, 'b', 1),
      change(5, '$.b', 1),
      Buffer.from([0, 9]),
    ])
      assert.throws(() => patchJson(bytes, former), { code: 'MALFORMED_MESSAGE' });
  });
});
