import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { type Clock, type DatabaseReading, isStreamOffset, type Logger, SluiceError, type SourceOffset } from '../../src/contract/index.ts';
import type { EventCounts } from '../debezium/event-counts.ts';
import type { FilteredCounts } from '../debezium/record-options.ts';
import type { SourceWatch } from '../debezium/source-watch.ts';
import { connect } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { breakOffAfter, disconnect } from './disconnect.ts';
import { confirmedLsnOf, serverPartition } from './position.ts';
import type { PostgresSettings } from './settings.ts';
import { findSlot, slotFault } from './slot.ts';
import { beginningOf, gapOffset, gapWarnings, storedGaps } from './slot-gap.ts';
import { slotFigures, slotReading } from './slot-reading.ts';

/** The reader of a task that has just been stopped takes a moment to leave its slot: so many looks, so far apart. */
const looksMax = 20;
const looksEveryMs = 500;

export type SlotWatchParts = {
  readonly settings: PostgresSettings;
  readonly events: EventCounts;
  readonly filtered: FilteredCounts;
  /** The source's ordinary connection, while it has one. */
  readonly client: () => pg.Client | null;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** Looks at a connector's slot, and lets it go where its guard says so. */
export class SlotWatch implements SourceWatch {
  readonly events: EventCounts;
  readonly filtered: FilteredCounts;
  readonly #parts: SlotWatchParts;

  constructor(parts: SlotWatchParts) {
    this.#parts = parts;
    [this.events, this.filtered] = [parts.events, parts.filtered];
  }

  async measure(stored: readonly SourceOffset[], before: DatabaseReading | null, abort: AbortSignal): Promise<DatabaseReading> {
    const { settings, clock } = this.#parts;
    const { name } = settings.slot;
    const atMs = clock.nowMs();
    const figures = await this.#with(abort, 'Looking at the replication slot', client => slotFigures(client, name));
    const figured = slotReading(figures, { name, guard: settings.guard }, this.#own(stored), before, atMs);
    const reading = { ...figured, warnings: [...figured.warnings, ...gapWarnings(this.#ofServer(stored))] };
    // A connector that reads a snapshot and ends has no slot, and needs none.
    return settings.streams ? reading : { ...reading, slotWalStatus: null, headroomBytes: null, lagBytes: null };
  }

  async giveUp(
    stored: readonly SourceOffset[],
    record: (gap: readonly SourceOffset[]) => Promise<void>,
    abort: AbortSignal,
  ): Promise<boolean> {
    await this.#with(abort, 'Giving the replication slot up', client => this.#giveUp(client, stored, record, abort));
    const { heals, healsByItself } = this.#parts.settings.guard;
    const again = storedGaps(this.#ofServer(stored)).some(({ healing }) => healing !== null);
    if (again && healsByItself)
      this.#parts.logger.error({}, 'The slot was given up before the last gap had healed, so the task is not started again by itself');
    return heals && healsByItself && !again;
  }

  async #giveUp(
    client: pg.Client,
    stored: readonly SourceOffset[],
    record: (gap: readonly SourceOffset[]) => Promise<void>,
    abort: AbortSignal,
  ): Promise<void> {
    const { settings, logger, clock } = this.#parts;
    const { name } = settings.slot;
    if (!(await this.#left(client, abort))) return;
    const { endLsn, slot } = await slotFigures(client, name);
    const own = this.#own(stored);
    const partition = serverPartition(settings.topicPrefix);
    // What is missing since before is missing still.
    const gaps = storedGaps(this.#ofServer(stored)).filter(gap => gap.slot === name);
    const fromLsn = beginningOf(gaps, own && confirmedLsnOf(own));
    const gap = { slot: name, fromLsn, toLsn: endLsn, heldBytes: slot?.heldBytes ?? 0, atMs: clock.nowMs(), healing: null };
    await record([gapOffset(partition, gap)]);
    await client.query('SELECT pg_catalog.pg_drop_replication_slot($1)', [name]);
    logger.error(
      { slot: name, heldBytes: gap.heldBytes, ...gapOffset(partition, gap).offset },
      `The replication slot "${name}" was dropped since it held too much WAL back (slot.guard.limit.action=give_up).`,
    );
  }

  /** Waits until nobody reads the slot; false where it is gone already. Throws SLOT_IN_USE: another reader's slot is not ours to drop. */
  async #left(client: pg.Client, abort: AbortSignal): Promise<boolean> {
    const { slot: settings, connection } = this.#parts.settings;
    for (let look = 1; ; look++) {
      const slot = await findSlot(client, settings.name);
      if (slot === null) return false;
      if (!slot.active) return true;
      if (look >= looksMax || abort.aborted)
        throw (
          slotFault(settings.name, slot, connection.database) ??
          new SluiceError('SLOT_IN_USE', `The replication slot "${settings.name}" is in use by another connection.`)
        );
      await delay(looksEveryMs, undefined, { signal: abort }).catch(() => {});
    }
  }

  #ofServer(stored: readonly SourceOffset[]): readonly SourceOffset[] {
    const { topicPrefix } = this.#parts.settings;
    return stored.filter(({ partition, offset }) => offset !== null && partition['server'] === topicPrefix);
  }

  #own(stored: readonly SourceOffset[]): SourceOffset | null {
    return this.#ofServer(stored).find(isStreamOffset) ?? null;
  }

  async #with<T>(abort: AbortSignal, doing: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
    const shared = this.#parts.client();
    const client = shared ?? (await connect(this.#parts.settings.connection, false, abort));
    try {
      // The source's own connection is the source's to break off.
      using _ = shared === null ? breakOffAfter(abort, client) : null;
      return await ask(client);
    } catch (error) {
      throw databaseFailure(error, doing);
    } finally {
      if (shared === null) await disconnect(client);
    }
  }
}
