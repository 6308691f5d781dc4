import { readFileSync } from 'node:fs';
import { processTree } from '../measuring/process-tree.ts';

/** Processor time of a process and its descendants so far, in microseconds; of those that run now, to the nanosecond as the scheduler counts it. */
export function serverMicros(pid: number): number {
  let nanos = 0;
  for (const one of processTree(pid)) {
    try {
      nanos += Number(readFileSync(`/proc/${one}/schedstat`, 'latin1').split(' ')[0]);
    } catch {
      // it has ended
    }
  }
  return nanos / 1000;
}

/** What some work took in this process: time on the clock, and time of the processors (its garbage collector's threads count as well). */
export class Stopwatch {
  spentMs = 0;
  clientMicros = 0;

  async measure<T>(work: () => Promise<T>): Promise<T> {
    const before = process.cpuUsage();
    const startedMs = performance.now();
    const made = await work();
    this.spentMs += performance.now() - startedMs;
    const { user, system } = process.cpuUsage(before);
    this.clientMicros += user + system;
    return made;
  }
}
