import type { StreamPosition, TakenOver } from './position.ts';

/**
 * Follows the stream's transactions: which messages were done before a restart, and what may be confirmed once everything read so far is
 * durable. Pure: no clock, no I/O. What is read again until the place of the restart changes nothing.
 */
export class StreamProgress {
  readonly #start: StreamPosition;
  readonly #skipCommitsBefore: bigint;
  /** The stream has come to where it was before the restart. */
  #reached: boolean;
  #confirmedLsn: bigint;
  #lastCommitLsn: bigint | null;
  #txId: number | null;
  #timestampUs: bigint;
  #lsn: bigint;
  /** The commit LSN of the transaction being read; null between transactions. */
  #commitLsn: bigint | null = null;
  #messages = 0;
  #skipMessages = 0;
  #skipped = false;
  /** Until the stream has come behind it. */
  #taken: TakenOver | null;

  /** Transactions committed before `skipCommitsBefore` were read whole; of the next one, that of `taken`, a part. */
  constructor(start: StreamPosition, skipCommitsBefore: bigint, taken: TakenOver | null = null) {
    this.#start = start;
    this.#taken = taken;
    this.#skipCommitsBefore = skipCommitsBefore;
    this.#reached = start.partial === null;
    this.#confirmedLsn = start.confirmedLsn;
    this.#lastCommitLsn = start.lastCommitLsn;
    this.#txId = start.txId;
    this.#timestampUs = start.timestampUs;
    this.#lsn = start.lsn;
  }

  /** The transaction being read was read whole before. */
  get skipped(): boolean {
    return this.#skipped;
  }

  /** Of the last transaction begun, also before the restart. */
  get txId(): number | null {
    return this.#txId;
  }

  get lastCommitLsn(): bigint | null {
    return this.#lastCommitLsn;
  }

  /** Commit time of the last transaction begun, in microseconds since 1970. */
  get timestampUs(): bigint {
    return this.#timestampUs;
  }

  /** A message at this LSN comes next. */
  at(lsn: bigint): void {
    this.#lsn = lsn;
  }

  begin(commitLsn: bigint, txId: number, timestampUs: bigint): void {
    this.#commitLsn = commitLsn;
    this.#messages = 0;
    this.#skipped = commitLsn < this.#skipCommitsBefore;
    const { partial } = this.#start;
    this.#skipMessages = partial?.commitLsn === commitLsn ? partial.messages : 0;
    if (this.#skipped) return;
    // Whatever comes first that is another transaction, the one taken over is done.
    if (this.#taken !== null && this.#taken.txId !== txId) this.#taken = null;
    this.#reached = true;
    this.#txId = txId;
    this.#timestampUs = timestampUs;
  }

  /**
   * Counts a message of the transaction, before any filter; false where it was done before the restart. `single`: it makes one record at most, so
   * that it cannot have been done by half.
   */
  message(single = true): boolean {
    if (this.#skipped || ++this.#messages <= this.#skipMessages) return false;
    return this.#taken === null || this.#behindTaken(this.#taken, single);
  }

  /**
   * Debezium's offset names the last message of which it published a record, by an LSN that the messages behind may share (of a COPY): the first
   * of these was published, of the others nobody knows, so they come (invariant 1: twice rather than never).
   */
  #behindTaken({ lsn }: TakenOver, single: boolean): boolean {
    if (this.#lsn < lsn) return false;
    this.#taken = null;
    return this.#lsn > lsn || !single;
  }

  /** `endLsn`: behind the commit record. */
  commit(endLsn: bigint): void {
    if (!this.#skipped) this.#lastCommitLsn = this.#lsn;
    this.#commitLsn = null;
    if (!this.#skipped) this.#taken = null;
    this.#skipped = false;
    this.#confirm(endLsn);
  }

  /** A message outside any transaction: no commit follows, and behind its first byte it is not sent again. */
  standalone(lsn: bigint): void {
    this.#lastCommitLsn = this.#lsn;
    this.#confirm(lsn + 1n);
  }

  /** Where the stream is when everything sent before `sentLsn` has been read. */
  position(sentLsn: bigint): StreamPosition {
    if (!this.#reached) return this.#start;
    const between = this.#commitLsn === null;
    if (between) this.#confirm(sentLsn);
    return {
      confirmedLsn: this.#confirmedLsn,
      partial: between || this.#skipped ? null : { commitLsn: this.#commitLsn!, messages: Math.max(this.#messages, this.#skipMessages) },
      lsn: this.#lsn > this.#start.lsn ? this.#lsn : this.#start.lsn,
      lastCommitLsn: this.#lastCommitLsn,
      txId: this.#txId,
      timestampUs: this.#timestampUs,
    };
  }

  #confirm(lsn: bigint): void {
    if (lsn > this.#confirmedLsn) this.#confirmedLsn = lsn;
  }
}
