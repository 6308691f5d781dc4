import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StreamRetention } from '../event-store.ts';
import type { StreamRow, StreamTable } from './stream-table.ts';

/** Events erased in the transaction that lets them go: more wait for transactions of their own, so that no append waits for them. */
const erasedAtOnceMax = 200;
/** Events erased in one transaction of their own. */
const sliceEvents = 1000;

/** `eventsMax` of a stream that was told to keep all its events; null is of one that was told nothing. */
export const keepsAll = Number.MAX_SAFE_INTEGER;

/** What goes: by retention as a stream grows, and of streams deleted for good. First it can no longer be read, then it is erased slice by slice. */
export class Erasure {
  readonly #streams: StreamTable;
  readonly #retention: StreamRetention;
  readonly #firstSince: StatementSync;
  readonly #firstUnpublished: StatementSync;
  readonly #erase: StatementSync;
  readonly #pending: StatementSync;
  /** Position up to which events are published; null: nobody publishes, or minds. */
  #published: number | null;

  constructor(database: DatabaseSync, streams: StreamTable, retention: StreamRetention, published: number | null) {
    this.#streams = streams;
    this.#retention = retention;
    this.#published = published;
    const first = 'select version from events where stream = ? and version >= ?';
    this.#firstSince = database.prepare(`${first} and timestamp_ms >= ? order by version limit 1`);
    this.#firstUnpublished = database.prepare(`${first} and position > ? order by version limit 1`);
    this.#erase = database.prepare('delete from events where stream = ? and version >= ? and version < ?');
    this.#pending = database.prepare('select aggregate_type, aggregate_id from streams where erased_before < kept_from limit 1');
  }

  published(position: number): void {
    if (this.#published !== null) this.#published = Math.max(this.#published, position);
  }

  /** Lets go what the retention of a stream that grew does not keep. The latest event always stays. */
  trim(row: StreamRow, nowMs: number): void {
    const { id, version } = row;
    const { eventsMax, ageMsMax } = row.eventsMax === null && row.ageMsMax === null ? this.#retention : row;
    if (eventsMax === null && ageMsMax === null) return;
    let keptFrom = eventsMax === null ? row.keptFrom : Math.max(row.keptFrom, version - eventsMax + 1);
    if (ageMsMax !== null) keptFrom = Number(this.#firstSince.get(id, keptFrom, nowMs - ageMsMax)?.['version'] ?? version);
    if (this.#published !== null) {
      const unpublished = this.#firstUnpublished.get(id, row.keptFrom, this.#published)?.['version'];
      if (unpublished !== undefined) keptFrom = Math.min(keptFrom, Number(unpublished));
    }
    if (keptFrom <= row.keptFrom) return;
    row.keptFrom = keptFrom;
    this.#streams.changed(row);
    this.#eraseOf(row, erasedAtOnceMax);
  }

  /** Erases one slice, inside a transaction. False: nothing is left to erase. */
  slice(): boolean {
    const found = this.#pending.get();
    if (!found) return false;
    const row = this.#streams.find({ type: String(found['aggregate_type']), id: String(found['aggregate_id']) })!;
    this.#eraseOf(row, sliceEvents);
    return true;
  }

  #eraseOf(row: StreamRow, eventsMax: number): void {
    const end = Math.min(row.keptFrom, row.erasedBefore + eventsMax);
    if (end <= row.erasedBefore) return;
    this.#erase.run(row.id, row.erasedBefore, end);
    row.erasedBefore = end;
    this.#streams.changed(row);
  }
}
