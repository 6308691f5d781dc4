import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rangeOffset, rangesBetween, readRange, storedRanges, wholeCollection } from '../../../../connectors/mongodb/snapshot-ranges.ts';

const server = { server_id: 'srv' };

describe('Ranges of a collection', () => {
  test('they join without a gap, from the collection’s beginning to its end', () => {
    const ranges = rangesBetween('db.c', ['a', 'b', 'c']);
    assert.deepEqual(
      ranges.map(({ from, until }) => [from, until]),
      [
        [null, 'a'],
        ['a', 'b'],
        ['b', 'c'],
        ['c', null],
      ],
    );
    assert.ok(ranges.every(({ index, of }, place) => index === place && of === 4));
  });

  test('what is stored is read back, in the ranges’ order', () => {
    const [first, second, third] = rangesBetween('db.c', ['a', 'b']);
    const whole = { ...wholeCollection('db.d'), after: 'x' };
    const stored = [third!, { ...first!, after: 'A' }, { ...second!, done: true }, whole].map(range => rangeOffset(server, range));
    const read = storedRanges([{ partition: server, offset: { sec: 1 } }, ...stored]);
    assert.deepEqual(read.get('db.c'), [{ ...first!, after: 'A' }, { ...second!, done: true }, third]);
    assert.deepEqual(read.get('db.d'), [whole]);
    assert.equal(read.size, 2);
  });

  test('a deleted offset, and that of the stream, are none', () => {
    assert.equal(readRange({ ...rangeOffset(server, wholeCollection('db.c')), offset: null }), null);
    assert.equal(readRange({ partition: server, offset: { sec: 1 } }), null);
  });
});
