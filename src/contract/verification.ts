import type { SluiceError } from './errors.ts';
import type { ConnectRecord } from './record.ts';
import type { SinkRecord } from './sink.ts';

/** A table or collection that a source captures, as a verification reads it. */
export type VerifiableTable = {
  /** As the include lists name it. */
  readonly name: string;
  /** Of its records, before any transform. */
  readonly topic: string;
  /** Whether it has a primary key, in whose order it is read; one without cannot be verified. */
  readonly keyed: boolean;
  /** By the catalog's statistics; null where unknown. */
  readonly rowsEstimated: number | null;
};

/** A row as a snapshot would publish it, and its primary key in the database's own notation. */
export type VerifiableRow = { readonly key: readonly string[]; readonly record: ConnectRecord };

/** Rows that were read in one statement. */
export type VerifiableRange = {
  readonly rows: readonly VerifiableRow[];
  /** Whether rows may follow behind the last one. */
  readonly more: boolean;
  /** A position of the database behind every change that these rows show, as its users write it. */
  readonly position: string;
  /**
   * The first row once more, as a change of another kind and moment would publish it: what differs between the two records is of the record and not
   * of the row, and is not compared. Null where there are no rows.
   */
  readonly echo: ConnectRecord | null;
};

/** What a source offers so that its tables can be compared to what became of them. One owner; it reads with a connection of its own. */
export interface SourceVerification extends AsyncDisposable {
  tables(abort: AbortSignal): Promise<readonly VerifiableTable[]>;
  /** The next rows in the key's order, at most `rowsMax`; from the first where `after` is null. Bounded work: one short statement. */
  readRange(table: string, after: readonly string[] | null, rowsMax: number, abort: AbortSignal): Promise<VerifiableRange>;
  /** The rows of these keys that are there now, all in one statement. */
  readKeys(table: string, keys: readonly (readonly string[])[], abort: AbortSignal): Promise<VerifiableRange>;
}

/** How the fields of a table's rows are compared, by their names. */
export type FieldRules = {
  /** They are of the record and not of the row: not compared. */
  readonly ignored: ReadonlySet<string>;
  /** Moments as ISO texts, by their schema: a snapshot and a stream may write the same one with other zeros at the end of its fraction. */
  readonly moments: ReadonlySet<string>;
};

const fraction = /^("?[^".]*\d\d:\d\d:\d\d)\.(\d*?)0*((?:Z|[+-]\d\d:\d\d)?"?)$/;

/** An ISO time, or its JSON, without the zeros at the end of its fraction: the same for the same moment in the same zone. Other texts stay as they are. */
export function momentText(text: string): string {
  return text.replace(fraction, (_, head: string, digits: string, zone: string) => `${head}${digits === '' ? '' : '.'}${digits}${zone}`);
}

/** Where a target holds a row: a table, an index, a pattern of keys; and the row's own name in it. */
export type HeldPlace = { readonly container: string; readonly id: string };

/** What a target holds for a record. */
export type Look = HeldPlace & {
  /**
   * `same`: what it should after this record (after a delete: nothing); `missing`: nothing where a row should be; `different`: another row, or one
   * where none should be.
   */
  readonly state: 'same' | 'missing' | 'different';
  /** A digest of what is held; null where nothing is. */
  readonly held: string | null;
};

/** A row that has no business in the target, with the digest of what was held when it was looked at last. */
export type SurplusRow = HeldPlace & { readonly held: string };

/** What became of the removal of a row: `changed`: something else is held by now, so that it is left alone; an error where the target refuses it. */
export type Removal = 'removed' | 'changed' | SluiceError;

/** A row that its latest record did not put right, since somebody else gave it a version. */
export type Forced = {
  readonly record: SinkRecord;
  /** The version that the next record of its partition gets: none that is written here may come up to it. */
  readonly before: bigint;
};

/** What a target computes from the rows that it holds, such as a view: the keys whose rows are not as they would be if they were computed now. */
export type Derived = {
  readonly name: string;
  readonly rows: number;
  readonly differences: readonly {
    readonly kind: 'missing' | 'extra' | 'changed';
    readonly key: readonly string[];
    /** Null where nothing was to be repaired. */
    readonly repaired: boolean | null;
  }[];
};

/**
 * What a sink offers so that its target can be compared to the tables it comes from. One owner; it has connections of its own, beside the
 * tasks'. Looking changes nothing in the target.
 */
export interface SinkVerification extends AsyncDisposable {
  /** Why this sink's target cannot be compared as it is configured; null where it can. */
  readonly refusal: string | null;
  /**
   * Looks at the rows of these records; null for a record that asks nothing of the target. Each is held against its own record, whatever others
   * say of the same row.
   */
  look(records: readonly SinkRecord[], rules: FieldRules, abort: AbortSignal): Promise<readonly (Look | null)[]>;
  /** The names of all rows of a container, in batches of at most `max`. */
  ids(container: string, max: number, abort: AbortSignal): AsyncIterable<readonly string[]>;
  /** Digests of those of these rows that are there, by their names. */
  held(container: string, ids: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /**
   * Removes rows beside the live flow, so that nothing newer is lost: only those that are held as they were looked at (`held`), and of which `confirm`
   * says, by index, that the log has nothing newer. A target that can have the live flow wait asks that while it waits. Answers one outcome a row,
   * in their order.
   */
  remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]>;
  /**
   * Of a target with versions that others may raise: writes rows whatever version they have there, unless they change meanwhile. Answers one outcome a
   * row (`removed`: what stood in the way is gone, and the row is written).
   */
  force?(rows: readonly Forced[], abort: AbortSignal): Promise<readonly Removal[]>;
  /**
   * Of a target that computes something from rows of these topics: compares that, and with `repair` computes anew what differs. Rejects BAD_REQUEST where
   * more than `max` keys of one differ.
   */
  derived?(
    topics: ReadonlySet<string>,
    request: { readonly repair: boolean; readonly max: number },
    abort: AbortSignal,
  ): Promise<readonly Derived[]>;
}
