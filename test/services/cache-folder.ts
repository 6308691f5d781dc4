import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withInstallLock } from './install-lock.ts';

/** Where downloaded servers are kept, outside the repository. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice');
}

/** The folder of that name in the cache, filled once by `fill` and then moved into place in one step. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  await withInstallLock(folder, async () => {
    const half = `${folder}.${process.pid}`;
    try {
      await mkdir(half, { recursive: true });
      await fill(half);
      await rename(half, folder);
    } finally {
      await rm(half, { recursive: true, force: true });
    }
  });
  return folder;
}
