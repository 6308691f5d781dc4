import type { HashRange } from './latest-keys.ts';
import type { ReplayRange } from './replay-ranges.ts';
import type { ReplayRequest } from './replay-request.ts';
import type { ReplayCounts } from './replay-sender.ts';

/** `RUNNING` until it has come to its end, was stopped, or failed; also while nothing of it runs since its sink does not. */
export type ReplayOutcome = 'RUNNING' | 'COMPLETED' | 'STOPPED' | 'FAILED';

/** How far a replay is: what is stored of it every few seconds, and where it goes on after a restart. */
export type ReplayCheckpoint = {
  /** The part of the keys that is being sent; of a replay of effects, and before the first scan has ended, null. */
  readonly hashes: HashRange | null;
  /** By partition, in the order of the ranges: everything before it has been dealt with, of this part of the keys. */
  readonly positions: readonly bigint[];
  readonly counts: Readonly<ReplayCounts>;
};

/** A replay as it is stored. */
export type StoredReplay = {
  readonly id: string;
  readonly request: ReplayRequest;
  /** Fixed when it was made: a later restart replays the same. */
  readonly ranges: readonly ReplayRange[];
  readonly createdMs: number;
  readonly endedMs: number | null;
  readonly outcome: ReplayOutcome;
  /** Of one that has failed: what it failed with. */
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string } | null;
  readonly checkpoint: ReplayCheckpoint;
};

/** A checkpoint before anything was sent. */
export function firstCheckpoint(ranges: readonly ReplayRange[]): ReplayCheckpoint {
  return {
    hashes: null,
    positions: ranges.map(({ start }) => start),
    counts: { records: 0, bytes: 0, filtered: 0, skipped: 0, deadLetters: 0 },
  };
}
