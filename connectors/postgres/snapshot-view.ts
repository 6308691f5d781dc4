import type { JsonObject } from '../../src/contract/index.ts';

/**
 * What a snapshot saw, by transaction visibility (PostgreSQL documentation, "Transaction ID and Snapshot Information Functions"): a
 * transaction before `xmin` is seen, one from `xmax` on is not, one in between is seen unless it was still running.
 */
export type SnapshotView = {
  readonly text: string;
  /** Where the log ended just after it was taken: a transaction whose commit stands behind that is not seen. */
  readonly takenAtLsn: bigint;
  readonly xmin: bigint;
  readonly xmax: bigint;
  readonly running: ReadonlySet<bigint>;
};

/** Reads `xmin:xmax:xip,xip...`, as pg_current_snapshot() writes it. Throws an Error for other text. */
export function parseSnapshotView(text: string, takenAtLsn: bigint): SnapshotView {
  const match = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/.exec(text);
  if (!match) throw new Error(`not a snapshot: ${text}`);
  const running = match[3] === '' ? [] : match[3]!.split(',').map(BigInt);
  return { text, takenAtLsn, xmin: BigInt(match[1]!), xmax: BigInt(match[2]!), running: new Set(running) };
}

/** As an offset holds it. */
export function writtenView({ text, takenAtLsn }: SnapshotView): JsonObject {
  return { snapshot: text, lsn: Number(takenAtLsn) };
}

/** Reads what `writtenView` wrote. */
export function readView({ snapshot, lsn }: JsonObject): SnapshotView {
  return parseSnapshotView(String(snapshot), BigInt(Number(lsn)));
}

/** How far a transaction's id lies behind the last one that a view knows of, by its 32 bits. */
function distanceBehind(view: SnapshotView, transactionId: number): number {
  return (transactionId - Number(view.xmax & 0xffffffffn)) | 0;
}

/** Ids that may be in use at once, with room to spare. */
const idsAtOnceMax = 10_000_000;

/** Whether an id is of a transaction so long past that its 32 bits look like those of one to come. */
export function isLongPast(view: SnapshotView, transactionId: number): boolean {
  return distanceBehind(view, transactionId) > idsAtOnceMax;
}

/** Whether a committed transaction is seen. The replication stream's ids have 32 bits: the epoch is taken from the view, which is near. */
export function sees(view: SnapshotView, transactionId: number): boolean {
  const id = view.xmax + BigInt(distanceBehind(view, transactionId));
  if (id < view.xmin) return true;
  return id < view.xmax && !view.running.has(id);
}
