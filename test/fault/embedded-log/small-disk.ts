import { execFile } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ScratchFolder } from '../../support/scratch-folder.ts';

const run = promisify(execFile);

/** A disk that a test can fill and empty again. */
export type SmallDisk = AsyncDisposable & {
  /** For `data.dir`. */
  readonly folder: string;
  /** Whether it stays full for the next process, too. */
  readonly lasting: boolean;
  /** Leaves a process about so many bytes to write. */
  fill(pid: number, bytesLeft: number): Promise<void>;
  empty(pid: number): Promise<void>;
};

const chunk = Buffer.alloc(1024 * 1024);

/** Writes zeros until the disk is full, or so many bytes are there; others may be writing, too. */
async function writeFiller(file: string, bytes: number): Promise<void> {
  await using handle = await open(file, 'w');
  try {
    for (let left = bytes; left > 0; left -= chunk.length) await handle.write(chunk, 0, Math.min(left, chunk.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** A file system of its own in memory, which only root may make. */
async function mounted(scratch: ScratchFolder, megabytes: number): Promise<SmallDisk> {
  const folder = scratch.file('disk');
  // Outside of data.dir, on the same disk.
  const [data, filler] = [scratch.file('disk', 'data'), scratch.file('disk', 'filler')];
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  return {
    folder: data,
    lasting: true,
    async fill(_pid, bytesLeft) {
      const { bavail, bsize } = await statfs(folder);
      await writeFiller(filler, bavail * bsize - bytesLeft);
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
    lasting: false,
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
export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const scratch = new ScratchFolder('disk');
  return process.getuid?.() === 0 ? mounted(scratch, megabytes).catch(() => limited(scratch)) : limited(scratch);
}
