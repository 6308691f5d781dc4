import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';
import type { SystemIdentity } from './replication.ts';

/**
 * Where the stream is (invariant 1). Debezium's own offset cannot tell rows apart that share an LSN; ours counts the messages of the
 * transaction instead, before any filter, so that the count does not depend on the connector's options.
 */
export type StreamPosition = {
  /** Everything before it is durable: the server may free its log up to here, and streaming starts again here. */
  readonly confirmedLsn: bigint;
  /** The transaction begun and how many of its messages are done; null between transactions. */
  readonly partial: { readonly commitLsn: bigint; readonly messages: number } | null;
  /** Of the last message read. */
  readonly lsn: bigint;
  /** End of the last transaction read; for `source.sequence`. */
  readonly lastCommitLsn: bigint | null;
  readonly txId: number | null;
  /** Microseconds since 1970: commit time of the last transaction read. */
  readonly timestampUs: bigint;
};

/** What an offset of Debezium's says of the transaction it stands in: everything up to a message at this LSN was published. */
export type TakenOver = { readonly txId: number; readonly lsn: bigint };

/** An offset as it was stored, by us or by Debezium. */
export type StoredPosition = {
  /** null: Debezium's own; streaming starts where the slot is, behind what `skipCommitsBefore` and `taken` say. */
  readonly position: StreamPosition | null;
  /** Transactions committed before it were read whole: known from Debezium's offsets too. */
  readonly skipCommitsBefore: bigint;
  /** Set of Debezium's own. */
  readonly taken: TakenOver | null;
  readonly snapshotCompleted: boolean;
  readonly identity: SystemIdentity | null;
  readonly lastCommitLsn: bigint | null;
  /** All of it: the transaction metadata has keys of its own in it. */
  readonly offset: JsonObject;
};

/** The partition of all offsets of a connector, as Debezium names it. */
export function serverPartition(topicPrefix: string): JsonObject {
  return { server: topicPrefix };
}

const bigintOf = (value: unknown): bigint | null => (typeof value === 'number' ? BigInt(value) : null);

/** The offset for a position: Debezium's keys (PostgresOffsetContext), with ours beside them, which its loader does not ask for. */
export function positionOffset(partition: JsonObject, position: StreamPosition, identity: SystemIdentity, extra: JsonObject): SourceOffset {
  const { confirmedLsn, partial, lsn, lastCommitLsn, txId, timestampUs } = position;
  // Debezium, taking over, takes an event at the stored LSN for done, and what follows in its transaction for the first one that is not: but a row
  // of the next transaction may begin at the very byte behind the last commit, between others (its WalPositionLocator). One byte before what
  // is confirmed no event begins, and every commit it has to read lies behind. A transaction of which a part is published comes whole again.
  const lastRead = lastCommitLsn === null ? null : (confirmedLsn > lastCommitLsn ? confirmedLsn : lastCommitLsn) - 1n;
  const shownLsn = lastRead ?? lsn;
  return {
    partition,
    offset: {
      ts_usec: Number(timestampUs),
      ...(txId === null ? {} : { txId }),
      lsn: Number(shownLsn),
      lsn_proc: Number(shownLsn),
      ...(lastRead === null ? {} : { lsn_commit: Number(lastRead) }),
      ...extra,
      ...(lastCommitLsn === null ? {} : { sluice_last_commit_lsn: Number(lastCommitLsn) }),
      sluice_confirmed_lsn: Number(confirmedLsn),
      ...(partial === null ? {} : { sluice_commit_lsn: Number(partial.commitLsn), sluice_messages: partial.messages }),
      sluice_system_id: identity.systemId,
      sluice_timeline: identity.timeline,
    },
  };
}

/** The keys an offset has while the initial snapshot is under way, and once it is complete. */
export function snapshotKeys(completed: boolean): JsonObject {
  return { snapshot: 'INITIAL', last_snapshot_record: completed, snapshot_completed: completed };
}

/** Reads what was stored. */
export function readPosition(offset: JsonObject): StoredPosition {
  const lastCommitLsn = bigintOf(offset['sluice_last_commit_lsn']) ?? bigintOf(offset['lsn_commit']);
  const confirmedLsn = bigintOf(offset['sluice_confirmed_lsn']);
  const commitLsn = bigintOf(offset['sluice_commit_lsn']);
  const messages = offset['sluice_messages'];
  const timeline = offset['sluice_timeline'];
  const systemId = offset['sluice_system_id'];
  return {
    position:
      confirmedLsn === null
        ? null
        : {
            confirmedLsn,
            partial: commitLsn === null || typeof messages !== 'number' ? null : { commitLsn, messages },
            lsn: bigintOf(offset['lsn']) ?? confirmedLsn,
            lastCommitLsn,
            txId: typeof offset['txId'] === 'number' ? offset['txId'] : null,
            timestampUs: bigintOf(offset['ts_usec']) ?? 0n,
          },
    skipCommitsBefore: commitLsn ?? confirmedLsn ?? lastCommitLsn ?? 0n,
    taken: confirmedLsn === null ? takenOver(offset) : null,
    // Older Debezium offsets have last_snapshot_record only; streaming ones have no snapshot key at all.
    snapshotCompleted:
      offset['snapshot'] === undefined ||
      offset['snapshot'] === false ||
      offset['snapshot_completed'] === true ||
      offset['last_snapshot_record'] === true,
    identity: typeof systemId === 'string' && typeof timeline === 'number' ? { systemId, timeline } : null,
    lastCommitLsn,
    offset,
  };
}

/** Without an offset that tells a position of its own streaming starts where the slot is. */
export function slotPosition(lsn: bigint, stored: StoredPosition | null): StreamPosition {
  return { confirmedLsn: lsn, partial: null, lsn, lastCommitLsn: stored?.lastCommitLsn ?? null, txId: null, timestampUs: 0n };
}

/** What need not be streamed again: transactions before a commit, and a part of the next. */
export function readBefore(stored: StoredPosition | null): Pick<StoredPosition, 'skipCommitsBefore' | 'taken'> {
  return { skipCommitsBefore: stored?.skipCommitsBefore ?? 0n, taken: stored?.taken ?? null };
}

function takenOver({ lsn, txId }: JsonObject): TakenOver | null {
  const at = bigintOf(lsn);
  return at === null || typeof txId !== 'number' ? null : { txId, lsn: at };
}

/** How far the server may free its log, once this offset is durable; null where the offset says nothing of it. */
export function confirmedLsnOf({ offset }: SourceOffset): bigint | null {
  return offset === null ? null : bigintOf(offset['sluice_confirmed_lsn']);
}
