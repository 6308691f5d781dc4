import type { MeasuredSource } from '../../src/contract/index.ts';
import type { EventCounts } from './event-counts.ts';
import type { FilteredCounts } from './record-options.ts';

/** What is told of a source beside what it reads: its counts, and its database's log. */
export type SourceWatch = Required<Pick<MeasuredSource, 'measure'>> &
  Pick<MeasuredSource, 'giveUp'> & {
    readonly events: EventCounts;
    /** null: this database's server leaves out by itself what is not to be published. */
    readonly filtered: FilteredCounts | null;
  };
