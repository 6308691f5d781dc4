import type { ColumnValues } from './row-reader.ts';
import type { TargetType } from './target-type.ts';

/** A table, or a view, as SQL names it; without a schema it is where the session looks first. */
export type RelationName = { readonly schema: string | null; readonly table: string };

/** A table, or a view, as the catalog has it. */
export type ComparedTable = {
  readonly name: RelationName;
  /** By name; without those that the database computes. */
  readonly columns: ReadonlyMap<string, TargetType>;
  readonly generated: ReadonlySet<string>;
};

/** A column of rows that are held against a table's. */
export type ComparedColumn = {
  readonly name: string;
  readonly type: TargetType;
  readonly isKey: boolean;
  /** A JSON document: spaces in its text mean nothing, since a snapshot and a stream may write it differently. */
  readonly json: boolean;
  /** A moment as an ISO text, where it is one: zeros at the end of its fraction mean nothing. */
  readonly moment: boolean;
  /** False: what it holds is not looked at. */
  readonly compared: boolean;
};

/** A row as a table has it: its name, made of its key, and how it compares. */
export type FoundRow = {
  readonly id: string;
  readonly found: boolean;
  readonly same: boolean;
  /** A digest of all its columns; null where it is not there. */
  readonly held: string | null;
};

/**
 * What a verification asks of a target of tables. A row's name is a JSON array of its key's columns as texts, as the database itself writes them.
 * Nothing is changed but by `remove`. One owner.
 */
export interface ComparedTables extends AsyncDisposable {
  /** Null where there is no such table. */
  find(name: RelationName): Promise<ComparedTable | null>;
  /** Holds rows against the table; values that are undefined are not looked at. One answer a row. */
  compare(table: ComparedTable, columns: readonly ComparedColumn[], rows: readonly ColumnValues[]): Promise<readonly FoundRow[]>;
  /** The names of all rows, in the key's order. */
  ids(table: ComparedTable, key: readonly string[], max: number, abort: AbortSignal): AsyncIterable<readonly string[]>;
  /** Digests of those of these rows that are there. */
  held(table: ComparedTable, key: readonly string[], ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Does work in one transaction while the live flow of this group waits, behind what is to be confirmed for it. A target that has one writer at a
   * time has it confirmed just before.
   */
  holding<T>(group: string, abort: AbortSignal, confirm: () => Promise<T>, work: (confirmed: T) => Promise<void>): Promise<void>;
  /** Deletes rows; part of `holding`. */
  remove(table: ComparedTable, key: readonly string[], ids: readonly string[]): Promise<void>;
}
