/** What a verification is asked for. */
export type VerificationRequest = {
  /** A sink, or `log`. */
  readonly against: string;
  /** Names or regular expressions; empty: all. */
  readonly tables: readonly string[];
  readonly repair: boolean;
  /** Rows a second that are read, on each side. */
  readonly rate: number;
  /** Rows of one statement. */
  readonly chunk: number;
  /** Keys of rows that differ, of each table, that are shown. */
  readonly keys: number;
  /** The most rows of one table that may differ. */
  readonly differencesMax: number;
};

/** The name by which the log itself is compared to. */
export const theLog = 'log';

/** What is taken where a request does not say, and the most it may say. */
export const requestBounds = {
  rate: { default: 5_000, max: 1_000_000 },
  chunk: { default: 1_000, max: 10_000 },
  keys: { default: 100, max: 10_000 },
  differences: { default: 10_000, max: 1_000_000 },
} as const;
