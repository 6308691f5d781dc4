import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { withInstallLock } from './install-lock.ts';

const run = promisify(execFile);

async function present(): Promise<boolean> {
  return run('sqlite3', ['-version']).then(
    () => true,
    () => false,
  );
}

/** Debian's sqlite3 command, installed when it is missing and this is root. */
async function install(): Promise<void> {
  const command = 'apt-get install -y --no-install-recommends sqlite3';
  if (process.getuid?.() !== 0) throw new Error(`The sqlite3 command is missing: run \`sudo ${command}\`.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env }).catch(() => undefined); // a stale list may do; the next command says if not
  await run('apt-get', command.split(' ').slice(1), { env, maxBuffer: 1 << 26 }).catch(error => {
    throw new Error(`The sqlite3 command could not be installed; try \`${command}\`. ${(error as Error).message}`);
  });
}

/**
 * Asks a database file as a stranger does: with the stock sqlite3 command, beside whoever writes it. Gives the answer's lines, so `sql`
 * must make one of each row (`json_array(...)` is never broken over lines). Rejects with what the command complained of.
 */
export async function* sqlite3(file: string, sql: string): AsyncGenerator<string> {
  await withInstallLock(join(tmpdir(), 'sluice-sqlite3'), install, present);
  const options = ['-init', '/dev/null', '-batch', '-bail', '-readonly', '-cmd', '.timeout 60000'];
  const child = spawn('sqlite3', [...options, file, sql], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    complaint += text;
  });
  try {
    yield* createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
    const [code] = await closed;
    if (code !== 0 || complaint !== '') throw new Error(`sqlite3 ${file}: exit code ${code}, ${complaint}`);
  } finally {
    child.kill();
  }
}
