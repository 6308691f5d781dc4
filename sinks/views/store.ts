import {
  type CheckResult,
  type Consumed,
  type PartitionOffset,
  type SinkAssignment,
  SluiceError,
  type TopicPartition,
} from '../../src/contract/index.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import type { RowChange } from './changed-rows.ts';
import type { DefinitionFault, Definitions } from './definition.ts';

/** A base row to be removed. */
export type RemovedRow = { readonly table: string; readonly row: ReducedRow };

/** A change of one record, by the record's index in its batch. */
export type IndexedChange = { readonly index: number; readonly table: string; readonly change: RowChange };

export type ApplyResult = readonly { readonly item: IndexedChange; readonly error: SluiceError }[];

/** How a view's table compares to its select. */
export type Verification = {
  readonly view: string;
  readonly rows: number;
  /** Rows of the select that the table lacks. */
  readonly missing: number;
  /** Rows of the table that the select lacks. */
  readonly surplus: number;
};

export type ViewKeyPart = string | number | bigint | Uint8Array;

export type DifferingKeys = {
  /** Of the view's table. */
  readonly rows: number;
  readonly keys: readonly { readonly kind: 'missing' | 'extra' | 'changed'; readonly parts: readonly ViewKeyPart[] }[];
};

/** Where base rows, views and offsets are: Postgres or a SQLite file. One owner. */
export interface ViewStore extends AsyncDisposable {
  /** Tries the definitions; leaves nothing behind. Rejects where the target cannot be asked at all. */
  check(definitions: Definitions, abort: AbortSignal): Promise<readonly DefinitionFault[]>;
  /** Makes what is not there yet, takes the partitions over, and answers their offsets. */
  assign(definitions: Definitions, assignment: SinkAssignment, abort: AbortSignal): Promise<readonly PartitionOffset[]>;
  /** Gets ready to write beside the task that has the partitions: with what that has made, and without taking them over. */
  joinBeside(definitions: Definitions, abort: AbortSignal): Promise<void>;
  /** As `Sink.forgetOffsets`. */
  forgetOffsets(group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void>;
  /** One transaction: base rows, views and offsets. What it answers was refused; all else is durable. */
  apply(changes: readonly IndexedChange[], consumed: Consumed | null, abort: AbortSignal): Promise<ApplyResult>;
  /** Deletes at most so many rows that were deleted before a moment, so that their versions are known no more; answers how many. */
  prune(beforeMs: number, max: number, abort: AbortSignal): Promise<number>;
  /**
   * Deletes base rows, and computes anew what they led to. Which ones is asked within the transaction, while the live flow waits. `joinBeside` was called
   * before.
   */
  removeRows(which: () => Promise<readonly RemovedRow[]>, abort: AbortSignal): Promise<void>;
  /** Keys of a view whose rows are not those of its select, at one moment. Throws BAD_REQUEST where there are more than `max`. */
  differing(view: string, max: number, abort: AbortSignal): Promise<DifferingKeys>;
  /** Computes the rows of these keys anew. */
  recompute(view: string, keys: readonly (readonly ViewKeyPart[])[], abort: AbortSignal): Promise<void>;
  /** Compares views to their selects, in one transaction. */
  verify(definitions: Definitions, views: readonly string[], abort: AbortSignal): Promise<readonly Verification[]>;
}

export function tooMany(view: string, max: number): SluiceError {
  return new SluiceError('BAD_REQUEST', `More than ${max} keys of the view ${view} differ: give it another name, and it is made anew.`);
}

/** A finding of `check` without fault. */
export function fine(subject: string, message: string): CheckResult {
  return { subject, status: 'ok', code: null, option: null, message, remedy: null };
}
