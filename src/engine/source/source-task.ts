import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectRecord, InternalRecord, Retry, SourceBatch } from '../../contract/index.ts';
import { crashPoint, SluiceError, type TopicSpec, toSluiceError } from '../../contract/index.ts';
import { BatchSerializer } from '../batch-serializer.ts';
import { AppendPipeline, PendingOffsets, type Unit } from './append-pipeline.ts';
import { internalTopicSpec, internalTopics, writeEnds } from './internal-topics.ts';
import { recordText } from './record-text.ts';
import type { SourceTaskPlan } from './source-task-plan.ts';

/** A unit goes to the log at this size even where the log is still busy with earlier ones (and did not name another). */
export const unitBytesMax = 1024 * 1024;
const unitRecordsMax = 4096;
/** How long a task that ends waits for what is written behind its transactions: a log that is away may take minutes to answer. */
const endsMsMax = 5_000;

/**
 * Runs one source task: source, transforms, converters, log. Resolves when aborted (with everything that was read and handed to the
 * log durable) or when the source has finished; rejects with the SluiceError that stopped it. Offsets become durable with the records they
 * cover (invariant 1), and only then the source hears of it (invariant 2).
 */
export async function runSourceTask(plan: SourceTaskPlan, abort: AbortSignal): Promise<void> {
  await using source = plan.source;
  const onRetry = (retry: Retry | null) => plan.observer.retrying(retry);
  await using writer = await plan.log.writer(plan.id, plan.writer, abort, onRetry);
  crashPoint('writer-opened');
  plan.observer.started();
  const task = new SourceTask(plan, writer.unitBytes ?? unitBytesMax);
  // A failed append ends the reading too, also of a source that waits for its next change.
  const failed = new AbortController();
  let ended: Promise<void> | null = null;
  const pipeline = new AppendPipeline(
    writer,
    unit => {
      crashPoint('unit-durable');
      source.commit(unit.offsets);
      crashPoint('unit-acknowledged');
      const { ends } = unit;
      if (ends !== undefined && plan.writer.transactional)
        ended = (ended ?? Promise.resolve()).then(() => writeEnds(plan.log, ends, plan.logger));
      plan.observer.durable({
        records: unit.records?.count ?? 0,
        bytes: unit.bytes,
        recordsByTopic: unit.recordsByTopic,
        commitLagMs: unit.committedAtMs === null ? null : plan.clock.nowMs() - unit.committedAtMs,
      });
      // The log has nothing to do: what gathered meanwhile need not wait for the next batch.
      if (pipeline.idle && !task.reading) void flush().catch(() => failed.abort());
    },
    () => failed.abort(),
  );
  const flush = async () => {
    const unit = task.take();
    if (unit) await pipeline.append(unit);
  };
  try {
    for await (const batch of source.read(writer.offsets, AbortSignal.any([abort, failed.signal]), internalTopics(plan.log))) {
      task.reading = true;
      const topics = task.add(batch);
      if (topics.length > 0) {
        crashPoint('topics-unknown');
        await plan.log.ensureTopics(topics, abort, onRetry);
        crashPoint('topics-created');
      }
      if (pipeline.idle || task.full) await flush();
      task.reading = false;
    }
    await flush();
  } catch (error) {
    // What was appended before the fault is durable or not by its own right; wait, so that the next owner finds it settled.
    await pipeline.drain().catch(() => {});
    throw toSluiceError(error);
  }
  await pipeline.drain();
  if (ended !== null) await Promise.race([ended, delay(endsMsMax, undefined, { ref: false })]);
}

/** What is between the source and the log: records transformed and serialized, not yet handed over. */
class SourceTask {
  readonly #plan: SourceTaskPlan;
  readonly #unitBytes: number;
  readonly #serializer: BatchSerializer;
  readonly #offsets = new PendingOffsets();
  readonly #knownTopics = new Set<string>();
  #newTopics: string[] = [];
  #newInternalTopics: string[] = [];
  #ends: Map<string, string> | null = null;
  #recordsByTopic = new Map<string, number>();
  #committedAtMs: number | null = null;
  /** A batch is being worked on: it must go out whole, with its offsets. */
  reading = false;

  constructor(plan: SourceTaskPlan, unitBytes: number) {
    this.#plan = plan;
    this.#unitBytes = unitBytes;
    this.#serializer = new BatchSerializer(plan);
  }

  get full(): boolean {
    return this.#serializer.bytes >= this.#unitBytes || this.#serializer.count >= unitRecordsMax;
  }

  /** Takes a batch in; answers the topics that were not seen before and may have to be created. */
  add(batch: SourceBatch): readonly TopicSpec[] {
    const { transform, observer } = this.#plan;
    let filtered = 0;
    for (const record of batch.records) {
      try {
        const mapped = transform === null ? record : transform(record);
        if (mapped === null) filtered++;
        else this.#serialize(mapped);
      } catch (error) {
        this.#tolerate(toSluiceError(error), record);
      }
    }
    if (filtered > 0) observer.filtered(filtered);
    if (batch.internal !== undefined) for (const record of batch.internal) this.#addInternal(record);
    this.#offsets.add(batch.offsets);
    this.#committedAtMs = batch.committedAtMs ?? this.#committedAtMs;
    const topics = this.#newTopics.map(topic => this.#plan.topicSpec(topic)).filter(spec => spec !== null);
    topics.push(...this.#newInternalTopics.map(internalTopicSpec));
    this.#newTopics = [];
    this.#newInternalTopics = [];
    return topics;
  }

  #serialize(record: ConnectRecord): void {
    const failure = this.#serializer.add(record);
    if (failure) throw failure.error;
    const { topic } = record;
    if (!this.#knownTopics.has(topic)) {
      this.#knownTopics.add(topic);
      this.#newTopics.push(topic);
    }
    this.#recordsByTopic.set(topic, (this.#recordsByTopic.get(topic) ?? 0) + 1);
  }

  #addInternal(record: InternalRecord): void {
    this.#serializer.addInternal(record);
    if (record.end !== undefined) {
      this.#ends ??= new Map();
      this.#ends.set(record.topic, record.end);
    }
    if (this.#knownTopics.has(record.topic)) return;
    this.#knownTopics.add(record.topic);
    this.#newInternalTopics.push(record.topic);
  }

  #tolerate(error: SluiceError, record: ConnectRecord): void {
    const { errors, observer, logger } = this.#plan;
    if (errors.tolerance === 'none' || error.retry !== 'record')
      throw new SluiceError(error.code, `${error.message} (topic ${record.topic})`, { cause: error });
    if (errors.logEnable) {
      const shown = errors.logIncludeMessages
        ? { topic: record.topic, key: recordText(record.key), value: recordText(record.value) }
        : { topic: record.topic };
      logger.error({ ...shown, code: error.code }, `A record was skipped (errors.tolerance=all): ${error.message}`);
    }
    observer.skipped(error);
  }

  /** Everything gathered, as one unit; null where there is nothing. */
  take(): Unit | null {
    if (this.#serializer.count === 0 && this.#offsets.empty) return null;
    const bytes = this.#serializer.bytes;
    const unit = {
      records: this.#serializer.count > 0 ? this.#serializer.finish() : null,
      bytes,
      offsets: this.#offsets.take(),
      recordsByTopic: this.#recordsByTopic,
      committedAtMs: this.#committedAtMs,
      ...(this.#ends !== null && { ends: this.#ends }),
    };
    this.#ends = null;
    this.#recordsByTopic = new Map();
    this.#committedAtMs = null;
    return unit;
  }
}
