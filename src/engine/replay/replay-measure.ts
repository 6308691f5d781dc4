import { hashLimit, LatestKeys } from './latest-keys.ts';
import { readRanges } from './read-ranges.ts';
import { type Amount, amountOf, type ReplayWork, scanningOf, sum } from './replay-work.ts';
import { scanLatest } from './scan-latest.ts';

/** What a replay would send: reads the log as the replay would, and sends nothing. */
export async function measureReplay(work: ReplayWork, abort: AbortSignal): Promise<Amount> {
  const made = work.plan.createBeside(work.services.context);
  await using sink = made.sink;
  const scanning = await scanningOf(work, made);
  let total: Amount = { records: 0, bytes: 0 };
  if (sink.holdsState === true) {
    for (let floor = 0; floor < hashLimit; ) {
      const keys = new LatestKeys({ floor, ceiling: hashLimit });
      const unkeyed = await scanLatest(keys, scanning, abort);
      total = sum(total, amountOf(keys));
      if (floor === 0) total = sum(total, unkeyed);
      floor = keys.ceiling;
    }
    return total;
  }
  for await (const { records } of readRanges(work.services.log, work.replay.ranges, abort))
    for (const record of records)
      if (scanning.wanted.has(record)) total = sum(total, { records: 1, bytes: (record.key?.length ?? 0) + (record.value?.length ?? 0) });
  return total;
}
