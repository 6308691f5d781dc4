import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';
import type { Machine } from '../results.ts';

const blockBytes = 8192;
const measureMs = 1_000;

/** How often a second a block can be written and be durable, in the folder where the servers keep their data too. */
function fsyncsPerSecond(): number {
  using scratch = new ScratchFolder('fsync');
  const file = openSync(scratch.file('blocks'), 'w');
  try {
    const block = new Uint8Array(blockBytes);
    const startedMs = performance.now();
    let count = 0;
    for (; performance.now() - startedMs < measureMs; count++) {
      writeSync(file, block, 0, blockBytes, 0);
      fdatasyncSync(file);
    }
    return Math.round(count / ((performance.now() - startedMs) / 1000));
  } finally {
    closeSync(file);
  }
}

/** What the figures were measured on. Takes a second. */
export function machine(): Machine {
  const processors = cpus();
  return {
    cpus: processors.length,
    cpuModel: processors[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    fsyncsPerSecond: fsyncsPerSecond(),
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}
