import { execFile } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists, withInstallLock } from './install-lock.ts';

const run = promisify(execFile);

/** Past this, whoever else holds the system's own package lock (an unattended upgrade) is taken to hang. */
const lockSecondsMax = 600;

/** Runs a command of apt or dpkg without questions; rejects with what it complained of, and with `what` could not be had. */
export async function apt(command: string, args: readonly string[], what: string): Promise<string> {
  try {
    const { stdout } = await run(command, args, { maxBuffer: 1 << 26, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    return stdout;
  } catch (error) {
    throw new Error(`${what} could not be had by \`${command}\`: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Does something with apt, one process at a time on the whole machine, unless `done` says that it need not be: the package database has one writer, and in Debian's
 * container images each `apt-get update` deletes the packages that another command has just fetched.
 */
export async function withApt(work: () => Promise<void>, done: () => Promise<boolean> = async () => false): Promise<void> {
  await withInstallLock(join(tmpdir(), 'sluice-apt'), work, done);
}

/** A Debian package for the tests, and what there is to do without it. */
type Wanted = {
  readonly packages: readonly string[];
  /** For people: what is missing. */
  readonly what: string;
  /** The environment's variable that names one instead; null when nothing does. */
  readonly variable: string | null;
  readonly present: () => Promise<boolean>;
};

/** Installs Debian packages unless they are there. Needs root for that. A server among them is not started. */
export async function installDebianPackages({ packages, what, variable, present }: Wanted): Promise<void> {
  if (await present()) return;
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0) {
    throw new Error(`${what} is missing: run \`sudo apt-get ${install.join(' ')}\`${variable === null ? '' : `, or set ${variable}`}.`);
  }
  await withApt(async () => {
    await apt('apt-get', ['update'], what).catch(() => undefined); // a stale list may do; the next command says if not
    // Without this, the package starts a server of its own beside ours.
    const policy = '/usr/sbin/policy-rc.d';
    const ours = !(await exists(policy));
    if (ours) {
      await writeFile(`${policy}.new`, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
      await rename(`${policy}.new`, policy);
    }
    try {
      await apt('apt-get', ['-o', `DPkg::Lock::Timeout=${lockSecondsMax}`, ...install], what);
    } finally {
      if (ours) await rm(policy, { force: true });
    }
  }, present);
}

/** The program, whose Debian package is installed unless it is there. `variable` is what names a server instead. */
export async function debianProgram(program: string, packageName: string, variable: string): Promise<string> {
  await installDebianPackages({ packages: [packageName], what: program, variable, present: () => exists(program) });
  return program;
}
