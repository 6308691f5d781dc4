import {
  eraOf,
  type LogRecord,
  offsetOf,
  type Retry,
  recordVersion,
  type Sink,
  type SinkRecord,
  SluiceError,
  type TopicPartition,
  toSluiceError,
} from '../../contract/index.ts';
import type { BesideServices } from '../sink/beside-services.ts';
import type { FailedRecord } from '../sink/dead-letter.ts';
import type { Gathered } from '../sink/sink-batch.ts';
import { SinkConversion } from '../sink/sink-conversion.ts';
import { type DeliveryPlan, deliver, tolerate } from '../sink/sink-delivery.ts';
import { SinkOutput } from '../sink/sink-output.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import type { ConversionPlan } from '../sink/sink-task-plan.ts';

/** The task under which a replay appends dead letters and what handlers publish: no task has this number, so that it fences none. */
const replayTask = 999_998;

/** What a replay has done. */
export type ReplayCounts = { records: number; bytes: number; filtered: number; skipped: number; deadLetters: number };

/** Whether a later record of a record's key is known, as far as an offset of its partition. */
export type Superseded = (record: LogRecord, upTo: bigint) => Promise<boolean>;

/**
 * Brings a replay's records to a sink of its own, beside the live tasks: converters, transforms, error policy and dead letters are the
 * connector's. One owner; disposing ends the sink.
 */
export class ReplaySender implements AsyncDisposable {
  readonly #sink: Sink;
  readonly #delivery: DeliveryPlan;
  readonly #conversion: SinkConversion;
  readonly #output: SinkOutput;
  readonly #group: string;
  readonly #eraOf: (partition: TopicPartition) => number;
  readonly counts: ReplayCounts;
  /** What is tried again just now. */
  retry: Retry | null = null;

  constructor(
    connector: string,
    plan: SinkPlan,
    made: { readonly sink: Sink; readonly conversion: ConversionPlan },
    { log, logger, clock, pause, random }: BesideServices,
    eraOf: (partition: TopicPartition) => number,
    counts: ReplayCounts,
  ) {
    [this.#sink, this.#group, this.#eraOf, this.counts] = [made.sink, plan.group, eraOf, counts];
    this.#conversion = new SinkConversion(made.conversion);
    const observer = {
      started() {},
      retrying: (retry: Retry | null) => {
        this.retry = retry;
      },
      durable() {},
      filtered() {},
      skipped: () => {
        this.counts.skipped++;
      },
      consuming() {},
      deadLettered() {},
    };
    this.#delivery = { errors: plan.errors, observer, logger, clock, retryDelayMsMax: plan.retryDelayMsMax, pause, random };
    const writer = { producerOverrides: plan.producerOverrides, transactional: true };
    const id = { connector, task: replayTask };
    this.#output = new SinkOutput({ id, ...made.conversion, errors: plan.errors, writer, log, observer });
  }

  /**
   * Resolves when all of the records are durable in the target or accounted for; a target that is away is waited for. Rejects GivenUp once aborted,
   * and with the SluiceError that the connector's error policy does not tolerate. `superseded`: of a replay of states; null of one of effects.
   */
  async send(records: readonly LogRecord[], superseded: Superseded | null, abort: AbortSignal): Promise<void> {
    const gathered: Gathered[] = [];
    const failed: FailedRecord[] = [];
    let filtered = 0;
    for (const record of records) {
      const version = recordVersion(this.#eraOf(record), record.offset);
      try {
        const converted = this.#conversion.convert(record, version);
        if (converted === null) filtered++;
        else gathered.push({ record: converted, origin: record });
      } catch (thrown) {
        failed.push({ record, version, ...this.#conversion.failedAt(thrown), error: toSluiceError(thrown) });
      }
    }
    for (const one of failed) tolerate(one, this.#delivery);
    const states = superseded === null ? {} : { states: { group: this.#group, superseded: knower(gathered, superseded) } };
    const bounds = { interrupt: abort, abort };
    const delivered =
      gathered.length === 0
        ? { publish: [], failed: [] }
        : await deliver(this.#sink, gathered, { mode: 'replay', consumed: null, ...states }, this.#delivery, null, bounds);
    for (const one of delivered.failed) tolerate(one, this.#delivery);
    const letters = this.#delivery.errors.deadLetters === null ? [] : [...failed, ...delivered.failed];
    if (letters.length > 0 || delivered.publish.length > 0) await this.#output.append(delivered.publish, letters, null, abort);
    const { counts } = this;
    counts.records += records.length;
    counts.filtered += filtered;
    counts.deadLetters += letters.length;
    for (const { key, value } of records) counts.bytes += (key?.length ?? 0) + (value?.length ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output[Symbol.asyncDispose]();
    await this.#sink[Symbol.asyncDispose]();
  }
}

function knower(gathered: readonly Gathered[], superseded: Superseded) {
  const origins = new Map<SinkRecord, LogRecord>(gathered.map(({ record, origin }) => [record, origin]));
  return async (asked: readonly { readonly record: SinkRecord; readonly upTo: bigint }[]): Promise<ReadonlySet<SinkRecord>> => {
    const found = new Set<SinkRecord>();
    for (const { record, upTo } of asked) {
      const origin = origins.get(record);
      if (origin === undefined) throw new SluiceError('INTERNAL', 'A sink asked about a record that is not of its batch.');
      const [era, reached] = [eraOf(record.version), eraOf(upTo)];
      // Under a later era the topic has been made again since.
      if (reached > era || (reached === era && (await superseded(origin, offsetOf(upTo))))) found.add(record);
    }
    return found;
  };
}
