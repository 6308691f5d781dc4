import { readdirSync, readFileSync } from 'node:fs';

const pageBytes = 4096;
/** USER_HZ, which Linux has fixed at 100 for what /proc shows. */
const ticksPerSecond = 100;

/** The fields of /proc/PID/stat from the third on: behind the name, which may hold anything. Null where the process has ended. */
function statFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** The process and everything that descends from it. Reads all of /proc: a few milliseconds, so not often. */
export function processTree(root: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? statFields(pid)?.[1] : undefined;
    if (parent === undefined) continue;
    const siblings = childrenOf.get(Number(parent));
    if (siblings) siblings.push(pid);
    else childrenOf.set(Number(parent), [pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []));
  return tree;
}

/** Resident memory now, of all of them. */
export function residentBytes(pids: readonly number[]): number {
  let pages = 0;
  for (const pid of pids) {
    try {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    } catch {
      // it has ended
    }
  }
  return pages * pageBytes;
}

/** The sum of what each of them at most had resident (VmHWM): not less than their peak together. */
export function highWaterBytes(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) {
    try {
      kilobytes += Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      // it has ended
    }
  }
  return kilobytes * 1024;
}

/** User and system time so far, with that of children that have ended. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    if (fields) for (const index of [11, 12, 13, 14]) ticks += Number(fields[index]);
  }
  return ticks / ticksPerSecond;
}

/** Open descriptors of all of them. */
export function openDescriptors(pids: readonly number[]): number {
  let count = 0;
  for (const pid of pids) {
    try {
      count += readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // it has ended
    }
  }
  return count;
}
