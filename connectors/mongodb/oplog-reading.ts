import { type MongoClient, MongoServerError, type Timestamp } from 'mongodb';
import type { DatabaseReading, JsonValue, SourceOffset } from '../../src/contract/index.ts';
import { type ClusterTime, tokenTime } from './cluster-time.ts';
import { readPosition, type StreamPosition } from './position.ts';

/** An oplog as it was when asked; null: this user, or this server (mongos), does not show it. */
export type OplogFigures = {
  readonly oldest: ClusterTime | null;
  readonly newest: ClusterTime | null;
  readonly sizeBytes: number | null;
  readonly sizeBytesMax: number | null;
  /** Why it is not shown. */
  readonly hidden: string | null;
};

/** Asks the server that the client talks to. */
export async function oplogFigures(client: MongoClient, abort: AbortSignal): Promise<OplogFigures> {
  try {
    const [oldest, newest] = [await entryTime(client, 1, abort), await entryTime(client, -1, abort)];
    const sizes = await client
      .db('local')
      .command({ collStats: 'oplog.rs' })
      .catch(() => ({}) as Record<string, unknown>);
    return { oldest, newest, sizeBytes: bytesOf(sizes['size']), sizeBytesMax: bytesOf(sizes['maxSize']), hidden: null };
  } catch (error) {
    // A server that is there and refuses; whoever is away is found out by the driver's other errors.
    if (!(error instanceof MongoServerError)) throw error;
    return { oldest: null, newest: null, sizeBytes: null, sizeBytesMax: null, hidden: error.codeName ?? String(error.code ?? 'refused') };
  }
}

async function entryTime(client: MongoClient, order: 1 | -1, signal: AbortSignal): Promise<ClusterTime | null> {
  const entries = client.db('local').collection<{ ts: Timestamp }>('oplog.rs');
  const entry = await entries.findOne({}, { sort: { $natural: order }, projection: { ts: 1 }, signal });
  return entry === null ? null : { seconds: entry.ts.getHighBitsUnsigned(), increment: entry.ts.getLowBitsUnsigned() };
}

function bytesOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** What the figures say of a connector whose offset of the stream this is. Pure. */
export function oplogReading(
  { oldest, newest, sizeBytes, sizeBytesMax, hidden }: OplogFigures,
  stored: SourceOffset | null,
  before: DatabaseReading | null,
  atMs: number,
): DatabaseReading {
  const found = stored?.offset ? readPosition(stored.offset) : null;
  const place = found === null ? null : placeOf(found.position);
  return {
    atMs,
    end: newest === null ? null : [newest.seconds, newest.increment],
    completeToMs: found?.snapshotCompleted && place !== null ? completeTo(place, newest, before, atMs) : null,
    lagBytes: null,
    logBytes: sizeBytes,
    logLimitBytes: sizeBytesMax,
    headroomBytes: null,
    headroomSeconds: place === null || oldest === null ? null : Math.max(0, place.seconds - oldest.seconds),
    windowSeconds: oldest === null || newest === null ? null : newest.seconds - oldest.seconds,
    slotWalStatus: null,
    warnings:
      hidden === null ? [] : [`The oplog cannot be looked at (${hidden}): grant read on local to know its headroom; mongos has none.`],
    givingUp: null,
  };
}

/** Everything before a stream's place has been looked at. */
function completeTo(place: ClusterTime, newest: ClusterTime | null, before: DatabaseReading | null, atMs: number): number {
  if (newest !== null && !isBefore(place, newest)) return atMs;
  const end = timeOf(before?.end ?? null);
  const passed = before !== null && end !== null && !isBefore(place, end) ? before.atMs : 0;
  return Math.max(passed, place.seconds * 1000);
}

/** The cluster time of a stream's place: that of its last change, or what an idle stream's token holds; null where neither says. */
function placeOf({ clusterTime, token }: StreamPosition): ClusterTime | null {
  return clusterTime ?? (token === null ? null : tokenTime(token));
}

function isBefore(a: ClusterTime, b: ClusterTime): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.increment < b.increment);
}

function timeOf(json: JsonValue): ClusterTime | null {
  if (!Array.isArray(json)) return null;
  const [seconds, increment]: readonly unknown[] = json;
  return typeof seconds === 'number' && typeof increment === 'number' ? { seconds, increment } : null;
}
