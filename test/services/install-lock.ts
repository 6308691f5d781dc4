import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { until } from '../support/until.ts';

/** Longer than any download here takes; past it the wait fails and says so. */
const lockMsMax = 30 * 60_000;

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether the process that holds the lock file has died. A file without a number is just being written. */
async function abandoned(lockFile: string): Promise<boolean> {
  const pid = Number(await readFile(lockFile, 'utf8').catch(() => ''));
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/**
 * Installs something that is kept at `path` unless it is there, in one process at a time: others wait, then find it done. `install`
 * must make it appear in one step (a rename), so that a killed install leaves nothing half done.
 */
export async function withInstallLock(
  path: string,
  install: () => Promise<void>,
  installed: () => Promise<boolean> = () => exists(path),
): Promise<void> {
  if (await installed()) return;
  const lockFile = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true });
  const take = async () => {
    try {
      const file = await open(lockFile, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return 'mine';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (await abandoned(lockFile)) await rm(lockFile, { force: true });
      return (await installed()) ? 'done' : false;
    }
  };
  const outcome = await until(take, { what: `the lock ${lockFile} (another process installs)`, timeoutMs: lockMsMax, everyMs: 200 });
  if (outcome === 'done') return;
  try {
    if (!(await installed())) await install();
  } finally {
    await rm(lockFile, { force: true });
  }
}
