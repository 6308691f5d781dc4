import { execFile } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached } from './cache-folder.ts';

const run = promisify(execFile);

/** `group:artifact:version`. */
export type Coordinates = string;

async function maven(args: readonly string[], what: string): Promise<void> {
  try {
    await run('mvn', ['--quiet', '--batch-mode', ...args], { maxBuffer: 1 << 26 });
  } catch (error) {
    const { code, stdout, stderr } = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string };
    if (code === 'ENOENT')
      throw new Error(`${what} comes by Maven, and there is no mvn here: install it (apt-get install maven) with Java 17.`);
    throw new Error(`${what} could not be downloaded with mvn:\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

/** A folder with these artifacts' jars and those they depend on, for `java -cp 'FOLDER/*'`. */
export async function mavenLibraries(name: string, artifacts: readonly Coordinates[]): Promise<string> {
  return cached(name, async folder => {
    const dependencies = artifacts.map(coordinates => {
      const [group, artifact, version] = coordinates.split(':');
      return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
    });
    const pom = join(folder, 'pom.xml');
    await writeFile(
      pom,
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sluice</groupId><artifactId>${name}</artifactId><version>1</version><dependencies>${dependencies.join('\n')}</dependencies></project>`,
    );
    await maven(['-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`], name);
    await rm(join(folder, 'target'), { recursive: true, force: true });
    if (!(await readdir(folder)).some(file => file.endsWith('.jar'))) throw new Error(`Maven ended well and brought no jar for ${name}`);
  });
}

/** A folder into which these archives (`group:artifact:version:tar.gz:classifier`) are unpacked. */
export async function mavenArchives(name: string, archives: readonly Coordinates[]): Promise<string> {
  return cached(name, async folder => {
    for (const archive of archives) {
      await maven(['dependency:get', `-Dartifact=${archive}`, '-Dtransitive=false'], archive);
      await maven(['dependency:copy', `-Dartifact=${archive}`, `-DoutputDirectory=${folder}`], archive);
    }
    for (const file of await readdir(folder)) {
      await run('tar', ['-xzf', join(folder, file), '-C', folder]);
      await rm(join(folder, file));
    }
  });
}

/** One artifact's file (`group:artifact:version:zip`), copied into a folder; gives its path. */
export async function mavenFile(artifact: Coordinates, folder: string): Promise<string> {
  await maven(['dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false'], artifact);
  await maven(['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], artifact);
  const [, name, version] = artifact.split(':');
  const file = (await readdir(folder)).find(candidate => candidate.startsWith(`${name}-${version}.`));
  if (file === undefined) throw new Error(`Maven ended well and brought no file for ${artifact}`);
  return join(folder, file);
}
