import type pg from 'pg';
import type { Clock, JsonObject, Logger, SluiceError, SourceOffset } from '../../src/contract/index.ts';
import type { KnownTable } from '../debezium/incremental/chunk-database.ts';
import type { Notifications, NotificationType } from '../debezium/notifications/notifications.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { CatalogTable } from './catalog.ts';
import { isKeyed } from './chunk-select.ts';
import { databaseError } from './database-error.ts';
import { untilSettled } from './settled.ts';
import { beginningOf, closedGap, gapOffset, type SlotGap, shownGap, storedGaps } from './slot-gap.ts';
import { currentTransaction } from './snapshot-readers.ts';

/** Stands in a signal's place: of the snapshots that heal. */
export const healSignal = 'slot-gap';

const deletedRows =
  'Rows that were deleted in between are not found by that: they stay in targets and in the log until somebody looks. "sluice verify NAME --against SINK --repair" finds and removes them.';

const whyLeftOut = 'it is the signal table, or snapshot.include.collection.list leaves it out';

/** What a start knows of the connector's place. */
export type HealStart = {
  readonly partition: JsonObject;
  /** The slot's name. */
  readonly slot: string;
  /** The offsets of the connector's own `topic.prefix`. */
  readonly stored: readonly SourceOffset[];
  /** `snapshot.include.collection.list`. */
  includes(id: TableId): boolean;
};

export type SlotHealParts = Omit<HealStart, 'includes'> & {
  /** On which the database is asked; another's. */
  readonly client: pg.Client;
  /** Whether the rows of a captured table are read: not the signal table's, nor those that `snapshot.include.collection.list` leaves out. */
  reads(id: TableId): boolean;
  /** Whether a snapshot for the gap has a table before it already. */
  isRequested(table: string): boolean;
  /** Asks for a snapshot, an incremental one of tables that have a key to be read by: it is stored with the next batch. */
  request(keyed: readonly KnownTable[], keyless: readonly KnownTable[]): void;
  fail(error: SluiceError): void;
  readonly notifications: Notifications;
  readonly clock: Clock;
  readonly logger: Logger;
};

/**
 * Heals a gap that a slot left (`slot.guard.heal=incremental`): streaming begins at a new slot, and beside it every captured table is read again. The
 * gap is stored with the tables that are left, from the first offset behind it on; each table leaves it in the unit that holds the table's last
 * chunk, and with the last table the gap is deleted (invariant 1). So a restart in the midst goes on, and a table that could not be read keeps the
 * gap open. Tables are read once every transaction is over that was under way when the slot was made: one that committed before the slot may become visible only
 * later.
 */
export class SlotHeal implements AsyncDisposable {
  readonly #parts: SlotHealParts;
  readonly #ended = new AbortController();
  #gap: SlotGap | null = null;
  #left = new Map<string, CatalogTable>();
  /** Of those left, those that could not be read. */
  readonly #unread = new Set<string>();
  /** Of those left, those without a key that are not asked for yet. */
  #keyless: readonly KnownTable[] = [];
  #closed: SourceOffset[] = [];
  #owed = false;
  #horizon = 0n;
  #waiting: Promise<void> | null = null;
  /** What an operator should know of a gap that has been dealt with. */
  warnings: readonly string[] = [];

  constructor(parts: SlotHealParts) {
    this.#parts = parts;
  }

  /**
   * Makes ready, once publication and slot are there. `beginsAtLsn`: where streaming begins behind a gap, in an offset that deletes those that were
   * stored; null: it goes on where it was. `reachedLsn`: everything before it was durable; null: not known.
   */
  async prepare(
    captured: readonly CatalogTable[],
    { beginsAtLsn, reachedLsn }: { readonly beginsAtLsn: bigint | null; readonly reachedLsn: bigint | null },
  ): Promise<void> {
    if (beginsAtLsn !== null) this.#begin(captured, beginsAtLsn, reachedLsn);
    else this.#goOn(captured, reachedLsn);
    if (this.#left.size === 0) this.#look();
    if (this.#gap !== null) this.#horizon = BigInt(await currentTransaction(this.#parts.client));
  }

  #begin(captured: readonly CatalogTable[], toLsn: bigint, reachedLsn: bigint | null): void {
    const { slot, stored, partition, clock, logger } = this.#parts;
    const gaps = storedGaps(stored);
    const nowMs = clock.nowMs();
    this.#left = new Map(captured.filter(({ id }) => this.#parts.reads(id)).map(named));
    const tables = [...this.#left.keys()];
    this.#gap = {
      slot,
      fromLsn: beginningOf(gaps, reachedLsn),
      toLsn,
      heldBytes: gaps.find(gap => gap.heldBytes !== null)?.heldBytes ?? null,
      atMs: gaps[0]?.atMs ?? nowMs,
      healing: { sinceMs: nowMs, tables },
    };
    this.#owed = true;
    logger.warn(
      { slot, ...gapOffset(partition, this.#gap).offset },
      `The changes ${shownGap(this.#gap)} are missing: streaming begins behind them, and the tables are read again (slot.guard.heal=incremental). ${deletedRows}`,
    );
    const leftOut = captured.map(({ id }) => qualifiedName(id)).filter(name => !this.#left.has(name));
    if (leftOut.length > 0) this.#warn(`${leftOut.join(', ')} is not read again after the gap ${shownGap(this.#gap)}: ${whyLeftOut}.`);
    this.#notify('STARTED', this.#gap);
  }

  #goOn(captured: readonly CatalogTable[], reachedLsn: bigint | null): void {
    const { stored, partition, logger } = this.#parts;
    for (const gap of storedGaps(stored)) {
      if (gap.healing !== null) {
        const tables = new Set(gap.healing.tables);
        this.#gap = gap;
        this.#left = new Map(captured.filter(({ id }) => tables.has(qualifiedName(id))).map(named));
        // A table that is not captured any more has nothing left to be read.
        this.#owed ||= this.#left.size < tables.size;
      } else if (gap.fromLsn !== null && reachedLsn !== null && reachedLsn <= gap.fromLsn) {
        logger.info({ slot: gap.slot }, `The changes ${shownGap(gap)} are there after all: the slot was not dropped`);
        this.#closed.push(closedGap(partition, gap));
        this.#owed = true;
      }
    }
  }

  /** The stream has begun. */
  start(): void {
    if (this.#gap === null) return;
    const tables = [...this.#left].filter(([name]) => !this.#parts.isRequested(name)).map(([, table]) => table);
    if (tables.length === 0) return;
    this.#waiting = this.#ask(tables).catch(error => {
      if (!this.#ended.signal.aborted) this.#parts.fail(databaseError(error, 'Looking for transactions that are under way'));
    });
  }

  async #ask(tables: readonly CatalogTable[]): Promise<void> {
    const { client, request, logger } = this.#parts;
    const onWait = () => logger.info({}, 'The snapshot that heals the gap waits for transactions that were under way at the start');
    await untilSettled(client, this.#horizon, onWait, this.#ended.signal);
    this.#keyless = tables.filter(table => !isKeyed(table)).map(known);
    request(tables.filter(isKeyed).map(known), []);
    this.#askKeyless();
  }

  /** Tables without a key come last: the stream waits for them, and whoever looks sees one snapshot at a time. */
  #askKeyless(): void {
    const keyless = this.#keyless;
    const last = new Set(keyless.map(({ name }) => name));
    if (keyless.length === 0 || [...this.#left.keys()].some(name => !last.has(name) && !this.#unread.has(name))) return;
    this.#keyless = [];
    this.#parts.request([], keyless);
  }

  /** A snapshot is done with a table: it is read again, or could not be. */
  ended(table: string, read: boolean): void {
    if (!this.#left.has(table)) return;
    if (read) this.#left.delete(table);
    else this.#unread.add(table);
    this.#owed = true;
    this.#askKeyless();
    this.#look();
  }

  /** Whether nothing more comes: then the gap is closed, or stays open for what could not be read. */
  #look(): void {
    const gap = this.#gap;
    if (gap === null || [...this.#left.keys()].some(name => !this.#unread.has(name))) return;
    if (this.#left.size > 0) {
      this.#warn(
        `The changes ${shownGap(gap)} of ${[...this.#left.keys()].join(', ')} are still missing: the tables could not be read again. Once they can be, restart the task.`,
      );
      this.#notify('ABORTED', gap);
      return;
    }
    this.#gap = null;
    this.#closed.push(closedGap(this.#parts.partition, gap));
    this.#owed = true;
    this.#warn(`The gap ${shownGap(gap)} is closed: the tables have been read again. ${deletedRows}`);
    this.#notify('COMPLETED', gap);
  }

  /** What is owed to the next batch's offsets. */
  take(): readonly SourceOffset[] {
    if (!this.#owed) return [];
    this.#owed = false;
    const [closed, gap] = [this.#closed, this.#gap];
    this.#closed = [];
    if (gap === null) return closed;
    return [...closed, gapOffset(this.#parts.partition, { ...gap, healing: { ...gap.healing!, tables: [...this.#left.keys()] } })];
  }

  #warn(message: string): void {
    this.warnings = [...this.warnings, message];
    this.#parts.logger.warn({}, message);
  }

  #notify(type: NotificationType, gap: SlotGap): void {
    const data_collections = [...this.#left.keys()].join(',');
    const data = { slot: gap.slot, gap: shownGap(gap), data_collections, deleted_rows: deletedRows };
    this.#parts.notifications.send({ aggregate: 'Slot Gap', type, id: healSignal, data });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#waiting;
  }
}

function known({ id, rowsEstimated }: CatalogTable): KnownTable {
  return { name: qualifiedName(id), rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated };
}

function named(table: CatalogTable): readonly [string, CatalogTable] {
  return [qualifiedName(table.id), table];
}
