import { setTimeout as delay } from 'node:timers/promises';
import type { LogView } from '../logs/log-view.ts';

/** Where the log was at a moment; `count` are offsets. */
export type Point = { readonly atMs: number; readonly count: number };

/** Far from the end a few questions a second; near it more, so that the end is known to some ten milliseconds. */
const farMs = 250;
const nearMs = 15;
/** With markers among the offsets the end is where nothing came for so long. */
const quietMs = 500;
/** How often the connector is asked whether it has failed. */
const checkMs = 2_000;

export type Expected = {
  readonly topic: string;
  readonly records: number;
  readonly stallMsMax: number;
  /** Throws where the connector has failed. */
  readonly check: () => Promise<unknown>;
};

/**
 * Follows the log from outside until the records are there: the points from the last one before the first record to the one at which the
 * last was seen. On Kafka, whose offsets count markers too, a reader must still count them.
 */
export async function follow(log: LogView, expected: Expected): Promise<readonly Point[]> {
  const { topic, records, stallMsMax, check } = expected;
  const now = () => performance.timeOrigin + performance.now();
  const points: Point[] = [{ atMs: now(), count: 0 }];
  const startedMs = now();
  let checkedMs = startedMs;
  for (;;) {
    const last = points.at(-1)!;
    const count = await log.end(topic);
    const point = { atMs: now(), count };
    if (count !== last.count) points.push(point);
    else if (count === 0) points[0] = point;
    if (count >= records && (log.countsRecordsOnly || point.atMs - points.at(-1)!.atMs > quietMs)) return points;
    if (point.atMs - checkedMs > checkMs) {
      await check();
      checkedMs = point.atMs;
    }
    const stalledMs = point.atMs - (count === 0 ? startedMs : points.at(-1)!.atMs);
    if (stalledMs > stallMsMax) throw new Error(`${topic} has ${count} of ${records} records, and none came for ${stallMsMax} ms`);
    await delay(pauseMs(points, records, point));
  }
}

/** Half of what it will take to the end at the pace so far, within the bounds. */
function pauseMs(points: readonly Point[], records: number, { atMs, count }: Point): number {
  if (count === 0) return nearMs * 2;
  if (count >= records) return nearMs;
  const first = points[1]!;
  if (count === first.count) return nearMs;
  const leftMs = ((records - count) * (atMs - first.atMs)) / (count - first.count);
  return Math.min(farMs, Math.max(nearMs, leftMs / 2));
}
