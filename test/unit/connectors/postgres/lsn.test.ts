import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatLsn, parseLsn } from '../../../../connectors/postgres/lsn.ts';

test('log sequence numbers are written as Postgres writes them', () => {
  assert.equal(formatLsn(parseLsn('16/B374D848')), '16/B374D848');
  assert.equal(parseLsn('1/0'), 1n << 32n);
  assert.throws(() => parseLsn('16-B3'), /not a log sequence number/);
});

test('every number survives', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), lsn => assert.equal(parseLsn(formatLsn(lsn)), lsn)));
});
