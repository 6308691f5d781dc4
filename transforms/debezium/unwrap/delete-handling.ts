/** What ExtractNewRecordState makes of deletes and of the tombstones after them. */
export type DeleteHandling = {
  readonly keepsTombstones: boolean;
  /**
   * `drop`; `null`: a null value under the row's schema; `tombstone`: a null value without schema; `rewrite`: the row as it was, with
   * `__deleted` (which other records then carry too).
   */
  readonly deletes: 'drop' | 'null' | 'tombstone' | 'rewrite';
};

/** Values of `delete.tombstone.handling.mode` (Debezium 2.5 and later). */
export const handlingModes = ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'] as const;

/** Values of `delete.handling.mode` (up to Debezium 2.7). */
export const legacyHandlingModes = ['drop', 'rewrite', 'none'] as const;

const modes: Readonly<Record<(typeof handlingModes)[number], DeleteHandling>> = {
  drop: { keepsTombstones: false, deletes: 'drop' },
  tombstone: { keepsTombstones: false, deletes: 'null' },
  rewrite: { keepsTombstones: false, deletes: 'rewrite' },
  'rewrite-with-tombstone': { keepsTombstones: true, deletes: 'rewrite' },
  'delete-to-tombstone': { keepsTombstones: false, deletes: 'tombstone' },
};

/** By Debezium's DefaultDeleteHandlingStrategy. */
export function deleteHandling(mode: (typeof handlingModes)[number]): DeleteHandling {
  return modes[mode];
}

/** By Debezium 2.7's LegacyDeleteHandlingStrategy: what the options of 1.x meant. */
export function legacyDeleteHandling(mode: (typeof legacyHandlingModes)[number], dropTombstones: boolean): DeleteHandling {
  return { keepsTombstones: !dropTombstones, deletes: mode === 'none' ? 'null' : mode };
}
