import { execFile } from 'node:child_process';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withInstallLock } from './install-lock.ts';

const run = promisify(execFile);

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function apt(args: readonly string[]): Promise<void> {
  await run('apt-get', args, { maxBuffer: 1 << 26, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/** The program, whose Debian package is installed unless it is there. Needs root for that; `variable` is what names a server instead. */
export async function debianProgram(program: string, packageName: string, variable: string): Promise<string> {
  if (await exists(program)) return program;
  const install = ['install', '-y', '--no-install-recommends', packageName];
  if (process.getuid?.() !== 0) throw new Error(`${program} is missing: run \`sudo apt-get ${install.join(' ')}\`, or set ${variable}.`);
  await withInstallLock(
    join(tmpdir(), `sluice-${packageName}`),
    async () => {
      await apt(['update']).catch(() => undefined); // a stale list may do; the next command says if not
      // Without this, the package starts a server of its own beside ours.
      const policy = '/usr/sbin/policy-rc.d';
      const ours = !(await exists(policy));
      if (ours) {
        await writeFile(`${policy}.new`, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
        await rename(`${policy}.new`, policy);
      }
      try {
        await apt(install);
      } catch (error) {
        throw new Error(`${packageName} could not be had by apt-get: ${(error as Error).message}`, { cause: error });
      } finally {
        if (ours) await rm(policy, { force: true });
      }
    },
    () => exists(program),
  );
  return program;
}
