import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../../contract/index.ts';
import { logError } from './sqlite-errors.ts';

/** What an owner tells of itself. `rest`: host and port of its REST API; null where it has none. */
type Owner = { readonly pid: number; readonly host: string; readonly rest: string | null; readonly since: string };

const ownerFile = (dataDir: string) => join(dataDir, 'log.owner');

/**
 * The owner's lock (invariant 3): an exclusive transaction held on a file of its own, which the system frees however the process ends. The
 * log's own file stays unlocked, so that others can read it. Closing gives it up. Throws SluiceError LOG_LOCKED, which says who holds it.
 */
export function lockOwnership(dataDir: string, rest: string | null = null): DatabaseSync {
  const file = join(dataDir, 'log.lock');
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(dataDir, { recursive: true });
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('begin exclusive');
  } catch (thrown) {
    database?.close();
    const error = logError(`lock ${file}`, thrown);
    if (error.code !== 'LOG_UNAVAILABLE' || !/locked|busy/i.test(error.message)) throw error;
    throw new SluiceError('LOG_LOCKED', `Another worker${holderOf(dataDir)} owns the log under ${dataDir}.`, { cause: thrown });
  }
  tellOwner(dataDir, { pid: process.pid, host: hostname(), rest, since: new Date().toISOString() });
  return database;
}

/** For people only: whether it can be written (a disk may be full) changes nothing. */
function tellOwner(dataDir: string, owner: Owner): void {
  try {
    writeFileSync(ownerFile(dataDir), `${JSON.stringify(owner)}\n`);
  } catch {}
}

/** ` (process 12 on host, REST at host:port, since ...)`; nothing where the file does not say, or speaks of an owner that is gone. */
function holderOf(dataDir: string): string {
  try {
    const { pid, host, rest, since } = JSON.parse(readFileSync(ownerFile(dataDir), 'utf8')) as Owner;
    if (host === hostname()) process.kill(pid, 0);
    return ` (process ${pid} on ${host}${rest === null ? '' : `, REST at ${rest}`}, since ${since})`;
  } catch {
    return '';
  }
}
