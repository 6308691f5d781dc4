import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { installDebianPackages } from './debian-package.ts';

const run = promisify(execFile);

async function present(): Promise<boolean> {
  return run('sqlite3', ['-version']).then(
    () => true,
    () => false,
  );
}

/**
 * Asks a database file as a stranger does: with the stock sqlite3 command, beside whoever writes it. Gives the answer's lines, so `sql`
 * must make one of each row (`json_array(...)` is never broken over lines). Rejects with what the command complained of.
 */
export async function* sqlite3(file: string, sql: string): AsyncGenerator<string> {
  await installDebianPackages({ packages: ['sqlite3'], what: 'The sqlite3 command', variable: null, present });
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
