import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import workers, { isMainThread, type ResourceLimits, type WorkerOptions } from 'node:worker_threads';

/**
 * Loaded into a process (by a test, or with --import into a daemon) before the log is: its threads can then be killed, starved of memory and
 * slowed down from outside. The log itself knows nothing of it.
 */

/** Set in a daemon's environment: while a file of this name exists, no commit ends. So is a disk that takes for ever. */
export const gateVariable = 'TEST_COMMITS_WAIT_WHILE';

const gate = process.env[gateVariable];
const gatePollMs = 20;
const waiting = new Int32Array(new SharedArrayBuffer(4));

const started = new Set<workers.Worker>();
let limits: ResourceLimits | undefined;

/** Threads started from now on have no more memory than this. */
export function limitThreads(next: ResourceLimits | undefined): void {
  limits = next;
}

/** Ends each thread wherever it is, between any two steps of its JavaScript. */
export async function killThreads(): Promise<number> {
  const killed = [...started];
  await Promise.all(killed.map(thread => thread.terminate()));
  return killed.length;
}

class WatchedWorker extends workers.Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    // --import is not for threads: one that has a gate loads this first, too.
    const gated = new URL(`data:text/javascript,import ${JSON.stringify(import.meta.url)}; await import(${JSON.stringify(String(file))})`);
    super(gate === undefined ? file : gated, limits === undefined ? options : { ...options, resourceLimits: limits });
    started.add(this);
    this.once('exit', () => started.delete(this));
  }
}

/** Lets each transaction's commit wait at the gate. */
function gateCommits(closed: string): void {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    if (sql === 'commit') while (existsSync(closed)) Atomics.wait(waiting, 0, 0, gatePollMs);
    exec.call(this, sql);
  };
}

if (isMainThread) {
  Object.assign(workers, { Worker: WatchedWorker });
  process.on('SIGUSR2', () => void killThreads());
  syncBuiltinESMExports();
} else if (gate !== undefined) gateCommits(gate);

/** The environment of a daemon that loads this. */
export const watchedThreads = { NODE_OPTIONS: `--import=${import.meta.url}` } as const;
