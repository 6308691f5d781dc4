import type { LogRecord, RawConfig, ReadRange } from '../../contract/index.ts';
import { describeTopics } from './admin.ts';
import { Cluster } from './cluster.ts';
import { kafkaLogConfig } from './log-config.ts';
import { goOnAtStart, readings } from './positions.ts';
import { readPartitions } from './read-partitions.ts';

/** Reads topics of a cluster that is no log of ours: nothing is made there, no group joined. Its user disposes of it. */
export class TopicReader implements AsyncDisposable {
  readonly #cluster: Cluster;

  /** `raw`: a worker's options, of which `bootstrap.servers`, security and `consumer.*` count. Throws CONFIG_INVALID. */
  constructor(raw: RawConfig) {
    this.#cluster = new Cluster(kafkaLogConfig(raw).readerConnection);
  }

  /** Those of the topics that exist. */
  async existing(topics: readonly string[]): Promise<readonly string[]> {
    return (await describeTopics(this.#cluster, topics)).map(({ topic }) => topic);
  }

  /** As `EventLog.read`: only what is committed. */
  async *read({ topics, from, follow }: ReadRange, abort: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    const wanted = await readings(this.#cluster, topics, from, follow, abort);
    yield* readPartitions(this.#cluster, wanted, goOnAtStart(this.#cluster, abort), abort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}
