import type { SluiceError } from './errors.ts';
import type { JsonValue, SourceOffset } from './event-log.ts';

/** Events of one table or collection, by operation. */
export type TableEvents = {
  readonly table: string;
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
  /** Rows that a snapshot read. */
  readonly reads: number;
  readonly truncates: number;
};

/** How full the queue between the database and the log is; `bytesMax` null: not limited by bytes. */
export type QueueFill = {
  readonly records: number;
  readonly recordsMax: number;
  readonly bytes: number;
  readonly bytesMax: number | null;
};

/** What a source counts. */
export type SourceCounts = {
  /** What it has made of the database's changes since it was made, by table. */
  readonly events: readonly TableEvents[];
  /** Changes that an option kept from being published (`skipped.operations`, `skip.messages.without.change`), since then. */
  readonly filteredEvents: number;
  /** What is read and not durable yet. */
  readonly queue: QueueFill;
};

/**
 * What a database says of its own log: how far a connector is behind its end, and how far its place is from being freed. Null: this
 * database, or this user, has no such figure.
 */
export type DatabaseReading = {
  /** When it was asked, in milliseconds since 1970 by this machine's clock. */
  readonly atMs: number;
  /** Where its log ended then, in a form of its own: the next reading holds the durable position against it. */
  readonly end: JsonValue;
  /** The latest moment before which everything that was committed is durable here, in milliseconds since 1970. */
  readonly completeToMs: number | null;
  /** Bytes of its log behind what is durable here. */
  readonly lagBytes: number | null;
  /** Bytes of log that it keeps: for this connector alone where it tells (a slot), else in all. */
  readonly logBytes: number | null;
  /** How many it may keep. */
  readonly logLimitBytes: number | null;
  /** How many more may be written, or freed, before this connector's place is lost. */
  readonly headroomBytes: number | null;
  /** For how many seconds the place is still kept, as things are. */
  readonly headroomSeconds: number | null;
  /** Seconds that the log spans, or is kept for. */
  readonly windowSeconds: number | null;
  /** `wal_status` of a slot; `missing` where there is none. */
  readonly slotWalStatus: string | null;
  /** What an operator should know now. */
  readonly warnings: readonly string[];
  /** Set where the connector's place is to be given up, by an option that says so: the error its tasks are to stop with. */
  readonly givingUp: SluiceError | null;
};

/** The part of a source that looks at its database's log: over a connection that the source has, or one of its own. */
export interface MeasuredSource {
  /**
   * Asks the database, also for a source that is not read. `stored`: the offsets that are durable; `before`: the last reading of this
   * connector. Changes nothing. Throws as `check` finds faults.
   */
  measure?(stored: readonly SourceOffset[], before: DatabaseReading | null, abort: AbortSignal): Promise<DatabaseReading>;
  /**
   * Lets the database free its log although that is not durable here; called where a reading said `givingUp`, with no task running. `record`
   * stores what is given up, first. Answers whether tasks that ran are to be started again by themselves. Rejects where another reader has the
   * place.
   */
  giveUp?(stored: readonly SourceOffset[], record: (gap: readonly SourceOffset[]) => Promise<void>, abort: AbortSignal): Promise<boolean>;
}
