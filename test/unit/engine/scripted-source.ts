import assert from 'node:assert/strict';
import {
  type CheckResult,
  configSpec,
  type DatabaseReading,
  options,
  type PluginOf,
  type PluginRegistry,
  type Source,
  type SourceBatch,
  type SourceOffset,
  type SourceStatus,
} from '../../../src/contract/index.ts';
import { registry } from '../../../src/registry.ts';

export const scriptedClass = 'test.connector.ScriptedConnector';

/** What the sources of one test do, and what became of them. */
export class Script {
  /** Each read takes the next of these and fails with it; where there are no more it streams. */
  readonly failures: unknown[] = [];
  /** Batches that the next read gives before it waits for its end. */
  readonly batches: SourceBatch[] = [];
  /** A source that does not heed its abort. */
  hangs = false;
  /** What a look at the database finds. */
  findings: readonly CheckResult[] = [];
  checkHangs = false;
  /** What a look at the database's log answers. */
  measure: (stored: readonly SourceOffset[]) => Promise<DatabaseReading> = async () => assert.fail('nobody was to look');
  /** What giving the place up does. */
  giveUp: (record: (gap: readonly SourceOffset[]) => Promise<void>) => Promise<boolean> = async () => false;
  checks = 0;
  /** Of sources that were made for a look only. */
  checksDisposed = 0;
  reads = 0;
  /** Of sources that were read. */
  disposed = 0;
  lastOffsets: readonly SourceOffset[] = [];
  lastMade: Readonly<Record<string, unknown>> = {};
  /** Of sources that were read. */
  readonly configs: Readonly<Record<string, unknown>>[] = [];
  /** Makes the read under way, which streams, fail with this. */
  failNow: (error: unknown) => void = () => assert.fail('nothing is read');
}

const spec = configSpec({
  options: {
    hostname: options.string({ doc: 'Where.', importance: 'HIGH', group: 'Scripted' }),
    port: options.int({ default: '5432', doc: 'Which port.', group: 'Scripted' }),
    mode: options.choice(['initial', 'never'], { default: 'initial', doc: 'How.', group: 'Scripted' }),
    pass: options.password({ default: null, doc: 'The secret word.', group: 'Scripted' }),
    'errors.max.retries': options.int({ default: '-1', doc: 'Retries.', group: 'Scripted' }),
    'old.option': options.string({ default: null, doc: 'Gone.', group: 'Scripted', unsupported: 'nobody needs it.' }),
  },
});

class ScriptedSource implements Source {
  readonly #script: Script;
  readonly #config: Readonly<Record<string, unknown>>;
  #phase: SourceStatus['phase'] = 'starting';

  constructor(script: Script, config: Readonly<Record<string, unknown>>) {
    this.#script = script;
    this.#config = config;
  }

  async check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    this.#script.checks++;
    if (this.#script.checkHangs) await new Promise<never>(() => abort.addEventListener('abort', () => {}));
    return this.#script.findings;
  }

  async *read(from: readonly SourceOffset[], abort: AbortSignal): AsyncIterable<SourceBatch> {
    this.#script.reads++;
    this.#script.configs.push(this.#config);
    this.#script.lastOffsets = from;
    const failure = this.#script.failures.shift();
    if (failure !== undefined) throw failure;
    this.#phase = 'streaming';
    for (let batch = this.#script.batches.shift(); batch !== undefined; batch = this.#script.batches.shift()) yield batch;
    if (this.#script.hangs) await new Promise<never>(() => {});
    if (abort.aborted) return;
    await new Promise((resolve, reject) => {
      this.#script.failNow = reject;
      abort.addEventListener('abort', resolve, { once: true });
    });
  }

  commit(): void {}

  measure(stored: readonly SourceOffset[]): Promise<DatabaseReading> {
    return this.#script.measure(stored);
  }

  giveUp(_stored: readonly SourceOffset[], record: (gap: readonly SourceOffset[]) => Promise<void>): Promise<boolean> {
    return this.#script.giveUp(record);
  }

  status(): SourceStatus {
    return { phase: this.#phase, position: null, lagMs: null, snapshot: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#script.configs.includes(this.#config)) this.#script.disposed++;
    else this.#script.checksDisposed++;
  }
}

/** The registry of this build with the scripted connector in it. */
export function scriptedRegistry(script: Script): PluginRegistry {
  const plugin: PluginOf<'source'> = {
    spec,
    create(config) {
      script.lastMade = { ...(config as Record<string, unknown>) };
      return new ScriptedSource(script, script.lastMade);
    },
  };
  return {
    list: () => [...registry.list(), { type: 'source', class: scriptedClass, version: '1.0' }],
    load: async (type, name) =>
      type === 'source' && (name === scriptedClass || name === 'scripted') ? (plugin as PluginOf<typeof type>) : registry.load(type, name),
  };
}
