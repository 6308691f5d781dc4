import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { SluiceError } from '../../contract/index.ts';

/** Of SQLite's file format (https://www.sqlite.org/fileformat2.html): headers of the file, of its write-ahead log and of a frame in that. */
/** `SQLite f`. */
const fileMagic = 0x53514c6974652066n;
const fileHeaderBytes = 100;
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
/** The page in which SQLite's lock bytes lie is never written. */
const lockBytesAt = 0x4000_0000;

/** A file's size, and `length` bytes of it at `position`. */
type OpenFile = { readonly bytes: number; read(position: number, length: number): DataView };

/**
 * Refuses a log whose file was cut short. SQLite finds that by itself only where nothing waits in the write-ahead log; else it goes on until
 * it meets a page that is not there, records appended and old ones missing meanwhile. A file may be shorter than it says where the machine
 * went down in a checkpoint: then the write-ahead log has the pages. To be called by the owner, before SQLite opens the file: closing a
 * file gives up the process's locks on it. Throws SluiceError LOG_CORRUPT.
 */
export function requireWholeFile(file: string): void {
  withFile(file, database =>
    withFile(`${file}-wal`, wal => {
      if (!database) return;
      if (database.bytes < fileHeaderBytes) {
        // Before its first page there is no write-ahead log.
        if (wal && wal.bytes > walHeaderBytes) throw cutShort(file, database.bytes, null);
        return;
      }
      const header = database.read(0, fileHeaderBytes);
      // Not one of SQLite's at all, which SQLite says itself.
      if (header.getBigUint64(0) !== fileMagic) return;
      const pageBytes = header.getUint16(16) === 1 ? 65_536 : header.getUint16(16);
      const pages = header.getUint32(28);
      if (database.bytes >= pages * pageBytes) return;
      const inWal = wal ? pagesIn(wal, pageBytes) : new Set<number>();
      const lockPage = lockBytesAt / pageBytes + 1;
      for (let page = Math.floor(database.bytes / pageBytes) + 1; page <= pages; page++)
        if (page !== lockPage && !inWal.has(page)) throw cutShort(file, database.bytes, pages * pageBytes);
    }),
  );
}

function withFile(file: string, use: (file: OpenFile | null) => void): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    // Not there; or not to be read, which whoever needs it will say.
    use(null);
    return;
  }
  try {
    use({
      bytes: fstatSync(descriptor).size,
      read(position, length) {
        const bytes = Buffer.alloc(length);
        readSync(descriptor, bytes, 0, length, position);
        return new DataView(bytes.buffer, bytes.byteOffset, length);
      },
    });
  } finally {
    closeSync(descriptor);
  }
}

/** The pages in the write-ahead log's frames; those behind them, of an earlier round, have other salts. */
function pagesIn(wal: OpenFile, pageBytes: number): ReadonlySet<number> {
  const pages = new Set<number>();
  if (wal.bytes < walHeaderBytes) return pages;
  const salts = wal.read(0, walHeaderBytes).getBigUint64(16);
  for (let at = walHeaderBytes; at + frameHeaderBytes + pageBytes <= wal.bytes; at += frameHeaderBytes + pageBytes) {
    const frame = wal.read(at, frameHeaderBytes);
    if (frame.getBigUint64(8) !== salts) break;
    pages.add(frame.getUint32(0));
  }
  return pages;
}

function cutShort(file: string, bytes: number, expected: number | null): SluiceError {
  const rest = expected === null ? '' : ` of ${expected}`;
  return new SluiceError(
    'LOG_CORRUPT',
    `${file} was cut short: it has ${bytes} bytes${rest}, and its write-ahead log does not hold the others.`,
  );
}
