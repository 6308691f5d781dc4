import type { PostgresConfig } from '../../connectors/postgres/options.ts';
import { postgresConnector } from '../../connectors/postgres/plugin.ts';
import type {
  Clock,
  ConnectRecord,
  InternalRecord,
  InternalTopics,
  JsonObject,
  Logger,
  Plugin,
  RawConfig,
  Source,
  SourceBatch,
  SourceOffset,
} from '../../src/contract/index.ts';
import { noInternalTopics } from './no-internal-topics.ts';

const clock: Clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };

/** What becomes of a batch that was read. */
type Decision = 'append' | 'crash before' | 'crash after';

/**
 * What a log keeps, without the log: records and offsets that become durable together. Runs a source on it and ends it wherever asked, as a
 * crash would: what was read and not appended is lost.
 */
export class SourceRun<Config> {
  readonly records: ConnectRecord[] = [];
  /** What the source keeps for itself, in the order in which it became durable. */
  readonly internal: InternalRecord[] = [];
  /** The log in which it finds topics of signals. */
  log: Pick<InternalTopics, 'signals' | 'servers'> = noInternalTopics;
  /** What the source warned of, in all runs. */
  readonly warnings: string[] = [];
  readonly #offsets = new Map<string, SourceOffset>();
  readonly #plugin: Plugin<Config, Source>;
  /** From the next run on. */
  config: RawConfig;
  /** What is being run; null between runs. */
  source: Source | null = null;
  #abort = new AbortController();

  constructor(config: RawConfig, plugin: Plugin<Config, Source>) {
    this.config = config;
    this.#plugin = plugin;
  }

  get offsets(): readonly SourceOffset[] {
    return [...this.#offsets.values()];
  }

  readonly #logger: Logger = {
    debug() {},
    info() {},
    warn: (_, message) => void this.warnings.push(message),
    error() {},
    child: () => this.#logger,
  };

  get #topics(): InternalTopics {
    const records = this.internal;
    return {
      async *read(topic) {
        const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
        const found = records.filter(record => record.topic === topic);
        const common = { partition: 0, timestampMs: 0, headers: [] };
        if (found.length > 0)
          yield found.map(({ key, value }, index) => ({ topic, offset: BigInt(index), key: bytes(key), value: bytes(value), ...common }));
      },
      truncate: async () => {},
      signals: (topic, group) => this.log.signals(topic, group),
      servers: this.log.servers,
    };
  }

  /** Deletes offsets, as a user may. */
  forget(which: (offset: SourceOffset) => boolean): void {
    for (const [key, offset] of this.#offsets) if (which(offset)) this.#offsets.delete(key);
  }

  /** Changes offsets, as another program that took the connector over may. */
  keep(change: (offset: JsonObject) => JsonObject): void {
    for (const [key, { partition, offset }] of this.#offsets) this.#offsets.set(key, { partition, offset: offset && change(offset) });
  }

  append(batch: SourceBatch): void {
    this.records.push(...batch.records);
    this.internal.push(...(batch.internal ?? []));
    for (const offset of batch.offsets) {
      const key = JSON.stringify(offset.partition);
      if (offset.offset === null) this.#offsets.delete(key);
      else this.#offsets.set(key, structuredClone(offset));
    }
  }

  /** Ends the run that is under way, as a task is ended. */
  end(): void {
    this.#abort.abort();
  }

  /** Runs until `decide` says so, after each batch that was read: `append` it and go on, or `crash` before or after it is durable. */
  async run(decide: (batch: SourceBatch) => Decision | Promise<Decision>): Promise<void> {
    const { config, faults } = this.#plugin.spec.parse(this.config);
    if (!config) throw new Error(faults.map(({ message }) => message).join('\n'));
    await using source = this.#plugin.create(config, { connector: 'test', task: 0, logger: this.#logger, clock });
    const abort = new AbortController();
    this.#abort = abort;
    this.source = source;
    try {
      for await (const batch of source.read(this.offsets, abort.signal, this.#topics)) {
        const decision = await decide(batch);
        if (decision === 'crash before') return;
        this.append(batch);
        if (decision === 'crash after') return;
        source.commit(batch.offsets);
      }
    } finally {
      this.source = null;
    }
  }
}

/** A run of the Postgres connector. */
export function postgresRun(config: RawConfig): SourceRun<PostgresConfig> {
  return new SourceRun(config, postgresConnector);
}
