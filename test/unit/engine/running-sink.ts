import {
  type ConnectRecord,
  type PartitionOffset,
  type Sink,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  type Transform,
} from '../../../src/contract/index.ts';
import { runSinkTask } from '../../../src/engine/sink/sink-task.ts';
import type { ConsumingView, SinkErrorPolicy, SinkTaskPlan } from '../../../src/engine/sink/sink-task-plan.ts';
import { registry } from '../../../src/registry.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { MemoryLog } from './memory-log.ts';

const clock = { nowMs: () => 1_700_000_000_000, nowNs: () => 1_700_000_000_000_000_000n };

/** A sink that remembers what it was given, and does what the test says. */
export class ScriptedSink implements Sink {
  /** Values that are durable, in their order. */
  readonly written: string[] = [];
  readonly batches: (readonly string[])[] = [];
  readonly versions: bigint[] = [];
  /** The next writes fail with these. */
  readonly failures: Error[] = [];
  /** Values that are refused. */
  readonly refused = new Map<string, SluiceError>();
  /** What is published for a value. */
  publish: (value: string) => readonly ConnectRecord[] = () => [];
  /** While set, writes wait for it. */
  gate: Promise<void> | null = null;
  underWay = 0;
  writes = 0;
  disposed = false;
  assign?: NonNullable<Sink['assign']>;

  check = async () => [];

  /** Answers these places from now on when partitions are assigned. */
  keepsOffsets(places: readonly PartitionOffset[]): void {
    this.assign = async () => places;
  }

  async write({ records }: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    this.writes++;
    this.underWay++;
    try {
      if (this.gate !== null) await Promise.race([this.gate, ended(abort)]);
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
      const failed: { index: number; error: SluiceError }[] = [];
      const publish: ConnectRecord[] = [];
      for (const [index, { value, version }] of records.entries()) {
        const error = this.refused.get(String(value));
        if (error !== undefined) failed.push({ index, error });
        else {
          this.written.push(String(value));
          this.versions.push(version);
          publish.push(...this.publish(String(value)));
        }
      }
      this.batches.push(records.map(({ value }) => String(value)));
      return { publish, failed };
    } finally {
      this.underWay--;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }
}

async function ended(abort: AbortSignal): Promise<never> {
  await new Promise<void>(resolve => abort.addEventListener('abort', () => resolve(), { once: true }));
  throw new SluiceError('TARGET_UNAVAILABLE', 'The write was aborted.');
}

export const tolerant: SinkErrorPolicy = { tolerance: 'all', logEnable: false, logIncludeMessages: false, deadLetters: null };

/** A sink's task over a log in memory with topic `t`. Values and keys are texts. Stopped when disposed. */
export class RunningSink implements AsyncDisposable {
  readonly log = new MemoryLog();
  readonly sink = new ScriptedSink();
  readonly counts = { records: 0, filtered: 0, skipped: [] as SluiceError[], deadLetters: 0, retries: [] as string[] };
  readonly pauses: { readonly delayMs: number; end(): void }[] = [];
  view: ConsumingView | null = null;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #disposed = false;

  async start(changes: Partial<SinkTaskPlan> & { transform?: Transform } = {}): Promise<this> {
    const strings = await registry.load('converter', 'org.apache.kafka.connect.storage.StringConverter');
    const headers = await registry.load('header_converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter');
    const context = { connector: 'c', task: 0, logger: silentLogger, clock };
    const converter = strings.create(strings.spec.parse({}).config, context);
    const plan: SinkTaskPlan = {
      id: { connector: 'c', task: 0 },
      sink: this.sink,
      key: converter,
      value: converter,
      header: headers.create(headers.spec.parse({}).config, context),
      transform: null,
      classes: { key: 'K', value: 'V', header: 'H' },
      publishing: null,
      consumer: { group: 'connect-c', topics: ['t'], reset: 'earliest', recordsMax: 500, bufferBytesMax: 1 << 20, overrides: {} },
      limits: { recordsMax: 100, bytesMax: 1 << 20, lingerMs: 0 },
      errors: { ...tolerant, tolerance: 'none' },
      writer: { producerOverrides: {}, transactional: true },
      retryDelayMsMax: 60_000,
      log: this.log.asLog(),
      logger: silentLogger,
      clock,
      pause: (delayMs, abort) =>
        new Promise(resolve => {
          this.pauses.push({ delayMs, end: resolve });
          if (this.#disposed) resolve();
          abort.addEventListener('abort', () => resolve(), { once: true });
        }),
      random: () => 0,
      observer: {
        started() {},
        retrying: retry => this.counts.retries.push(retry === null ? 'over' : retry.error.code),
        durable: ({ records }) => {
          this.counts.records += records;
        },
        filtered: records => {
          this.counts.filtered += records;
        },
        skipped: error => this.counts.skipped.push(error),
        consuming: view => {
          this.view = view;
        },
        deadLettered: records => {
          this.counts.deadLetters += records;
        },
      },
      ...changes,
    };
    this.#running = runSinkTask(plan, this.#abort.signal);
    this.#running.catch(() => {});
    await until(() => this.log.consumer !== null, { what: 'the consumer to be made' });
    return this;
  }

  get consumer() {
    return this.log.consumer!;
  }

  /** Appends values, each its own key unless it says one (`key=value`), and gives them out. */
  send(...values: readonly string[]): void {
    this.add(...values);
    this.consumer.deliver('t');
  }

  add(...values: readonly string[]): void {
    this.log.add(
      't',
      values.map(value => (value.includes('=') ? [value.slice(0, value.indexOf('=')), value] : [value, value])),
    );
  }

  async committed(offset: number): Promise<void> {
    await until(() => this.log.committed.get('t') === BigInt(offset), { what: `offset ${offset} to be committed` });
  }

  /** Resolves when the task has ended, with what it failed with. */
  async failure(): Promise<unknown> {
    return this.#running.then(
      () => null,
      (error: unknown) => error,
    );
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    for (const { end } of this.pauses) end();
    this.#abort.abort();
    await this.#running.catch(() => {});
  }
}
