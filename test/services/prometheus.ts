import { mkdirSync, writeFileSync } from 'node:fs';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { debianProgram } from './debian-package.ts';
import { ServerProcess } from './server-process.ts';

type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };
type Answer<Data> = { readonly status: string; readonly error?: string; readonly data: Data };

/** A real Prometheus with a config and rules of the test's own: stopped and deleted when disposed. */
export class Prometheus implements AsyncDisposable {
  readonly url: string;
  readonly #scratch = new ScratchFolder('prometheus');
  #process: ServerProcess | null = null;

  constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** `files` by name; one of them is `prometheus.yml`. */
  async start(program: string, files: Readonly<Record<string, string>>): Promise<void> {
    const folder = this.#scratch.file('config');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
    this.#process = await ServerProcess.start({
      name: 'Prometheus',
      command: program,
      args: [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${this.#scratch.file('data')}`,
        `--web.listen-address=${new URL(this.url).host}`,
        '--log.level=warn',
      ],
      scratch: this.#scratch.path,
      logFile: this.#scratch.file('server.log'),
      ready: async () => (await fetch(`${this.url}/-/ready`)).ok,
      startMsMax: 60_000,
    });
  }

  /** Evaluates an expression now. Rejects with Prometheus' own words. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = await this.get<{ readonly result: readonly Sample[] }>(`query?query=${encodeURIComponent(expression)}`);
    return result;
  }

  /** What its API answers under `/api/v1/`. */
  async get<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as Answer<Data>;
    if (status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${error}`);
    return data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop('SIGKILL');
    this.#scratch[Symbol.dispose]();
  }
}

/** A new Prometheus on a free port of 127.0.0.1. The caller owns it. `TEST_PROMETHEUS` names another program than Debian's. */
export async function startPrometheus(files: Readonly<Record<string, string>>): Promise<Prometheus> {
  const program = process.env['TEST_PROMETHEUS'] ?? (await debianProgram('/usr/bin/prometheus', 'prometheus', 'TEST_PROMETHEUS'));
  const server = new Prometheus(await freePort());
  try {
    await server.start(program, files);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
