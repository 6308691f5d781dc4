import type { RelationMessage } from '../../../../../connectors/postgres/pgoutput/messages.ts';

/** A column that an update left as it was. */
export const unchanged = Symbol('unchanged TOAST value');
export type TupleColumn = string | null | typeof unchanged;

const postgresEpochMicros = 946_684_800_000_000n;

function int(size: 1 | 2 | 4, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE(size === 4 ? value | 0 : (value << (32 - size * 8)) >> (32 - size * 8), 0, size);
  return bytes;
}

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return bytes;
}

const text = (value: string) => Buffer.from(`${value}\0`, 'utf8');
const letter = (value: string) => Buffer.from(value, 'latin1');

export function tuple(columns: readonly TupleColumn[]): Buffer {
  const parts = columns.map(column => {
    if (column === null) return letter('n');
    if (column === unchanged) return letter('u');
    const bytes = Buffer.from(column, 'utf8');
    return Buffer.concat([letter('t'), int(4, bytes.length), bytes]);
  });
  return Buffer.concat([int(2, columns.length), ...parts]);
}

const micros = (since1970: bigint) => long(since1970 - postgresEpochMicros);

/** Writes pgoutput messages as the server does (documentation, "Logical Replication Message Formats"), for tests of their reader. */
export const encode = {
  begin: (finalLsn: bigint, commitTimestampMicros: bigint, xid: number) =>
    Buffer.concat([letter('B'), long(finalLsn), micros(commitTimestampMicros), int(4, xid)]),
  commit: (commitLsn: bigint, endLsn: bigint, commitTimestampMicros: bigint) =>
    Buffer.concat([letter('C'), int(1, 0), long(commitLsn), long(endLsn), micros(commitTimestampMicros)]),
  origin: (lsn: bigint, name: string) => Buffer.concat([letter('O'), long(lsn), text(name)]),
  relation: ({ oid, schema, table, replicaIdentity, columns }: RelationMessage) =>
    Buffer.concat([
      letter('R'),
      int(4, oid),
      text(schema),
      text(table),
      letter({ default: 'd', nothing: 'n', full: 'f', index: 'i' }[replicaIdentity]),
      int(2, columns.length),
      ...columns.flatMap(({ key, name, typeOid, typeModifier }) => [
        int(1, key ? 1 : 0),
        text(name),
        int(4, typeOid),
        int(4, typeModifier),
      ]),
    ]),
  type: (oid: number, schema: string, name: string) => Buffer.concat([letter('Y'), int(4, oid), text(schema), text(name)]),
  insert: (oid: number, row: readonly TupleColumn[]) => Buffer.concat([letter('I'), int(4, oid), letter('N'), tuple(row)]),
  update: (oid: number, kind: 'K' | 'O' | null, old: readonly TupleColumn[], row: readonly TupleColumn[]) =>
    Buffer.concat([letter('U'), int(4, oid), ...(kind === null ? [] : [letter(kind), tuple(old)]), letter('N'), tuple(row)]),
  delete: (oid: number, kind: 'K' | 'O', old: readonly TupleColumn[]) =>
    Buffer.concat([letter('D'), int(4, oid), letter(kind), tuple(old)]),
  truncate: (oids: readonly number[], flags: number) =>
    Buffer.concat([letter('T'), int(4, oids.length), int(1, flags), ...oids.map(oid => int(4, oid))]),
  message: (transactional: boolean, lsn: bigint, prefix: string, content: string) =>
    Buffer.concat([
      letter('M'),
      int(1, transactional ? 1 : 0),
      long(lsn),
      text(prefix),
      int(4, Buffer.byteLength(content)),
      Buffer.from(content),
    ]),
};
