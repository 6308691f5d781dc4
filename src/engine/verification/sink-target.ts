import {
  type EventLog,
  type FieldRules,
  type LogRecord,
  type Look,
  matchesWhole,
  type Removal,
  type ReplayedStates,
  recordVersion,
  type Sink,
  type SinkBatch,
  type SinkVerification,
  SluiceError,
  type SurplusRow,
  type TopicPartition,
} from '../../contract/index.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';
import type { PublishedRow, RecordPath } from './record-path.ts';
import { everyField } from './row-digest.ts';
import { idsAtOnce, type Newer, unlessAborted, type VerificationTarget } from './target.ts';
import { type Places, placeIn } from './topic-reading.ts';

/** How often a target that is away is asked again, and how long is waited in between. */
const attemptsMax = 20;
const attemptMs = 500;

export type SinkTargetParts = {
  readonly name: string;
  readonly log: EventLog;
  readonly plan: SinkPlan;
  readonly path: RecordPath;
  readonly verification: SinkVerification;
  /** For what is sent again. */
  readonly sink: Sink;
  /** Of a partition that the sink's tasks have. */
  eraOf(partition: TopicPartition): number;
  /** Resolves when the source is past a position and the sink has applied what its topics held by then. */
  waited(position: string, topic: string | null): Promise<unknown>;
  readonly pause: Pause;
};

/** The target of a sink. */
export class SinkTarget implements VerificationTarget {
  readonly #parts: SinkTargetParts;
  #topics: readonly string[] = [];
  #rules: FieldRules = everyField;
  /** By topic, where its rows are; null: nowhere, or not known. */
  readonly #containers = new Map<string, string | null>();

  constructor(parts: SinkTargetParts) {
    this.#parts = parts;
  }

  require(): void {
    const { name, verification } = this.#parts;
    if (verification.refusal !== null)
      throw new SluiceError('BAD_REQUEST', `What the sink ${name} has written cannot be compared: ${verification.refusal}.`);
  }

  async begin(topics: readonly string[], rules: FieldRules): Promise<void> {
    [this.#topics, this.#rules] = [topics, rules];
  }

  takes(topic: string): boolean {
    const { topics } = this.#parts.plan;
    return topics instanceof RegExp ? matchesWhole(topics)(topic) : topics.includes(topic);
  }

  async look(rows: readonly PublishedRow[], abort: AbortSignal): Promise<readonly (Look | null)[]> {
    const asked = rows.flatMap(({ record }, index) => (record === null ? [] : [{ record, index }]));
    const looks = new Array<Look | null>(rows.length).fill(null);
    const { verification } = this.#parts;
    const found = await verification.look(
      asked.map(({ record }) => record),
      this.#rules,
      abort,
    );
    for (const [at, { index }] of asked.entries()) looks[index] = found[at] ?? null;
    return looks;
  }

  async passed(position: string, abort: AbortSignal): Promise<void> {
    const [only, ...more] = this.#topics;
    await unlessAborted(this.#parts.waited(position, more.length === 0 && only !== undefined ? only : null), abort);
  }

  ids(container: string, abort: AbortSignal): AsyncIterable<readonly string[]> {
    return this.#parts.verification.ids(container, idsAtOnce, abort);
  }

  held(container: string, ids: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return this.#parts.verification.held(container, ids, abort);
  }

  async otherFeeders(container: string, topics: readonly string[], abort: AbortSignal): Promise<readonly string[]> {
    const all = await this.#parts.log.describeTopics();
    const others = all.map(({ topic }) => topic).filter(topic => this.takes(topic) && !topics.includes(topic));
    const feeders: string[] = [];
    for (const topic of others) {
      if (!this.#containers.has(topic)) this.#containers.set(topic, await this.containerOf(topic, abort));
      if (this.#containers.get(topic) === container) feeders.push(topic);
    }
    return feeders;
  }

  /** By the first record of the topic that is of a row. */
  async containerOf(topic: string, abort: AbortSignal): Promise<string | null> {
    const { log, path, verification } = this.#parts;
    for await (const records of log.read({ topics: [topic], from: 'start', follow: false }, abort)) {
      const received = records.flatMap(record => path.received(record, 0n) ?? []);
      const look = (await verification.look(received, this.#rules, abort)).find(one => one !== null);
      if (look !== undefined) return look?.container ?? null;
    }
    return null;
  }

  async resend(records: readonly LogRecord[], newer: Newer, abort: AbortSignal): Promise<ReadonlyMap<number, SluiceError>> {
    const { path, plan, sink, eraOf } = this.#parts;
    const sent = records.flatMap((origin, index) => {
      const record = path.received(origin, recordVersion(eraOf(origin), origin.offset));
      return record === null ? [] : [{ record, origin, index }];
    });
    const superseded: ReplayedStates['superseded'] = async asked => {
      const found = await newer(sent.map(({ origin }) => origin));
      const origins = new Map(sent.map(({ record, origin }) => [record, origin]));
      return new Set(asked.flatMap(({ record }) => (found.has(origins.get(record)!) ? [record] : [])));
    };
    const batch: SinkBatch = {
      records: sent.map(({ record }) => record),
      mode: 'replay',
      consumed: null,
      states: { group: plan.group, superseded },
    };
    const { failed } = await this.#patiently(() => sink.write(batch, abort), abort);
    return new Map(failed.map(({ index, error }) => [sent[index]!.index, error]));
  }

  async force(records: readonly LogRecord[], ends: Places, abort: AbortSignal): Promise<ReadonlyMap<number, SluiceError> | null> {
    const { path, verification, eraOf } = this.#parts;
    if (verification.force === undefined) return null;
    const rows = records.flatMap((origin, index) => {
      const era = eraOf(origin);
      const record = path.received(origin, recordVersion(era, origin.offset));
      const end = placeIn(ends, origin);
      return record === null || end === null ? [] : [{ record, before: recordVersion(era, end), index }];
    });
    const outcomes = await verification.force(rows, abort);
    return new Map(rows.flatMap(({ index }, at) => (outcomes[at] instanceof SluiceError ? [[index, outcomes[at]] as const] : [])));
  }

  async derived(topics: ReadonlySet<string>, request: { readonly repair: boolean; readonly max: number }, abort: AbortSignal) {
    return (await this.#parts.verification.derived?.(topics, request, abort)) ?? [];
  }

  remove(rows: readonly SurplusRow[], confirm: () => Promise<ReadonlySet<number>>, abort: AbortSignal): Promise<readonly Removal[]> {
    return this.#parts.verification.remove(rows, confirm, abort);
  }

  /** The live flow, and a target that is away for a moment, are waited for. */
  async #patiently<T>(work: () => Promise<T>, abort: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof SluiceError) || error.retry !== 'backoff' || attempt >= attemptsMax || abort.aborted) throw error;
      }
      await this.#parts.pause(attemptMs, abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.verification[Symbol.asyncDispose]();
    await this.#parts.sink[Symbol.asyncDispose]();
  }
}
