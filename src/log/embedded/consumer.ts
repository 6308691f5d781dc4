import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type Consumed,
  type ConsumerEvent,
  type ConsumerOptions,
  type LogConsumer,
  type LogRecord,
  type PartitionLag,
  type PartitionOffset,
  SluiceError,
  type TopicPartition,
} from '../../contract/index.ts';
import type { ConsumerSettings } from '../consumer-config.ts';
import { ConsumerCursors } from './consumer-cursors.ts';
import type { Assignment, ConsumerGroup, GroupMember } from './consumer-group.ts';
import type { Reader } from './reader.ts';

/** Bytes of one event: as reading blocks the thread, no more than one page of any other read. */
const eventBytesMax = 1024 * 1024;

/** What a consumer needs of its log. */
export type ConsumerParts = {
  readonly options: ConsumerOptions;
  readonly settings: ConsumerSettings;
  readonly group: ConsumerGroup;
  readonly reader: Reader;
  /** Calls back after each commit to the file; the answer ends it. */
  onCommitted(listener: () => void): () => void;
  commit(consumed: Consumed): Promise<void>;
  closed(consumer: EmbeddedConsumer): void;
};

/**
 * A member of a group on the embedded log. Nothing is read ahead: an event's records are read when it is asked for, so memory holds one event,
 * whatever `bufferBytesMax` would allow beyond that.
 */
export class EmbeddedConsumer implements LogConsumer, GroupMember {
  readonly id = `sluice-${randomUUID()}`;
  readonly #parts: ConsumerParts;
  readonly #wanted: (topic: string) => boolean;
  readonly #disposed = new AbortController();
  readonly #cursors: ConsumerCursors;
  #generation = 0;
  #busySinceMs: number | null = null;
  /** Something was committed, or the group has something to say. */
  #news = false;
  #paused = false;
  #wake: () => void = () => {};

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.#wanted = matcher(parts.options.topics);
    const { reset } = parts.settings;
    this.#cursors = new ConsumerCursors(parts.reader, parts.options.group, reset ?? parts.options.reset);
  }

  get strategy() {
    return this.#parts.settings.strategy;
  }

  get pollMsMax(): number {
    return this.#parts.settings.pollMsMax;
  }

  get busySinceMs(): number | null {
    return this.#busySinceMs;
  }

  wants(topic: string): boolean {
    return this.#wanted(topic);
  }

  wake(): void {
    this.#news = true;
    this.#wake();
  }

  async *events(abort: AbortSignal): AsyncGenerator<ConsumerEvent> {
    const ended = AbortSignal.any([abort, this.#disposed.signal]);
    const onEnd = () => this.wake();
    ended.addEventListener('abort', onEnd, { once: true });
    const stopListening = this.#parts.onCommitted(() => this.wake());
    try {
      while (!ended.aborted) {
        const assignment = await this.#assignment(ended);
        if (assignment === null) return;
        yield* this.#handedOver(this.#assigned(assignment));
        for (;;) {
          const records = await this.#nextRecords(ended);
          if (ended.aborted) return;
          if (records === null) break;
          yield* this.#handedOver({ type: 'records', records });
        }
        const lost = !this.#parts.group.holds(this);
        if (lost) this.#generation = 0;
        const partitions = this.#cursors.partitions();
        yield* this.#handedOver({ type: 'revoked', partitions, lost });
        this.#cursors.clear();
      }
    } finally {
      this.#busySinceMs ??= performance.now();
      stopListening();
      ended.removeEventListener('abort', onEnd);
    }
  }

  async commit(next: readonly PartitionOffset[]): Promise<void> {
    if (next.length > 0) await this.#parts.commit(this.consumed(next));
  }

  consumed(next: readonly PartitionOffset[]): Consumed {
    this.#requireOwned(next);
    return { group: this.#parts.options.group, member: this.id, generation: this.#generation, next };
  }

  async seek(to: readonly PartitionOffset[]): Promise<void> {
    this.#requireOwned(to);
    this.#cursors.seek(to);
    this.wake();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.wake();
  }

  lag(): readonly PartitionLag[] {
    return this.#cursors.lag();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed.signal.aborted) return;
    this.#disposed.abort();
    this.#cursors.clear();
    this.#parts.group.leave(this);
    this.#parts.closed(this);
  }

  *#handedOver(event: ConsumerEvent): Generator<ConsumerEvent> {
    this.#busySinceMs = performance.now();
    yield event;
    this.#busySinceMs = null;
  }

  /** Null once ended. */
  async #assignment(ended: AbortSignal): Promise<Assignment | null> {
    const leave = () => this.#parts.group.leave(this);
    ended.addEventListener('abort', leave, { once: true });
    try {
      return await this.#parts.group.nextAssignment(this);
    } catch (thrown) {
      if (ended.aborted) return null;
      throw thrown;
    } finally {
      ended.removeEventListener('abort', leave);
    }
  }

  #assigned({ generation, partitions, committed }: Assignment): ConsumerEvent {
    this.#generation = generation;
    return { type: 'assigned', partitions: this.#cursors.assign(partitions, committed), generation };
  }

  /** Null when the partitions are to be let go of, or lost. */
  async #nextRecords(ended: AbortSignal): Promise<readonly LogRecord[] | null> {
    const { options, settings, group } = this.#parts;
    // Others want the thread too.
    await turn();
    for (;;) {
      this.#news = false;
      if (ended.aborted || group.rebalancing || !group.holds(this)) return null;
      const bytesMax = Math.min(eventBytesMax, options.bufferBytesMax);
      const records = this.#paused ? [] : this.#cursors.next(settings.recordsMax ?? options.recordsMax, bytesMax);
      if (records.length > 0) return records;
      while (!this.#news) {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }

  #requireOwned(partitions: readonly TopicPartition[]): void {
    const foreign = partitions.find(partition => !this.#cursors.has(partition));
    if (foreign)
      throw new SluiceError(
        'FENCED',
        `Partition ${foreign.partition} of ${foreign.topic} is no longer this member’s of group ${this.#parts.options.group}.`,
        {
          remedy: 'The partition’s new owner goes on at the committed offset; nothing is lost.',
        },
      );
  }
}

/** Which topics the options name. */
function matcher(topics: ConsumerOptions['topics']): (topic: string) => boolean {
  if (topics instanceof RegExp) {
    const whole = new RegExp(`^(?:${topics.source})$`, topics.flags.replace(/[gy]/g, ''));
    return topic => whole.test(topic);
  }
  const names = new Set(topics);
  return topic => names.has(topic);
}
