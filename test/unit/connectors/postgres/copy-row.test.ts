import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ColumnReader } from '../../../../connectors/postgres/column.ts';
import { CopyRowReader } from '../../../../connectors/postgres/copy-row.ts';
import { schemas } from '../../../../src/contract/index.ts';

const text: ColumnReader = {
  name: 'text',
  schema: schemas.optionalString,
  typeName: 'TEXT',
  length: -1,
  scale: -1,
  read: (bytes, start, end) => bytes.toString('utf8', start, end),
  whenNull: null,
  unavailable: null,
};

const escaped = new Map([
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
]);
/** A row as COPY TO writes it in text format. */
const copyRow = (values: readonly (string | null)[]) =>
  Buffer.from(
    `${values.map(value => (value === null ? '\\N' : [...value].map(character => escaped.get(character) ?? character).join(''))).join('\t')}\n`,
  );

test('rows are read as COPY writes them, whatever is in them', () => {
  const value = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\N', '\\\\', 'a\tb\nc', '', '\\x00ff')), { nil: null });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), values => {
      const reader = new CopyRowReader(values.map(() => text));
      const bytes = copyRow(values);
      assert.deepEqual(
        reader.read(bytes, 0, bytes.length),
        values.map(item => item && Buffer.from(item).toString()),
      );
      assert.deepEqual(
        values.map((_, column) => reader.text(column)),
        values.map(item => item && Buffer.from(item).toString()),
      );
    }),
  );
});

test('a long value with escapes is read from the memory it was unescaped into', () => {
  const long = `\\x${'ab'.repeat(5000)}`;
  const bytes = copyRow(['short\\', long]);
  assert.deepEqual(new CopyRowReader([text, text]).read(bytes, 0, bytes.length), ['short\\', long]);
});

test('a row with fewer columns than asked for is refused', () => {
  const bytes = Buffer.from('one\n');
  assert.throws(() => new CopyRowReader([text, text]).read(bytes, 0, bytes.length), { code: 'MALFORMED_MESSAGE' });
});
