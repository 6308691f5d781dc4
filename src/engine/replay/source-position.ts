import { type Row, SluiceError } from '../../contract/index.ts';
import { type GtidSet, gtidSet } from '../position-order.ts';

/** What a record's `source` says of a position: whether the change is at it or behind it; null where it has no such position. */
export type IsAtOrBehind = (source: Row) => boolean | null;

/**
 * Reads a position as the database's users write it: a Postgres LSN, a binlog's file and place, a GTID set (what is not in it lies behind it), a
 * MongoDB cluster time. Throws SluiceError BAD_REQUEST.
 */
export function atOrBehind(position: string): IsAtOrBehind {
  const lsn = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(position);
  if (lsn !== null) return inPostgres((BigInt(`0x${lsn[1]}`) << 32n) + BigInt(`0x${lsn[2]}`));
  const time = /^(\d+):(\d+)$/.exec(position);
  if (time !== null) return inMongo(BigInt(time[1]!), BigInt(time[2]!));
  const set = gtidSet(position);
  if (set !== null) return inGtids(set);
  const binlog = /^(.+)\.(\d+):(\d+)$/.exec(position);
  if (binlog !== null) return inBinlog(binlog[1]!, BigInt(binlog[2]!), BigInt(binlog[3]!));
  throw new SluiceError('BAD_REQUEST', `'${position}' is no position of a source.`);
}

function integer(source: Row, name: string): bigint | null {
  const value = source.fields.get(name);
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : null;
}

/** The change's own LSN, or the commit before its transaction: a transaction is behind where it was committed, wherever its changes lie. */
function inPostgres(wanted: bigint): IsAtOrBehind {
  return source => {
    const lsn = integer(source, 'lsn');
    if (lsn === null) return null;
    if (lsn >= wanted) return true;
    const sequence = /^\["(\d+)"/.exec(String(source.fields.get('sequence') ?? ''));
    return sequence !== null && BigInt(sequence[1]!) >= wanted;
  };
}

function inBinlog(base: string, file: bigint, place: bigint): IsAtOrBehind {
  return source => {
    const found = /^(.+)\.(\d+)$/.exec(String(source.fields.get('file') ?? ''));
    const at = integer(source, 'pos');
    if (found === null || at === null || found[1] !== base) return null;
    const number = BigInt(found[2]!);
    return number === file ? at >= place : number > file;
  };
}

function inGtids(set: GtidSet): IsAtOrBehind {
  return source => {
    const text = source.fields.get('gtid');
    // Rows of a snapshot have none: they are before everything that is streamed.
    if (text === null || text === undefined) return source.fields.has('gtid') ? false : null;
    const own = gtidSet(String(text));
    if (own === null) return null;
    return [...own].some(([server, intervals]) =>
      // Of MariaDB's, an interval begins at 0 and stands for its last.
      intervals.some(([, last]) => !(set.get(server) ?? []).some(([from, to]) => from <= last && last <= to)),
    );
  };
}

function inMongo(seconds: bigint, increment: bigint): IsAtOrBehind {
  return source => {
    const [timestampMs, order] = [integer(source, 'ts_ms'), integer(source, 'ord')];
    if (timestampMs === null || order === null) return null;
    const second = timestampMs / 1000n;
    return second === seconds ? order >= increment : second > seconds;
  };
}
