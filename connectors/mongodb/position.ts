import { BSON } from 'mongodb';
import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';

/** Where the change stream is. A resume token names one event exactly, within a transaction too, so nothing has to be counted (invariant 1). */
export type StreamPosition = {
  /** The stream goes on behind it; null: at an operation time, before the first answer. */
  readonly token: Buffer | null;
  /** Of the last change; null where the position is that of an idle stream. */
  readonly clusterTime: { readonly seconds: number; readonly increment: number } | null;
  readonly lsid: string | null;
  readonly txnNumber: bigint | null;
};

export type StoredPosition = {
  readonly position: StreamPosition;
  readonly snapshotCompleted: boolean;
  /** All of it: the transaction metadata has keys of its own in it. */
  readonly offset: JsonObject;
};

/** The partition of all offsets of a connector, as Debezium names it. */
export function serverPartition(topicPrefix: string): JsonObject {
  return { server_id: topicPrefix };
}

/** The offset for a position, with Debezium's keys (MongoDbOffsetContext): its connector can go on from it, and this one from its own. */
export function positionOffset(partition: JsonObject, position: StreamPosition, snapshotRuns: boolean, extra: JsonObject): SourceOffset {
  const { token, clusterTime, lsid, txnNumber } = position;
  return {
    partition,
    offset: {
      sec: clusterTime?.seconds ?? -1,
      ord: clusterTime?.increment ?? -1,
      ...(snapshotRuns ? { initsync: true } : {}),
      ...(lsid === null ? {} : { lsid, txnNumber: Number(txnNumber ?? 0n) }),
      ...(token === null ? {} : { resume_token: token.toString('base64') }),
      ...extra,
    },
  };
}

/** A token as Debezium stores it: its document's bytes; before 2.2 the text in it. */
function readToken(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const isDocument = bytes.length >= 5 && bytes.readInt32LE(0) === bytes.length;
  return isDocument ? bytes : Buffer.from(BSON.serialize({ _data: text }));
}

/** Reads what was stored, by us or by Debezium. */
export function readPosition(offset: JsonObject): StoredPosition {
  const { sec, ord, lsid, txnNumber, resume_token: token, initsync } = offset;
  const timed = typeof sec === 'number' && typeof ord === 'number' && sec >= 0;
  return {
    position: {
      token: typeof token === 'string' ? readToken(token) : null,
      clusterTime: timed ? { seconds: sec, increment: ord } : null,
      lsid: typeof lsid === 'string' ? lsid : null,
      txnNumber: typeof txnNumber === 'number' ? BigInt(txnNumber) : null,
    },
    snapshotCompleted: initsync !== true && initsync !== 'true',
    offset,
  };
}
