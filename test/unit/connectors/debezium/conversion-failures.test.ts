import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withConversionFailures } from '../../../../connectors/debezium/conversion-failures.ts';
import type { ColumnReader } from '../../../../connectors/postgres/column.ts';
import { readValue } from '../../../../connectors/postgres/read-value.ts';
import { SluiceError, schemas } from '../../../../src/contract/index.ts';

const warnings: unknown[] = [];
const silent = () => undefined;
const logger = { debug: silent, info: silent, error: silent, warn: (fields: object) => void warnings.push(fields), child: () => logger };

function failing(optional: boolean, code: 'CONVERSION_FAILED' | 'MALFORMED_MESSAGE'): ColumnReader {
  return {
    name: 'amount',
    schema: optional ? schemas.optionalBytes : schemas.bytes,
    typeName: 'NUMERIC',
    length: -1,
    scale: -1,
    read: () => {
      throw new SluiceError(code, 'NaN has no place here', { remedy: 'Exclude the column.' });
    },
    whenNull: null,
    unavailable: null,
  };
}

const read = (reader: ColumnReader) => readValue(reader, Buffer.from('NaN'), 0, 3);

test('a value that its schema cannot hold becomes null, and is said the 1st and the 10th time', () => {
  warnings.length = 0;
  const reader = withConversionFailures(failing(true, 'CONVERSION_FAILED'), 'public.t', 'warn', logger);
  for (let count = 1; count <= 12; count++) assert.equal(read(reader), null);
  assert.deepEqual(
    warnings.map(fields => (fields as { count: number }).count),
    [1, 10],
  );
});

test('skip makes it null without a word', () => {
  warnings.length = 0;
  assert.equal(read(withConversionFailures(failing(true, 'CONVERSION_FAILED'), 'public.t', 'skip', logger)), null);
  assert.equal(warnings.length, 0);
});

test('fail, and a column that is NOT NULL, stop the task with the column’s name', () => {
  const expected = { code: 'CONVERSION_FAILED', message: /Column "amount"/ };
  assert.throws(() => read(withConversionFailures(failing(true, 'CONVERSION_FAILED'), 'public.t', 'fail', logger)), expected);
  assert.throws(() => read(withConversionFailures(failing(false, 'CONVERSION_FAILED'), 'public.t', 'warn', logger)), expected);
});

test('a malformed value stops the task whatever the mode', () => {
  const reader = withConversionFailures(failing(true, 'MALFORMED_MESSAGE'), 'public.t', 'skip', logger);
  assert.throws(() => read(reader), { code: 'MALFORMED_MESSAGE', message: /Column "amount"/ });
});
