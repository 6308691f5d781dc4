import type {
  AppendUnit,
  AssignedPartition,
  Consumed,
  ConsumerEvent,
  ConsumerOptions,
  EventLog,
  LogConsumer,
  LogRecord,
  LogWriter,
  PartitionLag,
  PartitionOffset,
} from '../../../src/contract/index.ts';

/** A log in memory with topics of one partition, and one consumer whose events the test gives. For what a sink's task does with a log, and no more. */
export class MemoryLog {
  readonly topics = new Map<string, LogRecord[]>();
  /** The group's offsets by topic. */
  readonly committed = new Map<string, bigint>();
  /** In their order: what was committed and what was appended. */
  readonly events: string[] = [];
  /** Taken by the next commits and appends, which fail with them. */
  readonly commitFailures: Error[] = [];
  readonly appendFailures: Error[] = [];
  consumer: MemoryConsumer | null = null;
  writers = 0;

  add(topic: string, records: readonly (readonly [key: string | null, value: string | null])[]): void {
    const log = this.topics.get(topic) ?? [];
    this.topics.set(topic, log);
    for (const [key, value] of records) {
      const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
      log.push({ topic, partition: 0, offset: BigInt(log.length), timestampMs: 1, key: bytes(key), value: bytes(value), headers: [] });
    }
  }

  /** The part of it that a task uses, as a log. */
  asLog(): EventLog {
    const log: Partial<EventLog> = {
      kind: 'memory',
      consumer: options => {
        this.consumer = new MemoryConsumer(this, options);
        return this.consumer;
      },
      ensureTopics: async specs => {
        for (const { topic } of specs) if (!this.topics.has(topic)) this.topics.set(topic, []);
      },
      describeTopics: async names =>
        (names ?? []).flatMap(topic => {
          const records = this.topics.get(topic);
          return records === undefined ? [] : [{ topic, partitions: [{ partition: 0, start: 0n, end: BigInt(records.length) }] }];
        }),
      groups: { offsets: async () => [], alterOffsets: async () => {}, remove: async () => {} },
      read: ({ topics }) => this.#read(topics),
      writer: async () => this.#writer(),
    };
    return log as EventLog;
  }

  async *#read(topics: readonly string[]): AsyncGenerator<readonly LogRecord[]> {
    for (const topic of topics) yield this.topics.get(topic) ?? [];
  }

  #writer(): LogWriter {
    this.writers++;
    return {
      offsets: [],
      append: async unit => this.#append(unit),
      room: () => null,
      async [Symbol.asyncDispose]() {},
    };
  }

  #append({ records, consumed }: AppendUnit): void {
    const failure = this.appendFailures.shift();
    if (failure !== undefined) throw failure;
    let at = 0;
    for (let index = 0; index < (records?.count ?? 0); index++) {
      const { slab, keyLengths, valueLengths, topics, topicIndexes, headerSets, headerIndexes, timestampsMs } = records!;
      const piece = (length: number) => {
        if (length < 0) return null;
        at += length;
        return Buffer.from(slab.subarray(at - length, at));
      };
      const topic = topics[topicIndexes[index]!]!;
      const log = this.topics.get(topic) ?? [];
      this.topics.set(topic, log);
      const [key, value] = [piece(keyLengths[index]!), piece(valueLengths[index]!)];
      const headers = headerSets[headerIndexes[index]!]!;
      log.push({ topic, partition: 0, offset: BigInt(log.length), timestampMs: timestampsMs[index]!, key, value, headers });
    }
    this.events.push(`append ${records?.count ?? 0}`);
    if (consumed !== undefined) this.commit(consumed.next);
  }

  commit(next: readonly PartitionOffset[]): void {
    for (const { topic, offset } of next) {
      this.committed.set(topic, offset);
      this.events.push(`commit ${topic} ${offset}`);
    }
  }
}

/** Gives the events it is told to, in their order. */
export class MemoryConsumer implements LogConsumer {
  readonly options: ConsumerOptions;
  readonly #log: MemoryLog;
  readonly #events: ConsumerEvent[] = [];
  readonly sought: PartitionOffset[] = [];
  /** Positions by topic. */
  readonly #positions = new Map<string, bigint>();
  #wake: () => void = () => {};
  /** Events that were asked for. */
  asked = 0;
  paused = false;
  disposed = false;

  constructor(log: MemoryLog, options: ConsumerOptions) {
    [this.#log, this.options] = [log, options];
  }

  /** Assigns partition 0 of these topics, where the group's offsets are. */
  assign(topics: readonly string[], era = 1): void {
    const partitions = topics.map(
      (topic): AssignedPartition => ({ topic, partition: 0, offset: this.#log.committed.get(topic) ?? 0n, era }),
    );
    for (const { topic, offset } of partitions) this.#positions.set(topic, offset);
    this.#give({ type: 'assigned', partitions, generation: 1 });
  }

  revoke(topics: readonly string[], lost = false): void {
    this.#give({ type: 'revoked', partitions: topics.map(topic => ({ topic, partition: 0 })), lost });
  }

  /** Gives out what there is of a topic from where the last call ended, `recordsMax` at a time. */
  deliver(topic: string, recordsMax = this.options.recordsMax): void {
    const log = this.#log.topics.get(topic) ?? [];
    let at = Number(this.#positions.get(topic) ?? 0n);
    while (at < log.length) {
      const records = log.slice(at, at + recordsMax);
      at += records.length;
      this.#give({ type: 'records', records });
    }
    this.#positions.set(topic, BigInt(at));
  }

  async *events(abort: AbortSignal): AsyncGenerator<ConsumerEvent> {
    abort.addEventListener('abort', () => this.#wake(), { once: true });
    while (!abort.aborted) {
      this.asked++;
      let event = this.#next();
      while (event === undefined && !abort.aborted) {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
        event = this.#next();
      }
      if (event !== undefined && !abort.aborted) yield event;
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#wake();
  }

  /** Records that were not handed out are nobody's once their partitions go. */
  #next(): ConsumerEvent | undefined {
    if (!this.paused) return this.#events.shift();
    const index = this.#events.findIndex(({ type }) => type !== 'records');
    return index < 0 ? undefined : this.#events.splice(0, index + 1).at(-1);
  }

  async commit(next: readonly PartitionOffset[]): Promise<void> {
    const failure = this.#log.commitFailures.shift();
    if (failure !== undefined) throw failure;
    this.#log.commit(next);
  }

  consumed(next: readonly PartitionOffset[]): Consumed {
    return { group: this.options.group, member: 'm', generation: 1, next };
  }

  async seek(to: readonly PartitionOffset[]): Promise<void> {
    this.sought.push(...to);
    for (const { topic, offset } of to) this.#positions.set(topic, offset);
  }

  lag(): readonly PartitionLag[] {
    return [...this.#positions].map(([topic, position]) => ({
      topic,
      partition: 0,
      position,
      records: BigInt(this.#log.topics.get(topic)?.length ?? 0) - position,
    }));
  }

  #give(event: ConsumerEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }
}
