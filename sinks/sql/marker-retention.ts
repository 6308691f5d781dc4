import { type Logger, options, toSluiceError } from '../../src/contract/index.ts';

/** How often it is looked for what has expired, at the most. */
const intervalMs = 3_600_000;
/** Markers that are deleted in one transaction; where there are so many, the next batch goes on. */
const markersMax = 5_000;

/** How long the versions of deleted rows are kept: as the option of the sink `elasticsearch`. */
export const markerOptions = {
  'delete.markers.retention.ms': options.long({
    default: '2592000000',
    min: -1,
    doc: 'How many milliseconds after a delete the row’s version is kept, by which older records are told from new ones (30 days unless set); -1: for good. Records older than the delete may come as long as the log and its dead letters hold them: make it longer than that.',
    importance: 'LOW',
    group: 'Writes',
    displayName: 'Delete markers’ retention',
  }),
};

/** Null: for good. */
export function retentionOf(config: { readonly 'delete.markers.retention.ms': number }): number | null {
  const retentionMs = config['delete.markers.retention.ms'];
  return retentionMs < 0 ? null : retentionMs;
}

/** Deletes at most so many versions of rows that were deleted before a moment (milliseconds since 1970), and answers how many. */
export type Prune = (beforeMs: number, max: number) => Promise<number>;

/** Bounds what is kept of deleted rows: versions whose time is over are deleted, now and then, some at a time. */
export class MarkerRetention {
  readonly #retentionMs: number | null;
  readonly #nowMs: () => number;
  readonly #logger: Logger;
  #dueMs = 0;

  constructor(retentionMs: number | null, nowMs: () => number, logger: Logger) {
    [this.#retentionMs, this.#nowMs, this.#logger] = [retentionMs, nowMs, logger];
  }

  /** Has what has expired deleted, where it is time to. Nothing depends on it, so a failure costs a warning. */
  async prune(prune: Prune): Promise<void> {
    const nowMs = this.#nowMs();
    if (this.#retentionMs === null || nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + intervalMs;
    try {
      if ((await prune(nowMs - this.#retentionMs, markersMax)) >= markersMax) this.#dueMs = nowMs;
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown);
      this.#logger.warn({ code }, `Versions of deleted rows that have expired stay for now: ${message}`);
    }
  }
}
