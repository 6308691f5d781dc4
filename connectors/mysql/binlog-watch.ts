import type { Connection } from 'mysql2';
import type { Clock, DatabaseReading, SourceOffset } from '../../src/contract/index.ts';
import type { EventCounts } from '../debezium/event-counts.ts';
import type { FilteredCounts } from '../debezium/record-options.ts';
import { isStreamOffset } from '../debezium/snapshot-progress.ts';
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
  /** The source's ordinary connection, while it has one. */
  readonly client: () => Connection | null;
  readonly clock: Clock;
};

/** Looks at a server's binlog: how far a connector is behind its end, and how long its place is still kept. */
export class BinlogWatch implements SourceWatch {
  readonly events: EventCounts;
  readonly filtered: FilteredCounts;
  readonly #parts: BinlogWatchParts;

  constructor(parts: BinlogWatchParts) {
    this.#parts = parts;
    [this.events, this.filtered] = [parts.events, parts.filtered];
  }

  async measure(stored: readonly SourceOffset[], before: DatabaseReading | null, abort: AbortSignal): Promise<DatabaseReading> {
    const { settings, client: shared, clock } = this.#parts;
    const isOwn = ({ partition, offset }: SourceOffset) => offset !== null && partition['server'] === settings.topicPrefix;
    const own = stored.find(offset => isOwn(offset) && isStreamOffset(offset)) ?? null;
    const atMs = clock.nowMs();
    const client = shared();
    const figures = await (client === null ? this.#alone(abort) : figuresOf(client)).catch(error =>
      Promise.reject(databaseFailure(error, 'Looking at the binlog')),
    );
    return binlogReading(figures, own, before, atMs);
  }

  async #alone(abort: AbortSignal) {
    const client = await connect(await this.#parts.settings.connection());
    try {
      using _ = breakOffAfter(abort, client);
      return await figuresOf(client);
    } finally {
      await disconnect(client);
    }
  }
}
