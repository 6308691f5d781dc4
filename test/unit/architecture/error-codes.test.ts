import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCatalogue } from '../../../src/contract/index.ts';
import { sourceFiles, withoutComments } from './source-files.ts';

const codes = Object.keys(errorCatalogue);
const program = sourceFiles(['src', 'connectors', 'sinks', 'transforms'])
  .filter(({ path }) => path !== 'src/contract/errors.ts')
  .map(({ path, text }) => ({ path, text: withoutComments(text) }));

test('every code of the error catalogue is thrown somewhere', () => {
  const unused = codes.filter(code => !program.some(({ text }) => text.includes(`'${code}'`)));
  assert.deepEqual(unused, [], `nobody uses ${unused.join(', ')}: throw it where it belongs, or take it out of src/contract/errors.ts`);
});

test('every remedy is its own sentence, so that no code says the same as another', () => {
  const remedies = Object.values(errorCatalogue).map(({ remedy }) => remedy);
  assert.equal(new Set(remedies).size, remedies.length);
  for (const remedy of remedies) assert.match(remedy, /^[A-Z`].*\.$/s);
});
