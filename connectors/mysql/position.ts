import type { JsonObject, JsonValue, SourceOffset } from '../../src/contract/index.ts';

/**
 * Where streaming begins again (invariant 1): between two transactions, and, of the one that follows, how much of it is done. Debezium's own
 * offset counts a transaction's events, which another server may cut differently; ours counts its rows and statements, before any
 * filter, so that the count depends neither on the connector's options nor on the server.
 */
export type BinlogPosition = {
  readonly file: string;
  /** Behind the last event that is done, or where the transaction begins that is not. */
  readonly position: number;
  /** Every transaction that is done; null: the server has no GTIDs. */
  readonly gtids: string | null;
  /** Of the transaction begun: what is done of it; null between transactions. `gtid` null: it has none, and is the next one. */
  readonly partial: { readonly gtid: string | null; readonly steps: number } | null;
  readonly serverId: number;
  /** Seconds since 1970, of the last event read; null: none yet. */
  readonly timestampSeconds: number | null;
};

/** An offset as it was stored, by us or by Debezium. */
export type StoredPosition = {
  readonly position: BinlogPosition;
  readonly snapshotCompleted: boolean;
  /** All of it: the transaction metadata has keys of its own in it. */
  readonly offset: JsonObject;
};

/** The partition of all offsets of a connector, as Debezium names it. */
export function serverPartition(topicPrefix: string): JsonObject {
  return { server: topicPrefix };
}

/** A position as Debezium's offset has it (BinlogOffsetContext), with our keys beside it, which its loader does not ask for. */
export function offsetOf(position: BinlogPosition, extra: JsonObject = {}): JsonObject {
  const { file, position: pos, gtids, partial, serverId, timestampSeconds } = position;
  return {
    ...(serverId === 0 ? {} : { server_id: serverId }),
    ...(gtids === null || gtids === '' ? {} : { gtids }),
    file,
    pos,
    ...(timestampSeconds === null ? {} : { ts_sec: timestampSeconds }),
    ...extra,
    ...(partial === null ? {} : { sluice_steps: partial.steps, ...(partial.gtid === null ? {} : { sluice_gtid: partial.gtid }) }),
  };
}

export function positionOffset(partition: JsonObject, position: BinlogPosition, extra: JsonObject = {}): SourceOffset {
  return { partition, offset: offsetOf(position, extra) };
}

/** The keys an offset has while the initial snapshot is under way, and once it is complete. */
export function snapshotKeys(completed: boolean): JsonObject {
  return { snapshot: 'INITIAL', snapshot_completed: completed };
}

const number = (json: JsonValue | undefined): number => (typeof json === 'number' || typeof json === 'string' ? Number(json) : 0);
const text = (json: JsonValue | undefined): string | null => (typeof json === 'string' && json !== '' ? json : null);

/**
 * Reads what was stored. An offset of Debezium's in the middle of a transaction begins that transaction again: its rows may come twice, never
 * not at all. null: it names no binlog file.
 */
export function readPosition(offset: JsonObject): StoredPosition | null {
  const file = text(offset['file']);
  if (file === null) return null;
  const steps = number(offset['sluice_steps']);
  const snapshot = offset['snapshot'];
  return {
    position: {
      file,
      position: number(offset['pos']),
      gtids: text(offset['gtids'])?.replaceAll(/\s/g, '') ?? null,
      partial: steps > 0 ? { gtid: text(offset['sluice_gtid']), steps } : null,
      serverId: number(offset['server_id']),
      timestampSeconds: offset['ts_sec'] === undefined ? null : number(offset['ts_sec']),
    },
    snapshotCompleted:
      snapshot === undefined || snapshot === null || snapshot === false || snapshot === 'false' || offset['snapshot_completed'] === true,
    offset,
  };
}

/** `binlog.000009` before `binlog.000010`, and before `binlog.1000000`. */
export function compareFiles(a: string, b: string): number {
  const sequence = (file: string) => Number(file.slice(file.lastIndexOf('.') + 1));
  return sequence(a) - sequence(b);
}
