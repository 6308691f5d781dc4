import { join } from 'node:path';
import { OwnedProcess } from '../../demo/child-process.ts';
import { eventually, freePort, Hopeless } from '../../demo/waiting.ts';

const startMsMax = 60_000;
/** The worker ends by itself within 10 s. */
const stopMsMax = 12_000;
const root = join(import.meta.dirname, '..', '..', '..', '..');
const workerFile = join('config', 'examples', 'order-saga', 'worker.yaml');

/** The example's worker, run as anybody runs it, that may be killed and started again on what it left. */
export class DemoWorker implements AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  readonly #abort: AbortSignal;
  #process: OwnedProcess | null = null;
  #killed = false;

  private constructor(url: string, folder: string, abort: AbortSignal) {
    [this.url, this.folder, this.#abort] = [url, folder, abort];
  }

  static async start(folder: string, abort: AbortSignal): Promise<DemoWorker> {
    const worker = new DemoWorker(`http://127.0.0.1:${await freePort()}`, folder, abort);
    await worker.#start();
    return worker;
  }

  /** Resolves once its saga runs. */
  async #start(): Promise<void> {
    const environment = { ...process.env, DATA_FOLDER: this.folder, LISTENERS: this.url };
    const owned = new OwnedProcess('Sluice', process.execPath, ['src/main.ts', 'run', '-c', workerFile, '--log-format', 'json'], {
      cwd: root,
      env: environment,
    });
    this.#process = owned;
    await eventually(startMsMax, this.#abort, async () => {
      if (!owned.alive) throw new Hopeless(`Sluice did not start:\n${owned.said}`);
      const sagas = (await (await fetch(`${this.url}/sagas`)).json()) as readonly { readonly state: string }[];
      if (sagas[0]?.state !== 'running') throw new Error('The saga does not run yet.');
    });
  }

  /** As a power cut would: nothing is told, nothing written behind it. Then it is started again. Answers after how many milliseconds its saga ran again. */
  async killAndStart(): Promise<number> {
    this.#killed = true;
    await this.#process!.stop('SIGKILL', 0);
    const startedMs = performance.now();
    await this.#start();
    this.#killed = false;
    return Math.round(performance.now() - startedMs);
  }

  /** Throws where it has ended by itself. */
  assertAlive(): void {
    if (!this.#killed && this.#process?.alive === false) throw new Hopeless(`Sluice has ended by itself:\n${this.#process.said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop('SIGTERM', stopMsMax);
  }
}
