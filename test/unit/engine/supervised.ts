import type { EventLog, RawConfig, WorkerGroup } from '../../../src/contract/index.ts';
import type { ConnectorResolving } from '../../../src/engine/connector/connector-plan.ts';
import { Supervisor } from '../../../src/engine/supervisor/supervisor.ts';
import type { FileConnector } from '../../../src/engine/supervisor/supervisor-loading.ts';
import { runTask } from '../../../src/engine/task.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { Script, scriptedClass, scriptedRegistry } from './scripted-source.ts';

export const json = 'org.apache.kafka.connect.json.JsonConverter';
const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };

/** What resolving takes, with the scripted connector. `secrets` are what `${env:NAME}` stands for. */
export function resolvingWith(
  script: Script,
  changes: Partial<ConnectorResolving['defaults']> = {},
  secrets: RawConfig = {},
): ConnectorResolving {
  return {
    registry: scriptedRegistry(script),
    context: connector => ({ connector, task: 0, logger: silentLogger, clock }),
    defaults: {
      converters: {
        'key.converter': json,
        'value.converter': json,
        'value.converter.schemas.enable': 'false',
        'header.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
      },
      topicCreation: true,
      exactlyOnce: true,
      overridePolicy: 'all',
      checkOverrides: null,
      checkConsumerOverrides: null,
      ...changes,
    },
    placeholders: async raw => ({
      config: Object.fromEntries(
        Object.entries(raw).map(([name, text]) => [name, text.replace(/\$\{env:(\w+)\}/g, (whole, key: string) => secrets[key] ?? whole)]),
      ),
      faults: Object.entries(raw).flatMap(([option, text]) =>
        /\$\{env:MISSING\}/.test(text) ? [{ option, message: `Could not resolve \${env:MISSING} for configuration ${option}` }] : [],
      ),
      warnings: [],
    }),
  };
}

/** A supervisor over an embedded log in a folder of its own, with waits that end when the test says so. */
export class Supervised implements AsyncDisposable {
  readonly script = new Script();
  readonly pauses: { readonly delayMs: number; end(): void }[] = [];
  readonly #folder = new ScratchFolder('supervisor');
  #log: EventLog | null = null;
  #supervisor: Supervisor | null = null;

  get supervisor(): Supervisor {
    return this.#supervisor!;
  }

  get log(): EventLog {
    return this.#log!;
  }

  /** Starts (again, with what the log holds). */
  async start(files: readonly FileConnector[] = [], secrets: RawConfig = {}, group: WorkerGroup | null = null): Promise<this> {
    this.#log = await openEmbeddedLog({ dataDir: this.#folder.path, logger: silentLogger });
    if (group !== null) Object.defineProperty(this.#log, 'workerGroup', { value: group });
    await this.make(secrets).start(this.#log, files);
    return this;
  }

  /** A supervisor that is not started yet. */
  make(secrets: RawConfig = {}): Supervisor {
    const { context: _, ...resolving } = resolvingWith(this.script, {}, secrets);
    this.#supervisor = new Supervisor({
      ...resolving,
      runTask,
      pause: (delayMs, abort) =>
        new Promise(resolve => {
          const pause = { delayMs, end: () => resolve() };
          this.pauses.push(pause);
          abort.addEventListener('abort', () => resolve(), { once: true });
        }),
      random: () => 0,
      clock,
      logger: silentLogger,
      connectorLogger: () => silentLogger,
      workerId: () => '127.0.0.1:8083',
      taskStopMsMax: 1000,
    });
    return this.#supervisor;
  }

  async stop(): Promise<void> {
    await this.#supervisor?.stop();
    await this.#log?.[Symbol.asyncDispose]();
    this.#supervisor = null;
    this.#log = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#folder[Symbol.dispose]();
  }
}

/** A config the scripted connector takes. */
export function config(changes: Record<string, string> = {}): Record<string, string> {
  return { 'connector.class': scriptedClass, hostname: 'h', ...changes };
}
