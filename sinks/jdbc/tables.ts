import type { Consumed, PartitionOffset, SinkAssignment, TopicPartition } from '../../src/contract/index.ts';
import type { BinaryForm } from '../sql/binary-form.ts';
import type { Dialect } from '../sql/column-types.ts';
import type { AppliedOffset, Owner, ReachedVersion } from '../sql/postgres-offsets.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import type { TargetType } from '../sql/target-type.ts';
import type { TableName } from './table-name.ts';

export type TableColumn = { readonly name: string; readonly type: TargetType };

/** `binary`: how the values cross that rows have for it; null: as text. */
export type WrittenColumn = TableColumn & { readonly binary: BinaryForm | null };

/** A record by its place and version. */
export type RefusedRecord = { readonly topic: string; readonly partition: number; readonly version: bigint };

/** A table as the catalog has it. */
export type FoundTable = {
  readonly name: TableName;
  /** By which the versions of its rows are kept. */
  readonly id: number;
  /** By name; without those that the database computes. */
  readonly columns: ReadonlyMap<string, TargetType>;
  readonly generated: ReadonlySet<string>;
  /** An identity that is always generated takes values only where it is told to. */
  readonly overriding: boolean;
};

/** Rows of one table and one set of columns, each key once. */
export type RowGroup = {
  readonly table: FoundTable;
  readonly columns: readonly WrittenColumn[];
  /** How many of the columns, from the first, are the key. */
  readonly keys: number;
  readonly rows: readonly ReducedRow[];
  readonly mode: 'insert' | 'upsert' | 'update';
  /** Whether rows have versions: those with a key of the row's own. */
  readonly versioned: boolean;
};

/** The tables of a target, with the versions of their rows and the offsets beside them. One owner. */
export interface Tables extends AsyncDisposable {
  readonly dialect: Dialect;
  /** Faults of a start: null, or what is missing. */
  check(abort: AbortSignal): Promise<void>;
  transaction<T>(doing: string, abort: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Does work that leaves nothing behind where it is refused (RECORD_REFUSED). Part of a transaction, as all below. */
  undoable(work: () => Promise<void>): Promise<void>;
  prepare(): Promise<void>;
  assign(assignment: SinkAssignment, owner: string): Promise<readonly PartitionOffset[]>;
  /** As `Sink.forgetOffsets`. */
  drop(group: string, partitions: readonly TopicPartition[] | null): Promise<void>;
  /**
   * The versions that the group's partitions have reached (none without a group), wherever its offsets have been set to since; and whether versions
   * have been kept by key, or records refused, since the tables are written.
   */
  state(group: string | null): Promise<{ readonly reached: readonly ReachedVersion[]; readonly tracked: boolean }>;
  /** The group's offsets, held until the transaction's end: the live flow waits with its next ones. */
  heldOffsets(group: string): Promise<readonly AppliedOffset[]>;
  /** `versions`: of the latest record applied, by `topic-partition`. */
  move(consumed: Consumed, owner: Owner, versions: ReadonlyMap<string, bigint>): Promise<void>;
  /** Which of these versions are of records that were refused and are still missing, as `topic-partition@version`. */
  refused(versions: readonly bigint[]): Promise<ReadonlySet<string>>;
  /** Notes what was refused, and what no longer is. */
  noteRefused(refused: readonly RefusedRecord[], written: readonly RefusedRecord[]): Promise<void>;
  /** Null where there is no such table. */
  find(name: TableName): Promise<FoundTable | null>;
  create(name: TableName, columns: readonly (TableColumn & { readonly isKey: boolean })[]): Promise<void>;
  addColumns(name: TableName, columns: readonly TableColumn[]): Promise<void>;
  /** Resolves when the rows are on their way; a later write is made ready meanwhile, and what comes after it takes effect behind it. */
  write(group: RowGroup): Promise<void>;
  /** Resolves when all that is on its way is done; rejects, once, with what it has failed with. */
  settle(): Promise<void>;
  /** Deletes the versions of at most so many rows that were deleted before a moment; answers how many. */
  prune(beforeMs: number, max: number): Promise<number>;
  /** Empties the table; rows older than the truncation do not come back. */
  truncate(table: FoundTable): Promise<void>;
}
