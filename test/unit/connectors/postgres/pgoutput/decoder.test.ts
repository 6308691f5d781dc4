import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PgoutputDecoder } from '../../../../../connectors/postgres/pgoutput/decoder.ts';
import type { RelationMessage } from '../../../../../connectors/postgres/pgoutput/messages.ts';
import { SluiceError } from '../../../../../src/contract/index.ts';
import { encode, type TupleColumn, unchanged } from './encode.ts';
import { listener } from './heard.ts';

function decoded(message: Buffer): unknown[] {
  const { heard, handler } = listener();
  new PgoutputDecoder().decode(message, handler);
  assert.equal(heard.length, 1, 'one call a message');
  return heard[0]!;
}

const relation: RelationMessage = {
  oid: 4_000_000_001,
  schema: 'public',
  table: 'ünï',
  replicaIdentity: 'index',
  columns: [
    { name: 'id', typeOid: 23, typeModifier: -1, key: true },
    { name: 'Größe', typeOid: 1700, typeModifier: 655_366, key: false },
  ],
};

describe('PgoutputDecoder', () => {
  test('reads begin and commit, their LSNs unsigned and their times since 1970', () => {
    assert.deepEqual(decoded(encode.begin(2n ** 64n - 1n, 1_700_000_000_123_456n, 4_294_967_295)), [
      'begin',
      { finalLsn: 2n ** 64n - 1n, commitTimestampMicros: 1_700_000_000_123_456n, xid: 4_294_967_295 },
    ]);
    assert.deepEqual(decoded(encode.commit(0x1_0000_0000n, 0x1_0000_0030n, 1n)), [
      'commit',
      { commitLsn: 0x1_0000_0000n, endLsn: 0x1_0000_0030n, commitTimestampMicros: 1n },
    ]);
  });

  test('reads relations of every replica identity', () => {
    for (const replicaIdentity of ['default', 'nothing', 'full', 'index'] as const)
      assert.deepEqual(decoded(encode.relation({ ...relation, replicaIdentity })), ['relation', { ...relation, replicaIdentity }]);
  });

  test('knows pg_catalog, which is written as an empty name', () => {
    assert.deepEqual(decoded(encode.relation({ ...relation, schema: '' })), ['relation', { ...relation, schema: 'pg_catalog' }]);
    assert.deepEqual(decoded(encode.type(16_385, '', 'mood')), ['type', { oid: 16_385, schema: 'pg_catalog', name: 'mood' }]);
  });

  test('reads origins, types and truncates', () => {
    assert.deepEqual(decoded(encode.origin(7n, 'elsewhere')), ['origin', { lsn: 7n, name: 'elsewhere' }]);
    assert.deepEqual(decoded(encode.type(16_385, 'crm', 'mood')), ['type', { oid: 16_385, schema: 'crm', name: 'mood' }]);
    assert.deepEqual(decoded(encode.truncate([1, 4_000_000_001], 2)), [
      'truncate',
      [1, 4_000_000_001],
      { cascade: false, restartIdentity: true },
    ]);
    assert.deepEqual(decoded(encode.truncate([1], 1)), ['truncate', [1], { cascade: true, restartIdentity: false }]);
  });

  test('reads logical messages, their content as a view of its bytes', () => {
    const { handler } = listener();
    const contents: string[] = [];
    const message = encode.message(true, 99n, 'audit', 'ü ✓');
    new PgoutputDecoder().decode(message, {
      ...handler,
      logicalMessage: ({ transactional, lsn, prefix, content }) => contents.push(`${transactional} ${lsn} ${prefix} ${content}`),
    });
    assert.deepEqual(contents, ['true 99 audit ü ✓']);
  });

  test('hands row messages on with the places of their tuples', () => {
    assert.deepEqual(decoded(encode.insert(5, ['1', null])), ['insert', 5, 6]);
    assert.deepEqual(decoded(encode.update(5, null, [], ['1', unchanged])), ['update', 5, null, -1, 6]);
    const old: readonly TupleColumn[] = ['1', null, unchanged];
    // kind, count, then t + length + text, n, u, and the letter in front of the new tuple
    assert.deepEqual(decoded(encode.update(5, 'K', old, ['2', null, 'x'])), ['update', 5, 'K', 6, 6 + 2 + 6 + 1 + 1 + 1]);
    assert.deepEqual(decoded(encode.delete(4_000_000_001, 'O', ['1'])), ['delete', 4_000_000_001, 'O', 6]);
  });

  test('refuses streamed transactions and two-phase commit with their own remedies', () => {
    for (const [letter, remedy] of [
      ['S', /streaming/],
      ['E', /streaming/],
      ['c', /streaming/],
      ['A', /streaming/],
      ['b', /two_phase/],
      ['P', /two_phase/],
      ['K', /two_phase/],
      ['r', /two_phase/],
      ['p', /two_phase/],
    ] as const)
      assert.throws(
        () => decoded(Buffer.from(`${letter}0000000000000000`)),
        (error: unknown) => error instanceof SluiceError && error.code === 'MALFORMED_MESSAGE' && remedy.test(error.remedy),
      );
  });

  test('refuses what no message is, before the handler hears of it', () => {
    const negativeLength = encode.message(false, 1n, 'prefix', 'content');
    negativeLength.writeInt32BE(-1, negativeLength.length - 'content'.length - 4);
    const malformedMessages = [
      Buffer.alloc(0),
      Buffer.from('?'),
      Buffer.from('I'),
      Buffer.concat([encode.begin(1n, 1n, 1), Buffer.from([0])]),
      encode.insert(5, ['1']).fill('X', 5, 6),
      encode.update(5, 'K', ['1'], ['2']).fill('X', 14, 15),
      encode.truncate([1, 2], 0).subarray(0, -1),
      negativeLength,
      encode.relation(relation).fill('x', 5 + 7 + 6, 5 + 7 + 7),
    ];
    for (const message of malformedMessages) {
      const { heard, handler } = listener();
      assert.throws(() => new PgoutputDecoder().decode(message, handler), { code: 'MALFORMED_MESSAGE' }, message.toString('hex'));
      assert.deepEqual(heard, []);
    }
  });
});
