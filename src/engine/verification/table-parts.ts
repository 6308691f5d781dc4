import type { EventLog, FieldRules, HeldPlace, SourceVerification, VerifiableRow, VerifiableTable } from '../../contract/index.ts';
import type { Pace } from '../pace.ts';
import { logKey, type PublishedRow, type RecordPath } from './record-path.ts';
import { recordDigest } from './row-digest.ts';
import type { TableReport } from './table-report.ts';
import type { VerificationTarget } from './target.ts';

/** What a verification may cost. */
export type VerificationBounds = {
  /** Rows of one statement. */
  readonly chunkRows: number;
  /** The most rows of one table that may differ before the verification gives up: then the table wants a snapshot, not repairs. */
  readonly differencesMax: number;
  /** How often a row is looked at that changes all the time. */
  readonly roundsMax: number;
};

/** What the comparison of one table works with. */
export type TableParts = {
  readonly table: VerifiableTable;
  readonly source: SourceVerification;
  readonly path: RecordPath;
  readonly target: VerificationTarget;
  readonly log: EventLog;
  readonly pace: Pace;
  readonly bounds: VerificationBounds;
  readonly report: TableReport;
};

/** A row of the source on its way to be compared. */
export type ComparedRow = {
  readonly key: readonly string[];
  readonly published: PublishedRow;
  /** Of the row's fields. */
  readonly digest: string | null;
};

/** A row that differs. */
export type DifferingRow = HeldPlace & {
  readonly kind: 'missing' | 'extra' | 'changed' | 'stale';
  /** Its primary key in the source; null for one that the source does not have. */
  readonly key: readonly string[] | null;
  /** Its name in the log; null for one that the source does not have. */
  readonly logKey: string | null;
  /** Of the row in the source. */
  readonly digest: string | null;
  /** Of what the target holds. */
  readonly held: string | null;
};

/** The rows as they are published; those that a transform drops are left out. */
export function publishedRows(rows: readonly VerifiableRow[], path: RecordPath, rules: FieldRules): ComparedRow[] {
  return rows.flatMap(({ key, record }) => {
    const published = path.publish(record);
    if (published === null) return [];
    // Rows without a key of the log could not be told apart there.
    logKey(published.log);
    return [{ key, published, digest: digestOf(published, path, rules) }];
  });
}

function digestOf({ log, record }: PublishedRow, path: RecordPath, rules: FieldRules): string | null {
  return recordDigest(record ?? path.asPublished(log), rules);
}
