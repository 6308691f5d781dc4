import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Struct } from '../../../../../src/contract/index.ts';
import { decodeAll, recordedEvents, type Told, teller } from './recorded-events.ts';

/** Structs as plain data. */
function plain(value: unknown): unknown {
  if (value instanceof Struct) return value.values.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}

const point = ['0101000000000000000000f03f0000000000000040', null];
/** The row that the recording inserts, as the stream shows it; of columns whose declaration only DDL knows, what the binlog knows. */
const row = (id: number): unknown[] => [
  id,
  7n,
  -5n,
  plain(Uint8Array.of(0xff, 0x43, 0xa1, 0x58)),
  1.5,
  -2.25,
  '0500',
  2024,
  19782,
  -43994567000n,
  1709212455678901n,
  '2024-02-29T13:14:15.67Z',
  'ab',
  'café',
  'text',
  '62000000',
  '00ff',
  'b',
  'p,r',
  '{"a":[1,2.5,null,true,{"deep":"x"}],"big":18446744073709551615}',
  point,
];

for (const flavor of ['mysql', 'mariadb'] as const) {
  describe(`recorded events of ${flavor}`, async () => {
    const told: Told[] = [];
    await decodeAll(
      recordedEvents.filter(event => event.flavor === flavor).map(({ bytes }) => bytes),
      teller(told),
    );
    const inserted = told.filter(({ kind }) => kind === 'insert t').flatMap(({ what }) => what as [null, unknown[]][]);

    test('inserted rows are read in full', () => {
      for (const [index, id] of [1, 2, 3].entries()) assert.deepEqual(inserted[index]![1].map(plain).slice(0, 21), row(id));
      assert.deepEqual(plain(inserted[0]![1][21]), flavor === 'mysql' ? [1, 2] : '640b1495001b1000bfffffea00000000');
    });

    test('transactions are framed by GTIDs, statements and commits', () => {
      const kinds = told.map(({ kind }) => kind);
      assert.equal(kinds.filter(kind => kind === 'xaPrepare').length, 1);
      const gtids = told.filter(({ kind }) => kind === 'gtid').map(({ what }) => (what as { gtid: string }).gtid);
      const form = flavor === 'mysql' ? /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:tag)?:\d+$/ : /^0-\d+-\d+$/;
      for (const gtid of gtids) assert.match(gtid, form);
      const statements = told.filter(({ kind }) => kind === 'rowsQuery').map(({ what }) => String(what));
      assert.ok(statements.some(statement => statement.startsWith('update t set i = 8')));
    });

    test('an update with a minimal row image keeps what it does not send', () => {
      const updates = told.filter(({ kind }) => kind === 'update t').map(({ what }) => (what as [unknown[], unknown[]][])[0]!);
      const minimal = updates[1]!;
      assert.deepEqual(minimal[1].slice(0, 2), [1, 9n]);
      assert.equal(minimal[1][14], '__debezium_unavailable_value');
    });

    if (flavor === 'mysql')
      test('a partial update of JSON changes the former document', () => {
        const updates = told.filter(({ kind }) => kind === 'update t').map(({ what }) => (what as [unknown[], unknown[]][])[0]!);
        assert.equal(updates[2]![1][19], '{"a":[42,2.5,null,true,{"deep":"x"}]}');
      });
    else
      test('compressed statements and rows are read', () => {
        assert.ok(
          told.some(({ kind, what }) => kind === 'query' && (what as { statement: string }).statement.startsWith('create table other')),
        );
        assert.ok(told.some(({ kind, what }) => kind === 'delete t' && (what as [unknown[], null][])[0]![0][0] === 2));
      });
  });
}
