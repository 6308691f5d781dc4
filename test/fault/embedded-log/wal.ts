import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Of SQLite's file format (https://www.sqlite.org/fileformat2.html, 4.1). */
const walHeaderBytes = 32;
const frameHeaderBytes = 24;

/** Copies what a log is made of, as it lies there now. The index beside it (-shm) is memory only: the machine takes it along. */
export function copyLog(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const name of ['log.db', 'log.db-wal']) if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
}

/** The places in a write-ahead log behind each frame that ends a transaction, in order; `end` is behind the last frame of this round. */
export function commitsIn(wal: string): { readonly commits: readonly number[]; readonly end: number } {
  const size = existsSync(wal) ? statSync(wal).size : 0;
  if (size < walHeaderBytes) return { commits: [], end: size };
  const descriptor = openSync(wal, 'r');
  const read = (position: number, length: number) => {
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, position);
    return bytes;
  };
  try {
    const header = read(0, walHeaderBytes);
    const frameBytes = frameHeaderBytes + header.readUInt32BE(8);
    const salts = header.subarray(16, 24);
    const commits: number[] = [];
    let at = walHeaderBytes;
    for (; at + frameBytes <= size; at += frameBytes) {
      const frame = read(at, frameHeaderBytes);
      if (!frame.subarray(8, 16).equals(salts)) break;
      if (frame.readUInt32BE(4) !== 0) commits.push(at + frameBytes);
    }
    return { commits, end: at };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Up to where the database may free its log by the offset in a copy of a log whose write-ahead log ends at `walEnd`; null where it has none
 * yet. Looks at a copy of the copy, under `scratch`: a look recovers what it finds.
 */
export function durableIn(copy: string, walEnd: number, scratch: string, connector: string): bigint | null {
  copyLog(copy, scratch);
  const wal = join(scratch, 'log.db-wal');
  if (existsSync(wal) && statSync(wal).size > walEnd) truncateSync(wal, walEnd);
  using database = new DatabaseSync(join(scratch, 'log.db'));
  const known = database.prepare("select 1 from sqlite_master where name = 'source_offsets'").get();
  const row =
    known &&
    database.prepare(`select "offset" from source_offsets where connector = ? and instr(partition, '"sluice_') = 0`).get(connector);
  const lsn = row && JSON.parse(String(row['offset'])).sluice_confirmed_lsn;
  return typeof lsn === 'number' ? BigInt(lsn) : null;
}
