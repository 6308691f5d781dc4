import type { ReplayPhase, ReplayRun } from './replay-run.ts';
import type { ReplayOutcome, StoredReplay } from './replay-state.ts';

/** GET /connectors/NAME/replays/ID. */
export type ReplayView = {
  readonly id: string;
  readonly connector: string;
  readonly state: ReplayOutcome;
  /** Of one that is RUNNING: `waiting` for the sink to run, `scanning` the log for what is to be sent, `sending`. */
  readonly phase: ReplayPhase | null;
  readonly request: StoredReplay['request'];
  /** ISO 8601, as all times here. */
  readonly created: string;
  readonly ended: string | null;
  /** Sent so far. */
  readonly records: number;
  readonly bytes: number;
  /** To be sent in all, where that is known. */
  readonly records_total: number | null;
  readonly bytes_total: number | null;
  readonly records_per_second: number;
  /** How much is done, from 0 to 1. */
  readonly done: number;
  /** When it will have ended, at the pace so far. */
  readonly estimated_end: string | null;
  readonly filtered: number;
  readonly skipped: number;
  readonly dead_letters: number;
  /** What is tried again just now: the target is away. */
  readonly retrying: { readonly code: string; readonly reason: string; readonly attempts: number } | null;
  /** Of one that has failed. */
  readonly error: StoredReplay['error'];
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
    /** Of the next record that is looked at. */
    readonly offset: number;
  }[];
};

/** A replay as it may be shown; `run`: of one that runs here. */
export function viewOf(connector: string, replay: StoredReplay, run: ReplayRun | null): ReplayView {
  const { id, request, outcome, createdMs, endedMs, error, ranges } = replay;
  const { counts, positions } = run?.checkpoint() ?? replay.checkpoint;
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const running = outcome === 'RUNNING';
  const total = run?.total ?? (outcome === 'COMPLETED' ? counts : null);
  const retry = running ? (run?.retry ?? null) : null;
  return {
    id,
    connector,
    state: outcome,
    phase: running ? (run?.phase ?? 'waiting') : null,
    request,
    created: new Date(createdMs).toISOString(),
    ended: iso(endedMs),
    records: counts.records,
    bytes: counts.bytes,
    records_total: total?.records ?? null,
    bytes_total: total?.bytes ?? null,
    records_per_second: running ? (run?.recordsPerSecond ?? 0) : 0,
    done: outcome === 'COMPLETED' ? 1 : Math.round((run?.done ?? 0) * 1000) / 1000,
    estimated_end: running ? iso(run?.endMs ?? null) : null,
    filtered: counts.filtered,
    skipped: counts.skipped,
    dead_letters: counts.deadLetters,
    retrying: retry === null ? null : { code: retry.error.code, reason: retry.error.message, attempts: retry.attempts },
    error,
    partitions: ranges.map(({ topic, partition, start, end }, at) => ({
      topic,
      partition,
      from: Number(start),
      to: Number(end),
      offset: Number(positions[at] ?? start),
    })),
  };
}
