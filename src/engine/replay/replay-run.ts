import { type LogRecord, SluiceError, type TopicPartition } from '../../contract/index.ts';
import { hashLimit, LatestKeys } from './latest-keys.ts';
import { LogTail } from './log-tail.ts';
import { type OffsetRange, partitionText, readRanges } from './read-ranges.ts';
import { ReplayPace } from './replay-pace.ts';
import { ReplaySender, type Superseded } from './replay-sender.ts';
import type { ReplayCheckpoint } from './replay-state.ts';
import { type Amount, amountOf, type MadeBeside, type ReplayWork, scanningOf, sum, wantedKeys } from './replay-work.ts';
import { RecordView, type Scanning, scanLatest } from './scan-latest.ts';

/** Most records that are sent in one go, and their bytes (the last record apart). */
const batchRecordsMax = 500;
const batchBytesMax = 4 * 1024 * 1024;
/** How often it is looked whether the sink has its partitions again. */
const lookMs = 100;

/** What a run is doing. */
export type ReplayPhase = 'waiting' | 'scanning' | 'sending';

/** One run of a replay, from its checkpoint to its end. `run` is called once. */
export class ReplayRun {
  readonly #work: ReplayWork;
  readonly #made: MadeBeside;
  readonly #sender: ReplaySender;
  readonly #pace: ReplayPace;
  readonly #positions: bigint[];
  #hashes: ReplayCheckpoint['hashes'];
  /** Called behind each batch. */
  readonly #onProgress: () => void;
  phase: ReplayPhase = 'waiting';
  /** What of the part of the keys that is being sent this run has to send, and what was sent before; null of effects, and while it is not known. */
  #part: { readonly left: Amount; readonly before: Amount } | null = null;
  /** When this run began to send, how much had been sent by then, and how much of the whole that was. */
  #since: { readonly atMs: number; readonly records: number; readonly done: number } | null = null;

  constructor(work: ReplayWork, onProgress: () => void) {
    this.#work = work;
    this.#onProgress = onProgress;
    const { connector, plan, replay, services } = work;
    const { clock, pause, context } = services;
    this.#made = plan.createBeside(context);
    this.#positions = [...replay.checkpoint.positions];
    this.#hashes = replay.checkpoint.hashes;
    this.#pace = new ReplayPace(replay.request.rate, () => clock.nowMs(), pause);
    this.#sender = new ReplaySender(connector, plan, this.#made, services, place => this.#eraOf(place), { ...replay.checkpoint.counts });
  }

  checkpoint(): ReplayCheckpoint {
    return { hashes: this.#hashes, positions: [...this.#positions], counts: { ...this.#sender.counts } };
  }

  /** What is tried again just now. */
  get retry() {
    return this.#sender.retry;
  }

  /** What is to be sent in all, where that is known: of states, and only where all keys fit into memory at once. */
  get total(): Amount | null {
    const isWhole = this.#hashes?.floor === 0 && this.#hashes.ceiling === hashLimit;
    return isWhole && this.phase === 'sending' && this.#part !== null ? sum(this.#part.before, this.#part.left) : null;
  }

  /** Records a second since this run began to send. */
  get recordsPerSecond(): number {
    if (this.#since === null) return 0;
    const seconds = (this.#nowMs() - this.#since.atMs) / 1000;
    return seconds <= 0 ? 0 : Math.round((this.#sender.counts.records - this.#since.records) / seconds);
  }

  /** When it will have ended, at the pace so far, in milliseconds since 1970; null where that cannot be told yet. */
  get endMs(): number | null {
    if (this.#since === null || this.phase !== 'sending') return null;
    const { atMs, done } = this.#since;
    const [now, elapsedMs] = [this.done, this.#nowMs() - atMs];
    if (now <= done || elapsedMs <= 0) return null;
    return Math.round(this.#nowMs() + (elapsedMs * (1 - now)) / (now - done));
  }

  /** How much of the whole is sent, from 0 to 1: by keys, or of effects by offsets. */
  get done(): number {
    const { floor, ceiling } = this.#hashes ?? { floor: 0, ceiling: hashLimit };
    if (this.phase !== 'sending') return this.#made.sink.holdsState ? floor / hashLimit : 0;
    if (this.#part === null) return this.#offsetsDone();
    const { left, before } = this.#part;
    const within = left.records === 0 ? 1 : Math.min(1, (this.#sender.counts.records - before.records) / left.records);
    return (floor + (ceiling - floor) * within) / hashLimit;
  }

  #offsetsDone(): number {
    const { ranges } = this.#work.replay;
    const span = ranges.reduce((all, { start, end }) => all + Number(end - start), 0);
    const passed = ranges.reduce((all, { start, end }, at) => all + Number(clamp(this.#positions[at]!, start, end) - start), 0);
    return span === 0 ? 1 : passed / span;
  }

  /**
   * Goes through with it. Rejects with the SluiceError that it failed with, and with whatever else once aborted; how far it has come by then is in
   * `checkpoint`.
   */
  async run(abort: AbortSignal): Promise<void> {
    await using sender = this.#sender;
    await this.#assigned(abort);
    if (this.#made.sink.holdsState) await this.#states(sender, abort);
    else await this.#effects(sender, abort);
  }

  /** Waits until the live tasks have all partitions: by then what the sink needs is made, and eras are known. */
  async #assigned(abort: AbortSignal): Promise<void> {
    const { replay, services, eraOf } = this.#work;
    for (;;) {
      abort.throwIfAborted();
      if (replay.ranges.every(range => eraOf(range) !== null)) return this.#requireEras();
      await services.pause(lookMs, abort);
    }
  }

  /** A topic that was made again holds other records at these offsets. */
  #requireEras(): void {
    const { replay, eraOf } = this.#work;
    for (const range of replay.ranges) {
      const era = eraOf(range);
      if (era !== null && era !== range.era)
        throw new SluiceError(
          'CONFLICT',
          `The topic ${range.topic} was made again, or got more partitions, since its replay was asked for.`,
          {
            remedy: 'Ask for the replay again.',
          },
        );
    }
  }

  async #effects(sender: ReplaySender, abort: AbortSignal): Promise<void> {
    const wanted = wantedKeys(this.#work);
    this.#beginToSend();
    const left = this.#work.replay.ranges.map((range, at) => ({ ...range, start: this.#positions[at]! }));
    await this.#sendAll(sender, left, record => wanted.has(record), null, abort);
  }

  /** Part by part of the keys: one part, unless there are more than memory may hold. */
  async #states(sender: ReplaySender, abort: AbortSignal): Promise<void> {
    this.#hashes ??= { floor: 0, ceiling: hashLimit };
    while (this.#hashes.floor < hashLimit) {
      const ceiling = await this.#statesOf(this.#hashes, sender, abort);
      for (const [at, { start }] of this.#work.replay.ranges.entries()) this.#positions[at] = start;
      this.#hashes = { floor: ceiling, ceiling: hashLimit };
    }
  }

  /** Sends one part of the keys. Answers where the next one begins. */
  async #statesOf(hashes: NonNullable<ReplayCheckpoint['hashes']>, sender: ReplaySender, abort: AbortSignal): Promise<number> {
    this.phase = 'scanning';
    const scanning = await scanningOf(this.#work, this.#made);
    const keys = new LatestKeys(hashes);
    const unkeyed = await scanLatest(keys, scanning, abort);
    const isFirst = keys.floor === 0;
    this.#hashes = { floor: keys.floor, ceiling: keys.ceiling };
    const { records, bytes } = sender.counts;
    const keyed = amountOf(keys, latest => latest.offset >= (this.#positions[this.#indexOf(latest)] ?? 0n));
    this.#part = { left: isFirst && records === 0 ? sum(keyed, unkeyed) : keyed, before: { records, bytes } };
    this.#beginToSend();
    const view = new RecordView(scanning);
    const isSent = (record: LogRecord) => {
      if (record.key !== null) return keys.isChosen(record);
      return isFirst && this.#isInRange(record) && scanning.wanted.has(record) && !view.isTruncation(record);
    };
    const tail = new LogTail(keys, scanning);
    const spans = this.#spans(scanning, keys, isFirst && unkeyed.records > 0);
    await this.#sendAll(sender, spans, isSent, (record, upTo) => tail.superseded(record, upTo, abort), abort);
    return keys.ceiling;
  }

  #isInRange(record: LogRecord): boolean {
    const range = this.#work.replay.ranges[this.#indexOf(record)];
    return range !== undefined && record.offset >= range.start && record.offset < range.end;
  }

  /** Of each partition from the first record that is sent to the last: what was sent before a restart is not sent again. */
  #spans(scanning: Scanning, keys: LatestKeys, withUnkeyed: boolean): readonly OffsetRange[] {
    const spans = new Map<string, { topic: string; partition: number; start: bigint; end: bigint }>();
    const widen = (topic: string, partition: number, start: bigint, end: bigint) => {
      const name = partitionText({ topic, partition });
      const known = spans.get(name);
      if (known === undefined) spans.set(name, { topic, partition, start, end });
      else {
        if (start < known.start) known.start = start;
        if (end > known.end) known.end = end;
      }
    };
    for (const { topic, partition, offset, deletion } of keys.records()) widen(topic, partition, deletion?.offset ?? offset, offset + 1n);
    if (withUnkeyed) for (const { topic, partition, start, end } of scanning.ranges) widen(topic, partition, start, end);
    return [...spans.values()].map(span => {
      const position = this.#positions[this.#indexOf(span)] ?? span.start;
      return position > span.start ? { ...span, start: position } : span;
    });
  }

  #beginToSend(): void {
    this.phase = 'sending';
    this.#since ??= { atMs: this.#nowMs(), records: this.#sender.counts.records, done: this.done };
  }

  /** Reads the ranges and sends what `isSent` of them, batch after batch. */
  async #sendAll(
    sender: ReplaySender,
    ranges: readonly OffsetRange[],
    isSent: (record: LogRecord) => boolean,
    superseded: Superseded | null,
    abort: AbortSignal,
  ): Promise<void> {
    let batch: LogRecord[] = [];
    let bytes = 0;
    const reached = new Map<number, bigint>();
    const most = this.#pace.batchRecords(batchRecordsMax);
    const flush = async () => {
      if (batch.length > 0) {
        await this.#pace.take(batch.length, abort);
        abort.throwIfAborted();
        this.#requireEras();
        await sender.send(batch, superseded, abort);
        [batch, bytes] = [[], 0];
      }
      for (const [at, offset] of reached) if (this.#positions[at]! < offset) this.#positions[at] = offset;
      reached.clear();
      this.#onProgress();
    };
    for await (const { range, records } of readRanges(this.#work.services.log, ranges, abort)) {
      const at = this.#indexOf(range);
      for (const record of records) {
        if (isSent(record)) {
          batch.push(record);
          bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
        }
        if (at >= 0) reached.set(at, record.offset + 1n);
        if (batch.length >= most || bytes >= batchBytesMax) await flush();
      }
      if (batch.length === 0) await flush();
    }
    await flush();
  }

  #indexOf({ topic, partition }: TopicPartition): number {
    return this.#work.replay.ranges.findIndex(range => range.topic === topic && range.partition === partition);
  }

  /** An era is a topic's: a key's latest record may lie in a partition of it that has no range. */
  #eraOf({ topic }: TopicPartition): number {
    const range = this.#work.replay.ranges.find(one => one.topic === topic);
    if (range === undefined) throw new SluiceError('INTERNAL', `A record of ${topic} is in no range of the replay.`);
    return range.era;
  }

  #nowMs(): number {
    return this.#work.services.clock.nowMs();
  }
}

function clamp(offset: bigint, start: bigint, end: bigint): bigint {
  return offset < start ? start : offset > end ? end : offset;
}
