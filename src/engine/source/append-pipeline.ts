import {
  crashPoint,
  type JsonObject,
  type LogWriter,
  type SerializedBatch,
  type SluiceError,
  type SourceOffset,
  toSluiceError,
} from '../../contract/index.ts';

/** Records, offsets and what to tell about them, on their way into the log as one atomic unit. */
export type Unit = {
  readonly records: SerializedBatch | null;
  readonly bytes: number;
  readonly offsets: readonly SourceOffset[];
  readonly recordsByTopic: ReadonlyMap<string, number>;
  readonly committedAtMs: number | null;
  /** What is to stand last in topics, once the unit is durable (`InternalRecord.end`). */
  readonly ends?: ReadonlyMap<string, string>;
};

/** Bytes of records handed to the log and not yet durable; reading waits beyond it (invariant 6). */
const bytesInFlightMax = 32 * 1024 * 1024;

/**
 * Keeps the log busy without letting it fall behind: units go out in order, a few at a time, and are reported durable in that order.
 * The first failure ends it: later units are not sent.
 */
export class AppendPipeline {
  readonly #writer: LogWriter;
  readonly #onDurable: (unit: Unit) => void;
  readonly #onFailure: () => void;
  #unitsInFlight = 0;
  #bytesInFlight = 0;
  #failure: SluiceError | null = null;
  #waiting: (() => void)[] = [];

  constructor(writer: LogWriter, onDurable: (unit: Unit) => void, onFailure: () => void) {
    this.#writer = writer;
    this.#onDurable = onDurable;
    this.#onFailure = onFailure;
  }

  get idle(): boolean {
    return this.#unitsInFlight === 0;
  }

  /** Hands a unit to the log, once there is room. Throws the failure of an earlier one. */
  async append(unit: Unit): Promise<void> {
    for (;;) {
      this.#check();
      const room = this.#writer.room();
      if (room !== null) await room;
      else if (this.#bytesInFlight >= bytesInFlightMax) await this.#progress();
      else break;
    }
    this.#unitsInFlight++;
    this.#bytesInFlight += unit.bytes;
    this.#writer.append({ records: unit.records, offsets: unit.offsets }).then(
      () => {
        this.#settled(unit);
        // After a failure the order is broken: what follows must not be reported.
        if (!this.#failure) this.#onDurable(unit);
        this.#wake();
      },
      error => {
        this.#settled(unit);
        this.#failure ??= toSluiceError(error);
        this.#onFailure();
        this.#wake();
      },
    );
    crashPoint('unit-handed-over');
  }

  /** Waits until everything handed over is durable. Throws the first failure. */
  async drain(): Promise<void> {
    while (this.#unitsInFlight > 0) await this.#progress();
    this.#check();
  }

  #settled(unit: Unit): void {
    this.#unitsInFlight--;
    this.#bytesInFlight -= unit.bytes;
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
  }

  #progress(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The last offset of each partition: what a unit of several batches has to store. */
export class PendingOffsets {
  readonly #byPartition = new Map<string, SourceOffset>();
  /** Sources share their partition objects, so their text is made once. */
  readonly #texts = new WeakMap<JsonObject, string>();

  add(offsets: readonly SourceOffset[]): void {
    for (const offset of offsets) {
      let text = this.#texts.get(offset.partition);
      if (text === undefined) {
        text = JSON.stringify(offset.partition);
        this.#texts.set(offset.partition, text);
      }
      this.#byPartition.set(text, offset);
    }
  }

  take(): readonly SourceOffset[] {
    const offsets = [...this.#byPartition.values()];
    this.#byPartition.clear();
    return offsets;
  }

  get empty(): boolean {
    return this.#byPartition.size === 0;
  }
}
