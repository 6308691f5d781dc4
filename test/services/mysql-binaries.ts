import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache-folder.ts';
import { apt, installDebianPackages, withApt } from './debian-package.ts';
import { exists } from './install-lock.ts';

/** A program and the arguments it always gets. */
export type Program = { readonly command: string; readonly args: readonly string[] };

/** The Debian archive that this system installs from, as its own apt sources name it. */
async function debianArchive(): Promise<string> {
  const targets = await apt(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI) $(LABEL) $(COMPONENT)', 'Created-By: Packages'],
    'MySQL (from Debian sid)',
  );
  const archive = targets.split('\n').find(line => line.endsWith(' Debian main'));
  if (!archive) throw new Error("MySQL for the tests comes from Debian's sid, and this system has no Debian archive: set TEST_MYSQL_URL.");
  return archive.split(' ')[0]!;
}

/** Unpacks Debian sid's mysql-server-core with every library it needs into the folder; the system itself stays as it is. */
async function unpackSidMysql(folder: string): Promise<void> {
  const what = 'MySQL (from Debian sid)';
  const apart = join(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial', 'parts']) await mkdir(join(apart, part), { recursive: true });
  await writeFile(join(apart, 'status'), ''); // nothing is installed: so the C library itself is among what is downloaded
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(join(apart, 'parts', 'sid.list'), `deb [signed-by=${keyring}] ${await debianArchive()} sid main\n`);
  const options = [
    ['Dir::Etc::sourcelist', '/dev/null'],
    ['Dir::Etc::sourceparts', join(apart, 'parts')],
    ['Dir::State::lists', join(apart, 'lists')],
    ['Dir::State::status', join(apart, 'status')],
    ['Dir::Cache', join(apart, 'cache')],
    ['APT::Sandbox::User', ''],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await apt('apt-get', [...options, '-q', 'update'], what);
  await apt('apt-get', [...options, '-q', '-y', '--download-only', '--no-install-recommends', 'install', 'mysql-server-core'], what);
  const archives = join(apart, 'cache', 'archives');
  for (const file of await readdir(archives)) {
    if (file.endsWith('.deb')) await apt('dpkg-deb', ['-x', join(archives, file), join(folder, 'root')], what);
  }
  await rm(apart, { recursive: true });
}

/** MySQL 9 (Debian sid's, whatever its minor version), run with its own loader and libraries. */
export async function mysqlProgram(): Promise<Program> {
  const root = join(await cached('mysql-sid', folder => withApt(() => unpackSidMysql(folder))), 'root');
  const multiarch = (await readdir(join(root, 'usr', 'lib'))).find(name => name.endsWith('-linux-gnu'));
  if (!multiarch) throw new Error(`MySQL was unpacked without its libraries: delete ${root} and try again.`);
  const libraries = join(root, 'usr', 'lib', multiarch);
  const loader = (await readdir(libraries)).find(name => name.startsWith('ld-linux'));
  return {
    command: join(libraries, loader!),
    args: [
      '--library-path',
      libraries,
      join(root, 'usr', 'sbin', 'mysqld'),
      '--no-defaults',
      `--basedir=${join(root, 'usr')}`,
      `--lc-messages-dir=${join(root, 'usr', 'share', 'mysql')}`,
      `--character-sets-dir=${join(root, 'usr', 'share', 'mysql', 'charsets')}`,
      `--plugin-dir=${join(root, 'usr', 'lib', 'mysql', 'plugin')}`,
    ],
  };
}

const mariadbServer = '/usr/sbin/mariadbd';
const mariadbInstall = '/usr/bin/mariadb-install-db';

/** Debian's MariaDB 10.11, installed when this is root; its own data folder is neither used nor started. */
export async function mariadbPrograms(): Promise<{ readonly server: Program; readonly install: Program }> {
  await installDebianPackages({
    packages: ['mariadb-server'],
    what: 'MariaDB',
    variable: 'TEST_MARIADB_URL',
    present: async () => (await exists(mariadbServer)) && (await exists(mariadbInstall)),
  });
  return {
    server: { command: mariadbServer, args: ['--no-defaults'] },
    install: { command: mariadbInstall, args: ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db'] },
  };
}
