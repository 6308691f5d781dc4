import type { ObservedVerification } from '../../observe/metrics/observed.ts';

/** In which way a row differs. `stale`: the target holds an earlier state of the row; `changed`: one that the log knows nothing of. */
export type Difference = 'missing' | 'extra' | 'stale' | 'changed';

/** A row that differs, by its key. */
export type ShownDifference = {
  readonly kind: Difference;
  /** The key's parts as texts; nothing else of a row is ever shown. */
  readonly key: readonly string[];
  /** Null where nothing was to be repaired. */
  readonly repaired: boolean | null;
  /** Why it was not repaired. */
  readonly reason: string | null;
};

/** How far a table is. */
export type TableProgress = {
  readonly table: string;
  readonly state: 'WAITING' | 'COMPARING' | 'LOOKING_FOR_EXTRA_ROWS' | 'READING_THE_LOG' | 'REPAIRING' | 'DONE';
  readonly rows: number;
  readonly rows_estimated: number | null;
  /** The source's position at which rows were looked at last. */
  readonly position: string | null;
  readonly missing: number;
  readonly extra: number;
  readonly stale: number;
  readonly changed: number;
  /** Rows that changed too fast to be held against each other at one position. */
  readonly undecided: number;
  readonly repaired: number;
  readonly not_repaired: number;
  /** What could not be looked at, and why. */
  readonly notes: readonly string[];
  readonly differences: readonly ShownDifference[];
};

/** `ABANDONED`: its worker ended in the midst of it. What it had repaired by then is whole; the rest is as it was. */
export type VerificationState = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'STOPPED' | 'ABANDONED';

/** A verification as REST shows it. */
export type ShownVerification = {
  readonly id: string;
  readonly source: string;
  readonly against: string;
  readonly repair: boolean;
  /** Rows a second, on each side. */
  readonly rate: number;
  readonly state: VerificationState;
  readonly error: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  /** All tables together. */
  readonly rows: number;
  readonly rows_per_second: number;
  readonly differences: number;
  readonly repaired: number;
  readonly tables: readonly TableProgress[];
};

/** The progress of a table that nothing was done to yet. */
export function waitingTable(table: string, rowsEstimated: number | null): TableProgress {
  return {
    table,
    state: 'WAITING',
    rows: 0,
    rows_estimated: rowsEstimated,
    position: null,
    missing: 0,
    extra: 0,
    stale: 0,
    changed: 0,
    undecided: 0,
    repaired: 0,
    not_repaired: 0,
    notes: [],
    differences: [],
  };
}

/** A verification that has ended as the metrics show it. */
export function outcomeOf({ against, state, ended_at, rows, differences, repaired, tables }: ShownVerification): ObservedVerification {
  const sum = (kind: Difference) => tables.reduce((total, table) => total + table[kind], 0);
  const differing = { missing: sum('missing'), extra: sum('extra'), stale: sum('stale'), changed: sum('changed') };
  return { against, state, ended_at, rows, differing, unrepaired: differences - repaired };
}

export function differencesIn({ missing, extra, stale, changed }: TableProgress): number {
  return missing + extra + stale + changed;
}
