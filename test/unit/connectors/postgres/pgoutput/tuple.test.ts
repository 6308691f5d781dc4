import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ColumnReader } from '../../../../../connectors/postgres/column.ts';
import { oldValues, readTuple, skipTuple, unchangedColumns } from '../../../../../connectors/postgres/pgoutput/tuple.ts';
import { SluiceError, schemas, type Value } from '../../../../../src/contract/index.ts';
import { tuple, unchanged } from './encode.ts';

function textColumn(name: string, read?: () => Value): ColumnReader {
  return {
    name,
    schema: schemas.optionalString,
    typeName: 'TEXT',
    length: -1,
    scale: -1,
    read: read ?? ((bytes, start, end) => bytes.toString('utf8', start, end)),
    whenNull: `null of ${name}`,
    unavailable: `unavailable ${name}`,
  };
}

const columns = ['a', 'b', 'c'].map(name => textColumn(name));

describe('readTuple', () => {
  test('gives texts, what stands for NULL, and what stands for a value that was not sent', () => {
    const message = Buffer.concat([Buffer.from('before'), tuple(['ü', null, unchanged]), Buffer.from('behind')]);
    assert.deepEqual(readTuple(message, 6, columns), ['ü', 'null of b', 'unavailable c']);
    assert.equal(skipTuple(message, 6), message.length - 6);
    assert.deepEqual(unchangedColumns(message, 6), [2]);
  });

  test('takes an unchanged value from the whole old row', () => {
    const message = tuple(['1', unchanged, unchanged]);
    assert.deepEqual(readTuple(message, 0, columns, [], ['0', 'old b', null]), ['1', 'old b', null]);
  });

  test('takes an unchanged value of a long key from the old key, and nothing else', () => {
    const message = Buffer.concat([tuple(['old a', null, null]), tuple([unchanged, '2', unchanged])]);
    const newOffset = skipTuple(message, 0);
    const old = oldValues(message, 0, newOffset, columns);
    assert.deepEqual(readTuple(message, newOffset, columns, [], old), ['old a', '2', 'unavailable c']);
    assert.equal(oldValues(tuple(['1', '2', '3']), 0, 0, columns), null);
  });

  test('leaves columns without reader out, in the new row and in the old one', () => {
    const readers = [columns[0]!, null, columns[2]!];
    assert.deepEqual(readTuple(tuple(['1', 'skipped', '3']), 0, readers), ['1', '3']);
    assert.deepEqual(readTuple(tuple(['1', unchanged, unchanged]), 0, readers, [], ['0', 'old c']), ['1', 'old c']);
    assert.deepEqual(readTuple(tuple(['1', null, null]), 0, readers), ['1', 'null of c']);
  });

  test('fills the array that it is given', () => {
    const into: Value[] = [];
    assert.equal(readTuple(tuple(['1', '2', '3']), 0, columns, into), into);
    assert.deepEqual(into, ['1', '2', '3']);
  });

  test('names the column that cannot be read, and never its value', () => {
    const failing = (thrown: Error) => {
      const read = () => {
        throw thrown;
      };
      return [textColumn('secret', read)];
    };
    for (const thrown of [new RangeError('s3cret'), new SluiceError('MALFORMED_MESSAGE', 'not the text of a value of type uuid')])
      assert.throws(
        () => readTuple(tuple(['s3cret']), 0, failing(thrown)),
        (error: unknown) =>
          error instanceof SluiceError &&
          error.code === 'MALFORMED_MESSAGE' &&
          /"secret"/.test(error.message) &&
          !/s3cret/.test(error.message),
      );
    assert.throws(() => readTuple(tuple(['1']), 0, failing(new SluiceError('CONVERSION_FAILED', 'NaN', { remedy: 'Use strings.' }))), {
      code: 'CONVERSION_FAILED',
      message: 'Column "secret": NaN.',
      remedy: 'Use strings.',
    });
  });

  test('refuses rows of another width, binary values, and lengths beyond the message', () => {
    const negative = tuple(['x', 'y', 'z']);
    negative.writeInt32BE(-1, 3);
    const long = tuple(['x', 'y', 'z']);
    long.writeInt32BE(1000, 3);
    for (const message of [tuple(['1', '2']), tuple(['x', 'y', 'z']).fill('b', 2, 3), negative, long, Buffer.from([0]), Buffer.alloc(0)])
      assert.throws(() => readTuple(message, 0, columns), { code: 'MALFORMED_MESSAGE' }, message.toString('hex'));
  });
});
