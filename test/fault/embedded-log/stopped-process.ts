import { execFileSync } from 'node:child_process';

/** Whether each thread of a process stands still. */
export function isStopped(pid: number): boolean {
  const states = execFileSync('ps', ['-L', '-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  return states
    .trim()
    .split(/\s+/)
    .every(state => state.startsWith('T'));
}
