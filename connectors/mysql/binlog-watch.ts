import { type Clock, type DatabaseReading, isStreamOffset, type SourceOffset } from '../../src/contract/index.ts';
import type { EventCounts } from '../debezium/event-counts.ts';
import type { FilteredCounts } from '../debezium/record-options.ts';
import type { SourceWatch } from '../debezium/source-watch.ts';
import { binlogReading, figuresOf } from './binlog-reading.ts';
import { connect, disconnect } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { breakOffAfter } from './disconnect.ts';
import type { MysqlSettings } from './settings.ts';

export type BinlogWatchParts = {
  readonly settings: MysqlSettings;
  readonly events: EventCounts;
  readonly filtered: FilteredCounts;
  readonly clock: Clock;
};

/**
 * Looks at a server's binlog: how far a connector is behind its end, and how long its place is still kept. Each look has a connection of its own: the
 * stream's statements must not wait behind one that a server fallen silent never answers.
 */
export class BinlogWatch implements SourceWatch {
  readonly events: EventCounts;
  readonly filtered: FilteredCounts;
  readonly #parts: BinlogWatchParts;

  constructor(parts: BinlogWatchParts) {
    this.#parts = parts;
    [this.events, this.filtered] = [parts.events, parts.filtered];
  }

  async measure(stored: readonly SourceOffset[], before: DatabaseReading | null, abort: AbortSignal): Promise<DatabaseReading> {
    const { settings, clock } = this.#parts;
    const isOwn = ({ partition, offset }: SourceOffset) => offset !== null && partition['server'] === settings.topicPrefix;
    const own = stored.find(offset => isOwn(offset) && isStreamOffset(offset)) ?? null;
    const atMs = clock.nowMs();
    const figures = await this.#figures(abort).catch(error => Promise.reject(databaseFailure(error, 'Looking at the binlog')));
    return binlogReading(figures, own, before, atMs);
  }

  async #figures(abort: AbortSignal) {
    const client = await connect(await this.#parts.settings.connection());
    try {
      using _ = breakOffAfter(abort, client);
      return await figuresOf(client);
    } finally {
      await disconnect(client);
    }
  }
}
