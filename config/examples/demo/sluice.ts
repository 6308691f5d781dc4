import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnedProcess } from './child-process.ts';
import { eventually, freePort, Hopeless } from './waiting.ts';

const startMsMax = 60_000;
/** The daemon ends by itself within 10 s. */
const stopMsMax = 12_000;
const root = join(import.meta.dirname, '..', '..', '..');

/** The state of a connector or task, as Connect's REST API answers it. */
type State = { readonly state: string; readonly trace?: string };
type Status = { readonly name: string; readonly connector: State; readonly tasks: readonly State[] };

/** What the daemon runs: connector files, relative to the examples, and what their placeholders stand for. */
export type Flow = { readonly connectors: readonly string[]; readonly environment: Readonly<Record<string, string>> };

/** The daemon, run as anybody runs it: `sluice run -c worker.yaml`. Disposing ends it. */
export class Sluice implements AsyncDisposable {
  readonly url: string;
  /** Where its embedded log is. */
  readonly dataFolder: string;
  /** From the start to the first answer. */
  readonly startMs: number;
  readonly #process: OwnedProcess;

  private constructor(owned: OwnedProcess, url: string, dataFolder: string, startMs: number) {
    this.#process = owned;
    this.url = url;
    this.dataFolder = dataFolder;
    this.startMs = startMs;
  }

  static async start(folder: string, { connectors, environment }: Flow, abort: AbortSignal): Promise<Sluice> {
    const [port, dataFolder, workerFile] = [await freePort(), join(folder, 'log'), join(folder, 'worker.yaml')];
    const url = `http://127.0.0.1:${port}`;
    const worker = {
      listeners: url,
      'data.dir': dataFolder,
      'key.converter': 'json',
      'key.converter.schemas.enable': false,
      'value.converter': 'json',
      'value.converter.schemas.enable': false,
      connectors: connectors.map(file => join(import.meta.dirname, '..', file)),
    };
    await writeFile(workerFile, JSON.stringify(worker, null, 2)); // JSON is YAML
    const startedAtMs = performance.now();
    const owned = new OwnedProcess('Sluice', process.execPath, ['src/main.ts', 'run', '-c', workerFile, '--log-format', 'json'], {
      cwd: root,
      env: { ...process.env, ...environment },
    });
    try {
      await eventually(startMsMax, abort, async () => {
        if (!owned.alive) throw new Hopeless(`Sluice did not start:\n${owned.said}`);
        await (await fetch(`${url}/connectors`)).json();
      });
      return new Sluice(owned, url, dataFolder, Math.round(performance.now() - startedAtMs));
    } catch (error) {
      await owned.stop('SIGKILL', 0);
      throw error;
    }
  }

  /** Where a person, or a monitor, sees how the connectors are. */
  get statusUrl(): string {
    return `${this.url}/connectors?expand=status`;
  }

  /** Resolves when the daemon ends. */
  get ended(): Promise<unknown> {
    return this.#process.ended;
  }

  /** Throws what a connector failed with, or that the daemon has ended. */
  async assertWell(): Promise<void> {
    if (!this.#process.alive) throw new Hopeless(`Sluice has ended by itself:\n${this.#process.said}`);
    const connectors = (await (await fetch(this.statusUrl)).json()) as Readonly<Record<string, { readonly status: Status }>>;
    for (const { status } of Object.values(connectors)) {
      const failed = [status.connector, ...status.tasks].find(({ state }) => state === 'FAILED');
      if (failed) throw new Hopeless(`The connector ${status.name} has failed: ${failed.trace ?? ''}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop('SIGTERM', stopMsMax);
  }
}
