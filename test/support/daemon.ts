import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logTail, ServerProcess } from '../services/server-process.ts';
import { freePort } from './free-port.ts';
import { ScratchFolder } from './scratch-folder.ts';
import { until } from './until.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** What goes into the worker file beside `listeners` and `data.dir`; with `bootstrap.servers` the log is Kafka. */
export type WorkerSettings = Readonly<Record<string, string>>;

/** A daemon of its own, as a user runs it: `sluice run -c worker.yaml`. Stopped by SIGTERM, its data deleted, when disposed. */
export class Daemon implements AsyncDisposable {
  readonly url: string;
  /** What `configure` writes; or, at the next start, another one whose listener is ours. */
  workerFile: string;
  readonly logFile: string;
  /** Under it the embedded log. */
  readonly dataFolder: string;
  readonly #scratch: ScratchFolder;
  /** Beside ours, at the next start. */
  environment: Readonly<Record<string, string>> = {};
  /** Where relative paths of its connectors begin, at the next start; null: in its own folder. */
  workingFolder: string | null = null;
  #process: ServerProcess | null = null;

  constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#scratch = new ScratchFolder('daemon');
    this.workerFile = this.#scratch.file('worker.yaml');
    this.logFile = this.#scratch.file('daemon.log');
    this.dataFolder = this.#scratch.file('data');
  }

  get pid(): number {
    if (!this.#process) throw new Error('The daemon has not been started');
    return this.#process.pid;
  }

  /** Whether its process lives: it may end by itself, too. */
  get alive(): boolean {
    return this.#process?.alive ?? false;
  }

  async configure(settings: WorkerSettings): Promise<void> {
    const worker = { listeners: this.url, 'data.dir': this.dataFolder, ...settings };
    await writeFile(this.workerFile, JSON.stringify(worker, null, 2)); // JSON is YAML
  }

  /** Starts it (again, on the same port and data) and waits until REST answers. */
  start(): Promise<void> {
    return this.#start(async () => (await fetch(`${this.url}/connectors`)).ok);
  }

  /** Starts it and waits for nothing: it may end before REST answers. */
  launch(): Promise<void> {
    return this.#start(async () => true);
  }

  /** Resolves when its process has ended, with what ended it: `SIGKILL`, `exit code 1`. */
  async ended(timeoutMs = 60_000): Promise<string> {
    const process = this.#process;
    if (!process) throw new Error('The daemon has not been started');
    await until(() => !process.alive, { what: `the daemon to end. The end of its log:\n${this.log()}\n`, timeoutMs });
    return process.ended;
  }

  async #start(ready: () => Promise<boolean>): Promise<void> {
    if (this.#process?.alive) return;
    this.#process = await ServerProcess.start({
      name: 'sluice',
      command: process.execPath,
      args: [main, 'run', '-c', this.workerFile],
      scratch: this.#scratch.path,
      ...(this.workingFolder !== null && { cwd: this.workingFolder }),
      env: { ...process.env, ...this.environment },
      logFile: this.logFile,
      ready,
      startMsMax: 120_000,
    });
  }

  /** SIGTERM unless told otherwise: it ends itself within 10 s, by its own clock; SIGKILL is a crash. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal, 60_000);
  }

  /** The end of its log, for messages. */
  log(lines = 30): string {
    return logTail(this.logFile, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#scratch[Symbol.dispose]();
  }
}

/** A new daemon on a free port with an empty data folder, not started; `environment` beside ours. The caller owns it. */
export async function newDaemon(settings: WorkerSettings, environment: Readonly<Record<string, string>> = {}): Promise<Daemon> {
  const daemon = new Daemon(await freePort());
  daemon.environment = environment;
  await daemon.configure(settings);
  return daemon;
}

/** The same, started. */
export async function startDaemon(settings: WorkerSettings, environment?: Readonly<Record<string, string>>): Promise<Daemon> {
  const daemon = await newDaemon(settings, environment);
  try {
    await daemon.start();
    return daemon;
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}
