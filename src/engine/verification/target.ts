import type { Derived, FieldRules, LogRecord, Look, Removal, SluiceError, SurplusRow } from '../../contract/index.ts';
import type { PublishedRow } from './record-path.ts';
import type { Places } from './topic-reading.ts';

/** Rows are looked for here so many at a time. */
export const idsAtOnce = 1_000;

/** Reads on in the log, and answers those of the records of whose key it has a later one by now. */
export type Newer = (records: readonly LogRecord[]) => Promise<ReadonlySet<LogRecord>>;

/** What tables are compared to: a sink's target, or the log itself. One owner. */
export interface VerificationTarget extends AsyncDisposable {
  /** Throws where the target cannot be compared as it is. */
  require(repair: boolean): void;
  /** Whether what a topic holds comes to the target at all. */
  takes(topic: string): boolean;
  /** Begins with a table: its topics in the log, and how the fields of its rows are compared. */
  begin(topics: readonly string[], rules: FieldRules, abort: AbortSignal): Promise<void>;
  /** As `SinkVerification.look`. */
  look(rows: readonly PublishedRow[], abort: AbortSignal): Promise<readonly (Look | null)[]>;
  /** Resolves when everything up to a position of the source has come to the target. Rejects where that takes too long. */
  passed(position: string, abort: AbortSignal): Promise<void>;
  ids(container: string, abort: AbortSignal): AsyncIterable<readonly string[]>;
  held(container: string, ids: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Topics beside these whose rows are in the container too, so that nobody can tell which of its rows are surplus. */
  otherFeeders(container: string, topics: readonly string[], abort: AbortSignal): Promise<readonly string[]>;
  /** Where the rows of a topic are, by what the topic holds; null where it holds nothing that says so. */
  containerOf(topic: string, abort: AbortSignal): Promise<string | null>;
  /** Sends the latest records of their keys again, beside the live flow; those that the target refuses, by index. */
  resend(records: readonly LogRecord[], newer: Newer, abort: AbortSignal): Promise<ReadonlyMap<number, SluiceError>>;
  /** As `SinkVerification.force`, where the target has that; by index, what failed. Null: it has no such thing. */
  force(records: readonly LogRecord[], ends: Places, abort: AbortSignal): Promise<ReadonlyMap<number, SluiceError> | null>;
  /** As `SinkVerification.derived`; empty where there is no such thing. */
  derived(
    topics: ReadonlySet<string>,
    request: { readonly repair: boolean; readonly max: number },
    abort: AbortSignal,
  ): Promise<readonly Derived[]>;
  /** As `SinkVerification.remove`. */
  remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]>;
}

/** Resolves as the promise does, or rejects as soon as it is aborted. */
export async function unlessAborted<T>(work: Promise<T>, abort: AbortSignal): Promise<T> {
  abort.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(abort.reason);
  abort.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    abort.removeEventListener('abort', onAbort);
  }
}
