import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { until } from '../support/until.ts';

/** What a server is started with. */
export type ServerCommand = {
  /** For messages: `PostgreSQL 15`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its folder; deleted if this process dies without having stopped the server. */
  readonly scratch: string;
  /** Where it works; left out: in its folder. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The system user it runs as; left out: ours. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Its output goes to this file, of which the end is quoted when it does not start. */
  readonly logFile: string;
  /** The server answers. Rejecting or false: not yet. */
  readonly ready: () => Promise<boolean>;
  readonly startMsMax: number;
  /** How often `ready` is asked; 50 ms unless told. */
  readonly readyEveryMs?: number;
};

/**
 * Whatever ends this process, kill -9 too, its server ends with it: a shell that waits for the end of a pipe which only this process
 * holds, and then kills the server and deletes its folder. In a session of its own, so that Ctrl-C does not reach it.
 */
function startReaper(pid: number, scratch: string): ChildProcess {
  const script = 'read -r _; kill -9 "$1" 2>/dev/null; sleep 1; rm -rf "$2"';
  const reaper = spawn('sh', ['-c', script, 'reaper', String(pid), scratch], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}

/** The last lines of a server's log, for messages. */
export function logTail(file: string, lines = 30): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

/**
 * A server that this process owns. It does not keep the event loop alive: a test that forgets it ends all the same, and the server
 * with it.
 */
export class ServerProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  /** Resolves when it has ended, with what ended it: a signal's name or `exit code 1`. */
  readonly ended: Promise<string>;

  private constructor({ name, scratch }: ServerCommand, child: ChildProcess) {
    this.name = name;
    this.pid = child.pid!;
    this.#child = child;
    const reaper = startReaper(this.pid, scratch);
    this.ended = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        reaper.kill('SIGKILL');
        resolve(signal ?? `exit code ${code}`);
      });
    });
    child.unref();
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the server and resolves once it answers; rejects with the end of its log when it ends before or takes too long. */
  static async start(server: ServerCommand): Promise<ServerProcess> {
    const log = openSync(server.logFile, 'a');
    const child = spawn(server.command, server.args, {
      cwd: server.cwd ?? server.scratch,
      ...server.user,
      env: server.env ?? process.env,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const started = new ServerProcess(server, child);
    try {
      await until(
        async () => {
          if (!started.alive) return 'ended';
          return (await server.ready().catch(() => false)) ? 'ready' : false;
        },
        { what: `${server.name} to answer`, timeoutMs: server.startMsMax, everyMs: server.readyEveryMs ?? 50 },
      ).then(state => {
        if (state === 'ended') throw new Error(`${server.name} ended before it answered`);
      });
      return started;
    } catch (error) {
      await started.stop('SIGKILL', 5_000);
      throw new Error(`${(error as Error).message}. The end of its log:\n${logTail(server.logFile)}`, { cause: error });
    }
  }

  /** Sends the signal and waits for the end; after the bound, SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', stopMsMax = 60_000): Promise<void> {
    if (!this.alive) return;
    this.#child.ref();
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax);
    await this.ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
