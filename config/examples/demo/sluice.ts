import { join } from 'node:path';
import { OwnedProcess } from './child-process.ts';
import type { DatabaseAddress } from './postgres.ts';
import { eventually, freePort, Hopeless } from './waiting.ts';

const startMsMax = 30_000;
/** The daemon ends by itself within 10 s. */
const stopMsMax = 12_000;

/** The state of a connector or task, as Connect's REST API answers it. */
type State = { readonly state: string; readonly trace?: string };

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

  static async start(folder: string, database: DatabaseAddress, abort: AbortSignal): Promise<Sluice> {
    const [port, dataFolder] = [await freePort(), join(folder, 'data')];
    const startedAtMs = performance.now();
    const owned = new OwnedProcess(
      'Sluice',
      process.execPath,
      ['src/main.ts', 'run', '-c', 'config/examples/demo/worker.yaml', '--log-format', 'json'],
      {
        cwd: join(import.meta.dirname, '..', '..', '..'),
        env: {
          ...process.env,
          DEMO_DATABASE_PORT: String(database.port),
          DEMO_DATABASE_PASSWORD: database.password,
          DEMO_REST_PORT: String(port),
          DEMO_DATA_DIR: dataFolder,
        },
      },
    );
    const url = `http://127.0.0.1:${port}`;
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

  /** Where a person, or a monitor, sees how the connector is. */
  get statusUrl(): string {
    return `${this.url}/connectors/shop/status`;
  }

  /** Resolves when the daemon ends. */
  get ended(): Promise<unknown> {
    return this.#process.ended;
  }

  /** Throws what the connector failed with, or that the daemon has ended. */
  async assertWell(): Promise<void> {
    if (!this.#process.alive) throw new Hopeless(`Sluice has ended by itself:\n${this.#process.said}`);
    const response = await fetch(this.statusUrl);
    const status = (await response.json()) as { connector?: State; tasks?: readonly State[] };
    const failed = [status.connector, ...(status.tasks ?? [])].find(state => state?.state === 'FAILED');
    if (failed) throw new Hopeless(`The connector has failed: ${failed.trace ?? ''}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop('SIGTERM', stopMsMax);
  }
}
