import { postgresConnector } from '../../connectors/postgres/plugin.ts';
import type { Clock, ConnectRecord, Logger, RawConfig, SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import { noInternalTopics } from './no-internal-topics.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const clock: Clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };

/** What becomes of a batch that was read. */
type Decision = 'append' | 'crash before' | 'crash after';

/**
 * What a log keeps, without the log: records and offsets that become durable together. Runs a source on it and ends it wherever asked, as a
 * crash would: what was read and not appended is lost.
 */
export class SourceRun {
  readonly records: ConnectRecord[] = [];
  readonly #offsets = new Map<string, SourceOffset>();
  /** From the next run on. */
  config: RawConfig;

  constructor(config: RawConfig) {
    this.config = config;
  }

  get offsets(): readonly SourceOffset[] {
    return [...this.#offsets.values()];
  }

  append(batch: SourceBatch): void {
    this.records.push(...batch.records);
    for (const offset of batch.offsets) {
      const key = JSON.stringify(offset.partition);
      if (offset.offset === null) this.#offsets.delete(key);
      else this.#offsets.set(key, structuredClone(offset));
    }
  }

  /** Runs until `decide` says so, after each batch that was read: `append` it and go on, or `crash` before or after it is durable. */
  async run(decide: (batch: SourceBatch) => Decision | Promise<Decision>): Promise<void> {
    const { config, faults } = postgresConnector.spec.parse(this.config);
    if (!config) throw new Error(faults.map(({ message }) => message).join('\n'));
    await using source = postgresConnector.create(config, { connector: 'test', task: 0, logger: silent, clock });
    const abort = new AbortController();
    for await (const batch of source.read(this.offsets, abort.signal, noInternalTopics)) {
      const decision = await decide(batch);
      if (decision === 'crash before') return;
      this.append(batch);
      if (decision === 'crash after') return;
      source.commit(batch.offsets);
    }
  }
}
