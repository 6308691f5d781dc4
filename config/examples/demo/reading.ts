import type { EventLog } from '../../../src/contract/index.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { silent } from './events.ts';
import { type Change, readChange } from './history.ts';
import { tables } from './shop.ts';
import type { Sluice } from './sluice.ts';
import { eventually } from './waiting.ts';

const startMsMax = 60_000;
const topics = tables.map(table => `shop.public.${table}`);

/** A change as it lies in the log, and how long after its commit it came there; null where the source tells whole seconds only. */
export type LoggedChange = { readonly change: Change; readonly latencyMs: number | null };

/** Reads the daemon's log beside it, as `sluice log --follow` does. */
export class LogReading implements AsyncDisposable {
  readonly #log: EventLog;
  /** Read so far, by topic. */
  readonly #next = new Map<string, bigint>();

  private constructor(log: EventLog) {
    this.#log = log;
  }

  /** Opens the log once the daemon has made it and the first topics. */
  static async open(sluice: Sluice, abort: AbortSignal): Promise<LogReading> {
    return eventually(startMsMax, abort, async () => {
      await sluice.assertWell();
      const log = await openEmbeddedLog({ dataDir: sluice.dataFolder, readOnly: true, logger: silent });
      if ((await log.describeTopics(topics)).length === topics.length) return new LogReading(log);
      await log[Symbol.asyncDispose]();
      throw new Error('Sluice has made no topics.');
    });
  }

  /** Whether everything that is in the log by now has been read. */
  async complete(): Promise<boolean> {
    const described = await this.#log.describeTopics(topics);
    return described.every(({ topic, partitions }) => partitions.every(({ end }) => (this.#next.get(topic) ?? 0n) >= end));
  }

  /** Every change as it comes, until aborted. */
  async *changes(abort: AbortSignal): AsyncGenerator<readonly LoggedChange[]> {
    for await (const records of this.#log.read({ topics, from: 'start', follow: true }, abort)) {
      const changes: LoggedChange[] = [];
      for (const record of records) {
        this.#next.set(record.topic, record.offset + 1n);
        const change = readChange(record);
        if (!change) continue;
        const { committedAtMs } = change;
        changes.push({ change, latencyMs: committedAtMs === null ? null : record.timestampMs - committedAtMs });
      }
      yield changes;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }
}
