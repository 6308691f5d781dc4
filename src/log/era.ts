/** Eras a topic can have: what a version of 63 bits has left above offsets of 44. */
export const eraLimit = 2 ** 19;
const firstMs = Date.UTC(2026, 0, 1);
const unitMs = 20 * 60_000;

/**
 * The era of a topic that has been made, made again or given more partitions: above the one before, and in any case as many thirds of an hour as
 * have gone by since 2026. So versions rise also where what was remembered of earlier eras is lost with the log: a target that outlived it would
 * take every new record for an old one otherwise.
 */
export function nextEra(before: number | null, nowMs: number): number {
  const byClock = Math.floor((nowMs - firstMs) / unitMs);
  return Math.min(eraLimit - 1, Math.max(0, byClock, before === null ? 0 : before + 1));
}
