import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ColumnReader } from '../../../../../connectors/postgres/column.ts';
import { PgoutputDecoder } from '../../../../../connectors/postgres/pgoutput/decoder.ts';
import { readTuple, skipTuple, unchangedColumns } from '../../../../../connectors/postgres/pgoutput/tuple.ts';
import { SluiceError } from '../../../../../src/contract/index.ts';
import { builtinReader } from '../values/columns.ts';
import { encode, type TupleColumn, unchanged } from './encode.ts';
import { listener } from './heard.ts';

/** One reader of each kind: whatever bytes a tuple holds, they meet every parser. */
const readers: readonly ColumnReader[] = [
  'int4',
  'int8',
  'numeric',
  'float8',
  'bool',
  'text',
  'bytea',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'money',
  'varbit',
  'point',
  '_int4',
  '_text',
  'hstore',
  'vector',
  'sparsevec',
  'geometry',
].map(name => builtinReader(name));

/** Decodes a message with all its tuples; only a SluiceError may come of bad ones. */
function decodeAll(message: Buffer): void {
  const decoder = new PgoutputDecoder();
  const read = (bytes: Buffer, offset: number) => {
    skipTuple(bytes, offset);
    unchangedColumns(bytes, offset);
    const width = bytes.readUInt16BE(offset);
    readTuple(
      bytes,
      offset,
      Array.from({ length: width }, (_, index) => readers[index % readers.length]!),
    );
  };
  try {
    decoder.decode(message, {
      ...listener().handler,
      insert: (_, bytes, offset) => read(bytes, offset),
      update: (_, bytes, __, oldOffset, newOffset) => {
        if (oldOffset >= 0) read(bytes, oldOffset);
        read(bytes, newOffset);
      },
      delete: (_, bytes, __, offset) => read(bytes, offset),
    });
  } catch (error) {
    if (!(error instanceof SluiceError) || !['MALFORMED_MESSAGE', 'CONVERSION_FAILED'].includes(error.code)) throw error;
  }
}

const column: fc.Arbitrary<TupleColumn> = fc.oneof(
  fc.constantFrom(
    null,
    unchanged,
    't',
    '12.5',
    '-1',
    '2024-02-29 13:14:15.5+02 BC',
    '{1,"a\\"b",{NULL}}',
    '"a"=>"b"',
    'infinity',
    '\\x00ff',
  ),
  fc.string(),
);
const row = fc.array(column, { maxLength: readers.length });
const oid = fc.nat(0xffffffff);
const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const message = fc.oneof(
  fc.tuple(oid, row).map(([id, values]) => encode.insert(id, values)),
  fc.tuple(oid, fc.constantFrom('K' as const, 'O' as const, null), row, row).map(parts => encode.update(...parts)),
  fc.tuple(oid, fc.constantFrom('K' as const, 'O' as const), row).map(parts => encode.delete(...parts)),
  fc.tuple(lsn, fc.bigInt({ min: 0n, max: 2n ** 60n }), oid).map(parts => encode.begin(...parts)),
  fc.tuple(lsn, lsn, fc.bigInt({ min: 0n, max: 2n ** 60n })).map(parts => encode.commit(...parts)),
  fc.tuple(fc.array(oid), fc.nat(3)).map(parts => encode.truncate(...parts)),
  fc
    .tuple(fc.boolean(), lsn, fc.string(), fc.string())
    .map(([flag, at, prefix, content]) => encode.message(flag, at, prefix.replaceAll('\0', ''), content)),
  fc.tuple(lsn, fc.string()).map(([at, name]) => encode.origin(at, name.replaceAll('\0', ''))),
);

describe('pgoutput messages that are not as they should be', () => {
  test('random bytes end in a SluiceError or a message', () => {
    fc.assert(
      fc.property(fc.constantFrom(...'IUDBCRYOTMSEcAbPKrp?'), fc.uint8Array({ maxLength: 200 }), (kind, bytes) =>
        decodeAll(Buffer.concat([Buffer.from(kind), bytes])),
      ),
      { numRuns: 3000 },
    );
  });

  test('real messages, whole, cut off and with bytes changed', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (whole, cut, changes) => {
        decodeAll(whole);
        decodeAll(whole.subarray(0, cut % (whole.length + 1)));
        const changed = Buffer.from(whole);
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        decodeAll(changed);
      }),
      { numRuns: 2000 },
    );
  });
});
