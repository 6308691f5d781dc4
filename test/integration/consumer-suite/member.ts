import type {
  AssignedPartition,
  ConsumerEvent,
  ConsumerOptions,
  EventLog,
  LogConsumer,
  LogRecord,
  PartitionOffset,
  SluiceError,
} from '../../../src/contract/index.ts';
import { until } from '../../support/until.ts';

export type MemberOptions = Partial<ConsumerOptions> & Pick<ConsumerOptions, 'group' | 'topics'>;

/** What a member does with records beside keeping them. */
export type OnRecords = (records: readonly LogRecord[], member: Member) => Promise<void> | void;

const nothing: OnRecords = () => {};

/** Commits what came, as a sink does whose writes take no time. */
export const commitAll: OnRecords = (records, member) => member.consumer.commit(nextOf(records));

/** By partition, the offset behind the last of these records. */
export function nextOf(records: readonly LogRecord[]): readonly PartitionOffset[] {
  const next = new Map<string, PartitionOffset>();
  for (const { topic, partition, offset } of records) next.set(`${partition} ${topic}`, { topic, partition, offset: offset + 1n });
  return [...next.values()];
}

/** A member of a group that keeps everything it is told. */
export class Member implements AsyncDisposable {
  readonly consumer: LogConsumer;
  readonly told: ConsumerEvent[] = [];
  readonly records: LogRecord[] = [];
  owned: readonly AssignedPartition[] = [];
  generation = 0;
  failure: SluiceError | null = null;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;

  constructor(log: EventLog, options: MemberOptions, onRecords: OnRecords = nothing) {
    this.consumer = log.consumer({
      reset: 'earliest',
      bufferBytesMax: 8 << 20,
      recordsMax: 500,
      ...options,
      overrides: { 'heartbeat.interval.ms': '100', ...options.overrides },
    });
    this.#running = this.#run(onRecords).catch((error: unknown) => {
      this.failure = error as SluiceError;
    });
  }

  async #run(onRecords: OnRecords): Promise<void> {
    for await (const event of this.consumer.events(this.#abort.signal)) {
      this.told.push(event);
      if (event.type === 'assigned') {
        this.owned = event.partitions;
        this.generation = event.generation;
      } else if (event.type === 'revoked') this.owned = [];
      else {
        this.records.push(...event.records);
        await onRecords(event.records, this);
      }
    }
  }

  get values(): readonly (string | null)[] {
    return this.records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()));
  }

  get assignments(): number {
    return this.told.filter(({ type }) => type === 'assigned').length;
  }

  /** Waits for a state of the member; what it failed with ends the wait. */
  async until(what: string, condition: (member: Member) => boolean, timeoutMs = 60_000): Promise<this> {
    await until(
      () => {
        if (this.failure !== null) throw this.failure;
        return condition(this);
      },
      { what: `a member's ${what}`, timeoutMs },
    );
    return this;
  }

  untilCount(count: number): Promise<this> {
    return this.until(`${count} records (${this.records.length})`, member => member.records.length >= count);
  }

  /** Waits until its events have ended by themselves, and gives why. */
  async failed(): Promise<SluiceError> {
    await until(() => this.failure !== null, { what: 'the end of a consumer', timeoutMs: 60_000 });
    return this.failure!;
  }

  /** Stops reading; still a member. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    // What it does with its records may be held back by the test for longer.
    await this.consumer[Symbol.asyncDispose]();
  }
}
