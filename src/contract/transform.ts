import type { ConnectRecord } from './record.ts';

/**
 * A transform compiled from its config once: a pure function without I/O, clock or randomness. null drops the record.
 * Throws SluiceError TRANSFORM_FAILED for a record it cannot map; the task's error policy decides what follows.
 */
export type Transform = <R extends ConnectRecord>(record: R) => R | null;

/** A condition on a record, for a transform's `predicate` option. Pure as a transform is. */
export type Predicate = (record: ConnectRecord) => boolean;
