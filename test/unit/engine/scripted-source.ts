import {
  configSpec,
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
  reads = 0;
  disposed = 0;
  lastOffsets: readonly SourceOffset[] = [];
  readonly configs: Readonly<Record<string, unknown>>[] = [];
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
  #phase: SourceStatus['phase'] = 'starting';

  constructor(script: Script) {
    this.#script = script;
  }

  async check() {
    return [];
  }

  async *read(from: readonly SourceOffset[], abort: AbortSignal): AsyncIterable<SourceBatch> {
    this.#script.reads++;
    this.#script.lastOffsets = from;
    const failure = this.#script.failures.shift();
    if (failure !== undefined) throw failure;
    this.#phase = 'streaming';
    for (let batch = this.#script.batches.shift(); batch !== undefined; batch = this.#script.batches.shift()) yield batch;
    if (this.#script.hangs) await new Promise<never>(() => {});
    if (!abort.aborted) await new Promise(resolve => abort.addEventListener('abort', resolve, { once: true }));
  }

  commit(): void {}

  status(): SourceStatus {
    return { phase: this.#phase, position: null, lagMs: null, snapshot: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#script.disposed++;
  }
}

/** The registry of this build with the scripted connector in it. */
export function scriptedRegistry(script: Script): PluginRegistry {
  const plugin: PluginOf<'source'> = {
    spec,
    create(config) {
      script.configs.push(config as Record<string, unknown>);
      return new ScriptedSource(script);
    },
  };
  return {
    list: () => [...registry.list(), { type: 'source', class: scriptedClass, version: '1.0' }],
    load: async (type, name) =>
      type === 'source' && (name === scriptedClass || name === 'scripted') ? (plugin as PluginOf<typeof type>) : registry.load(type, name),
  };
}
