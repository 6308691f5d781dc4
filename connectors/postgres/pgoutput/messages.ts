/**
 * What pgoutput tells, as the decoder hands it on. Formats: PostgreSQL documentation, "Logical Replication Message Formats".
 * LSNs are unsigned 64-bit numbers as bigint; times are microseconds since 1970.
 */
export type BeginMessage = {
  /** The LSN of the transaction's commit record. */
  readonly finalLsn: bigint;
  readonly commitTimestampMicros: bigint;
  readonly xid: number;
};

export type CommitMessage = {
  /** The LSN of the commit record itself: equals `finalLsn` of the transaction's begin. */
  readonly commitLsn: bigint;
  /** The LSN behind the commit record: what may be confirmed once the transaction is durable. */
  readonly endLsn: bigint;
  readonly commitTimestampMicros: bigint;
};

export type OriginMessage = { readonly lsn: bigint; readonly name: string };

/** pg_class.relreplident: default (primary key), nothing, full, a unique index. */
export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index';

export type RelationColumn = {
  readonly name: string;
  readonly typeOid: number;
  /** pg_attribute.atttypmod; -1: none. */
  readonly typeModifier: number;
  /** Part of the replica identity (with identity full: every column). */
  readonly key: boolean;
};

/** Sent before a table's first change in a connection and again whenever its definition has changed. */
export type RelationMessage = {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
};

/** A user-defined type of one of the following relation's columns. */
export type TypeMessage = { readonly oid: number; readonly schema: string; readonly name: string };

export type TruncateOptions = { readonly cascade: boolean; readonly restartIdentity: boolean };

/** pg_logical_emit_message. */
export type LogicalMessage = {
  readonly transactional: boolean;
  readonly lsn: bigint;
  readonly prefix: string;
  /** A view into the message that was decoded: copy it to keep it. */
  readonly content: Buffer;
};

/** Which part of the old row precedes an update's or delete's new one: the key's columns (the rest null), or the whole row. */
export type OldTupleKind = 'K' | 'O';

/**
 * Receives what `PgoutputDecoder.decode` reads, one call a message. Row messages are handed on undecoded: read their tuples with
 * `readTuple(message, offset, readers)` where they are wanted, so that a filtered table costs nothing.
 */
export type PgoutputHandler = {
  begin(message: BeginMessage): void;
  commit(message: CommitMessage): void;
  origin(message: OriginMessage): void;
  relation(message: RelationMessage): void;
  type(message: TypeMessage): void;
  insert(relationOid: number, message: Buffer, tupleOffset: number): void;
  /** `oldKind` null: no old tuple was sent (the key did not change), and `oldTupleOffset` is -1. */
  update(relationOid: number, message: Buffer, oldKind: OldTupleKind | null, oldTupleOffset: number, newTupleOffset: number): void;
  delete(relationOid: number, message: Buffer, oldKind: OldTupleKind, oldTupleOffset: number): void;
  truncate(relationOids: readonly number[], options: TruncateOptions): void;
  logicalMessage(message: LogicalMessage): void;
};
