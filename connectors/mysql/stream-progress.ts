import type { MysqlFlavor } from './binlog/dump.ts';
import type { EventHeader } from './binlog/events.ts';
import { MysqlGtidSet } from './gtid.ts';
import { MariadbGtidSet } from './mariadb-gtid.ts';
import type { BinlogPosition } from './position.ts';

type GtidSet = MysqlGtidSet | MariadbGtidSet;

function parseGtids(flavor: MysqlFlavor, text: string): GtidSet {
  return flavor === 'mysql' ? MysqlGtidSet.parse(text) : MariadbGtidSet.parse(text);
}

/**
 * Follows the stream's transactions: what of them was done before a restart, and where streaming begins again once everything read so far is
 * durable. Pure: no clock, no I/O. What is read again until the place of the restart changes nothing.
 */
export class StreamProgress {
  #file: string;
  #position: number;
  #gtids: GtidSet | null;
  #gtidsText: string | null;
  #serverId: number;
  #timestampSeconds: number | null;
  /** What of a transaction was done before the restart, until that transaction comes. */
  #owed: BinlogPosition['partial'];
  #open = false;
  #gtid: string | null = null;
  /** Rows and statements of the transaction that have come. */
  #steps = 0;
  #skipSteps = 0;

  constructor(flavor: MysqlFlavor, start: BinlogPosition) {
    this.#file = start.file;
    this.#position = start.position;
    this.#gtids = start.gtids === null ? null : parseGtids(flavor, start.gtids);
    this.#gtidsText = start.gtids;
    this.#serverId = start.serverId;
    this.#timestampSeconds = start.timestampSeconds;
    this.#owed = start.partial;
  }

  /** A transaction is being read. */
  get open(): boolean {
    return this.#open;
  }

  /** Of the transaction being read, or read last. */
  get gtid(): string | null {
    return this.#gtid;
  }

  /** Any event: the server's number and the time go into offsets. */
  at({ serverId, timestamp }: EventHeader): void {
    if (serverId !== 0) this.#serverId = serverId;
    if (timestamp !== 0) this.#timestampSeconds = timestamp;
  }

  /** `header` is that of its first event. */
  begin(gtid: string | null, { file, position }: EventHeader): void {
    this.#open = true;
    this.#gtid = gtid;
    this.#file = file;
    this.#position = position;
    this.#steps = 0;
    this.#skipSteps = 0;
    if (this.#owed !== null && (this.#owed.gtid === null || this.#owed.gtid === gtid)) {
      this.#skipSteps = this.#owed.steps;
      this.#owed = null;
    }
  }

  /** Counts a row or a statement of the transaction, before any filter; false where it was done before the restart. */
  step(): boolean {
    return ++this.#steps > this.#skipSteps;
  }

  /** So many rows that nobody asks for. */
  pass(rows: number): void {
    this.#steps += rows;
  }

  /** `header` is that of its last event. */
  end({ file, nextPosition }: EventHeader): void {
    this.#file = file;
    this.#position = nextPosition;
    if (this.#open && this.#gtid !== null && this.#gtids !== null) {
      this.#gtids = this.#gtids.with(this.#gtid);
      this.#gtidsText = null;
    }
    this.#open = false;
  }

  /** Between transactions: everything before the header's next position has come. */
  reach({ file, nextPosition }: EventHeader): void {
    if (this.#open) return;
    this.#file = file;
    this.#position = nextPosition;
  }

  /** Where streaming begins again when everything so far is durable. */
  get position(): BinlogPosition {
    this.#gtidsText ??= this.#gtids?.toString() ?? null;
    const done = Math.max(this.#steps, this.#skipSteps);
    return {
      file: this.#file,
      position: this.#position,
      gtids: this.#gtidsText,
      // One that is owed still comes first: what stands before it is done again if need be.
      partial: this.#owed ?? (this.#open && done > 0 ? { gtid: this.#gtid, steps: done } : null),
      serverId: this.#serverId,
      timestampSeconds: this.#timestampSeconds,
    };
  }
}
