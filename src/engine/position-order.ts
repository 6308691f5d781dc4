import { isStreamOffset, type JsonObject, SluiceError, type SourceOffset } from '../contract/index.ts';

/** Intervals of transaction numbers by source, inclusive. */
export type GtidSet = ReadonlyMap<string, readonly (readonly [first: bigint, last: bigint])[]>;

/**
 * Whether a source that has stored this offset has everything up to a position, as the database's users write positions: a Postgres LSN
 * (`0/16B3748`), a binlog's file and place (`mysql-bin.000003:1234`), a GTID set of MySQL or MariaDB, a MongoDB cluster time (seconds, or
 * `seconds:increment`). Throws SluiceError BAD_REQUEST for a position that such an offset cannot be held against.
 */
export function isReached(offset: JsonObject, position: string): boolean {
  // Before its end a snapshot does not say which changes it has.
  if (offset['snapshot_completed'] === false) return false;
  const found = inPostgres(offset, position) ?? inBinlog(offset, position) ?? inGtids(offset, position) ?? inMongo(offset, position);
  if (found === null)
    throw new SluiceError(
      'BAD_REQUEST',
      `The source's offsets cannot be held against the position '${position}': give one as its status shows it.`,
    );
  return found;
}

/** The same of all that a source has stored. */
export function haveReached(offsets: readonly SourceOffset[], position: string): boolean {
  return offsets.some(stored => stored.offset !== null && isStreamOffset(stored) && isReached(stored.offset, position));
}

function numberOf(offset: JsonObject, key: string): bigint | null {
  const value = offset[key];
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : null;
}

function inPostgres(offset: JsonObject, position: string): boolean | null {
  const lsn = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(position);
  const confirmed = numberOf(offset, 'sluice_confirmed_lsn') ?? numberOf(offset, 'lsn_commit');
  if (lsn === null || confirmed === null) return null;
  return confirmed >= (BigInt(`0x${lsn[1]}`) << 32n) + BigInt(`0x${lsn[2]}`);
}

function inBinlog(offset: JsonObject, position: string): boolean | null {
  const wanted = /^(.+)\.(\d+):(\d+)$/.exec(position);
  const place = numberOf(offset, 'pos');
  const file = /^(.+)\.(\d+)$/.exec(String(offset['file'] ?? ''));
  if (wanted === null || place === null || file === null || wanted[1] !== file[1]) return null;
  const [wantedFile, foundFile] = [BigInt(wanted[2]!), BigInt(file[2]!)];
  return foundFile === wantedFile ? place >= BigInt(wanted[3]!) : foundFile > wantedFile;
}

function inGtids(offset: JsonObject, position: string): boolean | null {
  const wanted = gtidSet(position);
  const text = offset['gtids'];
  const found = typeof text === 'string' ? gtidSet(text) : null;
  if (wanted === null || found === null) return null;
  return [...wanted].every(([source, intervals]) =>
    intervals.every(([first, last]) => (found.get(source) ?? []).some(([from, to]) => from <= first && last <= to)),
  );
}

/** MySQL's `uuid:1-5:7,...`, or MariaDB's `domain-server-sequence,...`, which stands for everything in the domain up to it. */
export function gtidSet(text: string): GtidSet | null {
  const set = new Map<string, (readonly [bigint, bigint])[]>();
  for (const part of text.split(',').map(one => one.trim())) {
    const mariadb = /^(\d+)-\d+-(\d+)$/.exec(part);
    const mysql = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})((?::\d+(?:-\d+)?)+)$/i.exec(part);
    if (mariadb !== null) set.set(mariadb[1]!, [[0n, BigInt(mariadb[2]!)]]);
    else if (mysql !== null) {
      const intervals = mysql[2]!
        .slice(1)
        .split(':')
        .map(interval => {
          const [first, last = first] = interval.split('-');
          return [BigInt(first!), BigInt(last!)] as const;
        });
      const source = mysql[1]!.toLowerCase();
      set.set(source, [...(set.get(source) ?? []), ...intervals]);
    } else return null;
  }
  return set;
}

function inMongo(offset: JsonObject, position: string): boolean | null {
  const wanted = /^(\d+)(?::(\d+))?$/.exec(position);
  const [seconds, increment] = [numberOf(offset, 'sec'), numberOf(offset, 'ord')];
  if (wanted === null || seconds === null || increment === null) return null;
  const [wantedSeconds, wantedIncrement] = [BigInt(wanted[1]!), BigInt(wanted[2] ?? 0)];
  if (seconds >= 0n) return seconds === wantedSeconds ? increment >= wantedIncrement : seconds > wantedSeconds;
  // Of an idle stream its token tells the time before which it has looked at everything.
  const token = /_data\0.{4}82([0-9a-f]{8})([0-9a-f]{8})/is.exec(
    Buffer.from(String(offset['resume_token'] ?? ''), 'base64').toString('latin1'),
  );
  if (token === null) return false;
  const [seen, seenIncrement] = [BigInt(`0x${token[1]}`), BigInt(`0x${token[2]}`)];
  return seen === wantedSeconds ? seenIncrement > wantedIncrement : seen > wantedSeconds;
}
