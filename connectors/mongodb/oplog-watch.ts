import type { MongoClient } from 'mongodb';
import { type Clock, type DatabaseReading, isStreamOffset, type SourceOffset } from '../../src/contract/index.ts';
import type { EventCounts } from '../debezium/event-counts.ts';
import type { SourceWatch } from '../debezium/source-watch.ts';
import { connect } from './connection.ts';
import { databaseError } from './database-error.ts';
import { type OplogFigures, oplogFigures, oplogReading } from './oplog-reading.ts';
import type { MongoSettings } from './settings.ts';

export type OplogWatchParts = {
  readonly settings: MongoSettings;
  readonly events: EventCounts;
  /** The source's client, while it has one. */
  readonly client: () => MongoClient | null;
  readonly clock: Clock;
};

/** Looks at a server's oplog: how far a connector is behind its end, and how much of it lies before the connector's place. */
export class OplogWatch implements SourceWatch {
  readonly events: EventCounts;
  /** The server leaves out what skipped.operations names. */
  readonly filtered = null;
  readonly #parts: OplogWatchParts;

  constructor(parts: OplogWatchParts) {
    this.#parts = parts;
    this.events = parts.events;
  }

  async measure(stored: readonly SourceOffset[], before: DatabaseReading | null, abort: AbortSignal): Promise<DatabaseReading> {
    const { settings, clock } = this.#parts;
    const isOwn = ({ partition, offset }: SourceOffset) => offset !== null && partition['server_id'] === settings.topicPrefix;
    const own = stored.find(offset => isOwn(offset) && isStreamOffset(offset)) ?? null;
    const atMs = clock.nowMs();
    const client = this.#parts.client();
    const figures = client === null ? this.#askAlone(abort) : oplogFigures(client, abort);
    return oplogReading(await figures.catch(error => Promise.reject(databaseError(error, 'Looking at the oplog'))), own, before, atMs);
  }

  async #askAlone(abort: AbortSignal): Promise<OplogFigures> {
    const client = await connect(this.#parts.settings.connection, abort);
    try {
      return await oplogFigures(client, abort);
    } finally {
      await client.close().catch(() => {});
    }
  }
}
