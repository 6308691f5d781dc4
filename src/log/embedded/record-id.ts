/**
 * A record's row id holds its partition's id and its offset, so that a partition is one range of the table's own B-tree: appending is
 * writing at the end of a range, reading is walking along it, and no second index is kept.
 */
const offsetBits = 44n;

/** Offsets a partition can have: 1.7e13, five years of 100,000 records a second. */
export const offsetLimit = 2 ** 44;
/** Partitions that can ever be created: 524,288; ids of deleted ones are not used again. */
export const partitionIdLimit = 2 ** 19;

/** The row id of a partition's offset 0. Add the offset; the next partition's base ends the range. */
export function baseId(partitionId: number): bigint {
  return BigInt(partitionId) << offsetBits;
}
