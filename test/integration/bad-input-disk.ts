import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ScratchFolder } from '../support/scratch-folder.ts';

const run = promisify(execFile);

/** A disk that a test can fill and empty again. */
export type SmallDisk = AsyncDisposable & {
  /** For `data.dir`. */
  readonly folder: string;
  /** Leaves a process about so many bytes to write. */
  fill(pid: number, bytesLeft: number): Promise<void>;
  empty(pid: number): Promise<void>;
};

/** A file system of its own in memory, which only root may make. */
async function mounted(scratch: ScratchFolder): Promise<SmallDisk> {
  const folder = scratch.file('disk');
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]);
  const filler = join(folder, 'filler');
  return {
    folder,
    async fill(_pid, bytesLeft) {
      const { bavail, bsize } = await statfs(folder);
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytesLeft)));
    },
    empty: () => rm(filler),
    async [Symbol.asyncDispose]() {
      await run('umount', ['-l', folder]);
      scratch[Symbol.dispose]();
    },
  };
}

/** A limit of what a process may make of any one file: to the process it is a write that fails, as on a full disk. */
function limited(scratch: ScratchFolder): SmallDisk {
  const folder = scratch.file('data');
  const limit = (pid: number, bytes: string) => run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  return {
    folder,
    async fill(pid, bytesLeft) {
      await limit(pid, String(bytesLeft));
    },
    async empty(pid) {
      await limit(pid, 'unlimited');
    },
    async [Symbol.asyncDispose]() {
      scratch[Symbol.dispose]();
    },
  };
}

/** The real thing where this user may mount it, else a limit of the daemon's files. */
export async function smallDisk(): Promise<SmallDisk> {
  const scratch = new ScratchFolder('disk');
  return process.getuid?.() === 0 ? mounted(scratch).catch(() => limited(scratch)) : limited(scratch);
}
