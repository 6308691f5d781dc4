import {
  type CheckResult,
  type PartitionOffset,
  type PluginContext,
  type Sink,
  type SinkAssignment,
  type SinkBatch,
  type SinkResult,
  SluiceError,
} from '../../src/contract/index.ts';
import { checkTarget } from './check.ts';
import { type Session, waitForReplicas } from './commands.ts';
import { Connection } from './connection.ts';
import { evictMode } from './evict.ts';
import { publishMode, streamMode } from './messages.ts';
import type { WriteMode } from './mode.ts';
import type { Mode, RedisSettings } from './options.ts';
import { writeThroughMode } from './write-through.ts';

const writers: Readonly<Record<Mode, (settings: RedisSettings) => WriteMode>> = {
  evict: evictMode,
  'write-through': writeThroughMode,
  publish: publishMode,
  stream: streamMode,
};

/**
 * Writes changes to Redis. `write-through` holds state, and a redelivered, replayed or late older record changes nothing that is newer
 * (invariant 4); `evict`, `publish` and `stream` cause effects, at least once.
 */
export class RedisSink implements Sink {
  readonly holdsState: boolean;
  readonly #settings: RedisSettings;
  readonly #connection: Connection;
  readonly #write: WriteMode;
  /** By topic, how many of its partitions the task has. */
  readonly #partitions = new Map<string, number>();

  constructor(settings: RedisSettings, { connector, task }: PluginContext) {
    this.#settings = settings;
    this.holdsState = settings.mode === 'write-through';
    this.#connection = new Connection(settings.connection, `sluice-${connector}-${task}`);
    this.#write = writers[settings.mode](settings);
  }

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return checkTarget(this.#settings, this.#connection, abort);
  }

  /** Keeps no offsets: it only learns of the partitions. */
  async assign({ partitions }: SinkAssignment): Promise<readonly PartitionOffset[]> {
    this.#partitions.clear();
    for (const { topic } of partitions) this.#partitions.set(topic, (this.#partitions.get(topic) ?? 0) + 1);
    return [];
  }

  async write({ records, mode }: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    try {
      const session = await this.#session(mode === 'replay', abort);
      const failed = await this.#write(records, session, this.#partitions);
      await waitForReplicas(session, this.#settings.waitReplicas, this.#settings.waitTimeoutMs);
      return { publish: [], failed };
    } catch (error) {
      // Whatever it was, the next attempt asks anew who the master is, and where the slots are.
      if (error instanceof SluiceError) this.#connection.close();
      throw error;
    }
  }

  async #session(again: boolean, abort: AbortSignal): Promise<Session> {
    const client = await this.#connection.open(abort);
    return { client, connection: this.#connection, batchBytesMax: this.#settings.batchBytesMax, again, abort };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}
