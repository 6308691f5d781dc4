import type { Header, Schema } from '../../src/contract/index.ts';
import type { ColumnRule } from './column-rules.ts';
import type { Operation } from './envelope.ts';
import type { EventCounts } from './event-counts.ts';
import type { MessageKeys } from './message-keys.ts';
import type { NameAdjuster } from './name-adjustment.ts';
import type { ColumnDefinition, TableId } from './table.ts';
import type { TopicNaming } from './topic-naming.ts';

/** Changes that a configured rule kept from being published: counted, so that none vanishes in silence (invariant 5). */
export type FilteredCounts = {
  /** By `skipped.operations`. */
  skipped: number;
  /** By `skip.messages.without.change`. */
  unchanged: number;
};

/** How a task makes records of changes: one object a task, shared by its tables. */
export type RecordOptions = {
  readonly topics: TopicNaming;
  readonly schemaName: NameAdjuster;
  readonly fieldName: NameAdjuster;
  /** Of the `source` block. */
  readonly sourceSchema: Schema;
  /** `column.include.list`, `column.exclude.list`. They say nothing of keys. */
  includesColumn(id: TableId, column: ColumnDefinition): boolean;
  /** Masks, hashes, truncation and propagated types, in the order in which they are tried. They leave keys as they are. */
  readonly columnRules: readonly ColumnRule[];
  readonly messageKeys: MessageKeys;
  readonly tombstonesOnDelete: boolean;
  readonly skippedOperations: ReadonlySet<Operation>;
  readonly skipMessagesWithoutChange: boolean;
  /** Of every record of a table; the same array for all. */
  readonly headers: readonly Header[];
  readonly filtered: FilteredCounts;
  readonly events: EventCounts;
};
