import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlacedDocument, readPlacedDocument } from '../../../src/config/placed-document.ts';

const text = `# a comment
name: s
steps:
  - name: A
    payload: &both
      id: $.start.id
      items: [ 1, two,
        { deep: 3 } ]
  - name: B
    payload: *both
`;

test('a document is a tree that knows where its values stand', () => {
  const { value, lineOf } = parsePlacedDocument('s.yaml', text);
  const payload = { id: '$.start.id', items: [1, 'two', { deep: 3 }] };
  assert.deepEqual(value, {
    name: 's',
    steps: [
      { name: 'A', payload },
      { name: 'B', payload },
    ],
  });
  assert.deepEqual(
    [['name'], ['steps'], ['steps', 0], ['steps', 0, 'payload', 'items', 2, 'deep'], ['steps', 1, 'name']].map(place => lineOf(place)),
    [2, 3, 4, 8, 9],
  );
  // What is behind an alias stands where it is written; what is missing, where the nearest thing around it begins.
  assert.deepEqual(
    [lineOf(['steps', 1, 'payload', 'id']), lineOf(['steps', 0, 'none', 'deeper']), lineOf(['steps', 7]), lineOf([])],
    [6, 4, 3, 2],
  );
});

test('JSON is read too, and what is no document is refused with its line', async () => {
  const { value, lineOf } = parsePlacedDocument('s.json', '{\n"a": {"b": [1,\n2]}}');
  assert.deepEqual([value, lineOf(['a', 'b', 1])], [{ a: { b: [1, 2] } }, 3]);
  assert.equal(parsePlacedDocument('s.yaml', '').value, null);
  assert.throws(() => parsePlacedDocument('s.yaml', 'a: 1\nb: [\n'), /^SluiceError: s\.yaml:\d+: /);
  assert.throws(() => parsePlacedDocument('s.yaml', 'a: 1\na: 2\n'), /^SluiceError: s\.yaml:2: /);
  assert.throws(() => parsePlacedDocument('s.yaml', 'a: 1\n---\nb: 1\n'), /s\.yaml:2: the file holds a second document/);
  const bomb = `a: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]\n`;
  assert.throws(() => parsePlacedDocument('s.yaml', bomb), /^SluiceError: s\.yaml: /);
  await assert.rejects(readPlacedDocument('/nowhere/s.yaml'), /\/nowhere\/s\.yaml: the file cannot be read \(ENOENT\)/);
});
