import type { SluiceError } from './errors.ts';

/** Something that is tried again by whoever does it. */
export type Retry = {
  /** What it failed with the last time. */
  readonly error: SluiceError;
  /** How many attempts have failed. */
  readonly attempts: number;
  /** When the first of them did, in milliseconds since 1970. */
  readonly sinceMs: number;
  readonly nextAttemptMs: number;
};

/** Told of each failed attempt, and null once one has gone well. Where it is given up instead, the error itself says so. Never throws. */
export type OnRetry = (retry: Retry | null) => void;
