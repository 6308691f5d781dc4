import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached } from './cache-folder.ts';
import { withInstallLock } from './install-lock.ts';
import { mavenFile } from './maven.ts';
import { openToAll, type SystemUser } from './postgres-binaries.ts';

const run = promisify(execFile);

/** The release whose distribution for integration tests is used: the real engine, without painless, reindex and delete-by-query. */
export const elasticsearchVersion = '8.19.21';

const rootPlugin = fileURLToPath(new URL('elasticsearch-root', import.meta.url));

/** `javac` and `jar`, which come with a JDK and not with a runtime. */
async function jdk(program: string, args: readonly string[], cwd: string): Promise<void> {
  await run(program, args, { cwd, maxBuffer: 1 << 26 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`Elasticsearch needs a JDK for its tests, and there is no ${program} here: apt-get install openjdk-17-jdk-headless.`);
  });
}

/** Compiles the plugin that answers GET / and puts it where the server looks for plugins. */
async function addRootPlugin(home: string): Promise<void> {
  const classes = await mkdtemp(join(tmpdir(), 'sluice-elasticsearch-root-'));
  const plugin = join(home, 'plugins', 'sluice-test-root');
  try {
    await mkdir(plugin, { recursive: true });
    const source = join(rootPlugin, 'RestRootPlugin.java');
    await jdk('javac', ['-proc:none', '-d', classes, '-cp', join(home, 'lib', '*'), source], home);
    await jdk('jar', ['cf', join(plugin, 'sluice-test-root.jar'), '-C', classes, '.'], home);
    await copyFile(join(rootPlugin, 'plugin-descriptor.properties'), join(plugin, 'plugin-descriptor.properties'));
  } finally {
    await rm(classes, { recursive: true, force: true });
  }
}

async function unpack(folder: string): Promise<void> {
  const archive = await mavenFile(`org.elasticsearch.distribution.integ-test-zip:elasticsearch:${elasticsearchVersion}:zip`, folder);
  await jdk('jar', ['xf', archive], folder);
  await rm(archive);
  const unpacked = join(folder, `elasticsearch-${elasticsearchVersion}`);
  for (const name of await readdir(unpacked)) await rename(join(unpacked, name), join(folder, name));
  await rm(unpacked, { recursive: true });
  for (const name of await readdir(join(folder, 'bin'))) await chmod(join(folder, 'bin', name), 0o755); // `jar` keeps no modes
  await addRootPlugin(folder);
}

/**
 * The server's home folder, unpacked and with the plugin that answers GET /; servers only read it. Elasticsearch refuses root: where that
 * is who we are and the cache is closed to others, it is a copy that `user` may read.
 */
export async function elasticsearchHome(user: SystemUser | undefined): Promise<string> {
  const home = await cached(`elasticsearch-${elasticsearchVersion}`, unpack);
  if (!user || (await openToAll(home))) return home;
  const copy = join(tmpdir(), `sluice-elasticsearch-${elasticsearchVersion}`);
  await withInstallLock(copy, async () => {
    const half = `${copy}.${process.pid}`;
    await cp(home, half, { recursive: true });
    await rename(half, copy).finally(() => rm(half, { recursive: true, force: true }));
  });
  return copy;
}

/** The folder of the Java on the path. */
export async function javaHome(): Promise<string> {
  const { stderr } = await run('java', ['-XshowSettings:properties', '-version']).catch(error => {
    throw new Error('Elasticsearch needs Java 17, and there is no java here: apt-get install openjdk-17-jdk-headless.', { cause: error });
  });
  const home = /java\.home = (.*)/.exec(stderr)?.[1]?.trim();
  if (home === undefined) throw new Error('This java does not say where it is installed (java.home)');
  return home;
}
