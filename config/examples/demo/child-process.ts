import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** How much of what a process says is kept, to be quoted when it fails. */
const saidMax = 4_000;

const running = new Set<ChildProcess>();
// Whatever ends the demo, what it started ends with it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * A process the demo owns. It is in a group of its own, so that Ctrl-C in the terminal reaches the demo alone, which then ends everything in
 * order: first the daemon, then the servers it uses. Its standard input ends with the demo.
 */
export class OwnedProcess {
  readonly name: string;
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #said = '';

  constructor(name: string, command: string, args: readonly string[], options: SpawnOptions) {
    this.name = name;
    const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString('utf8')).slice(-saidMax);
      });
    this.ended = new Promise(resolve => {
      const end = (code: number | null) => {
        running.delete(child);
        resolve(code);
      };
      child.once('exit', end);
      child.once('error', error => {
        this.#said += error.message;
        end(null);
      });
    });
  }

  /** The end of what it said. */
  get said(): string {
    return this.#said.trim();
  }

  get alive(): boolean {
    return running.has(this.#child);
  }

  /** Asks it to end, and ends it for sure where it has not within the bound. */
  async stop(signal: NodeJS.Signals, stopMsMax: number): Promise<void> {
    if (!this.alive) return;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax);
    await this.ended;
    clearTimeout(timer);
  }
}
