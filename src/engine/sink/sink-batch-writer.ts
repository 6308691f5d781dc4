import { changedAtMs, crashPoint, type LogConsumer, lacksDocument, type Sink } from '../../contract/index.ts';
import type { OffsetCommits } from './offset-commits.ts';
import type { ParkedKeys } from './parked-keys.ts';
import type { GatheredBatch } from './sink-batch.ts';
import { type DeliveryBounds, deliver, tolerate } from './sink-delivery.ts';
import type { SinkOutput } from './sink-output.ts';
import type { OwnedPartitions } from './sink-partitions.ts';
import type { SinkTaskPlan } from './sink-task-plan.ts';

/** What a sink task's batches are written with. */
export type BatchWriting = {
  readonly plan: SinkTaskPlan;
  readonly sink: Sink;
  readonly consumer: LogConsumer;
  readonly output: SinkOutput;
  readonly partitions: OwnedPartitions;
  readonly commits: OffsetCommits;
  readonly parked: ParkedKeys | null;
};

/** Brings batches to the sink and accounts for them: what is durable, what failed, and the group's offset behind both (invariant 4). */
export class BatchWriter {
  readonly #with: BatchWriting;
  /** Topics with updates that came without their documents, which is told once. */
  readonly #lacking = new Set<string>();

  constructor(writing: BatchWriting) {
    this.#with = writing;
  }

  /**
   * Resolves when all of the batch is durable or accounted for; its offset is then committed in the background, or was with what the sink
   * published and with dead letters. Rejects as `deliver` does, and with the batch's fault once all before it is done. Calls do not overlap.
   */
  async write(batch: GatheredBatch, bounds: DeliveryBounds): Promise<void> {
    const { plan, sink, consumer, output, partitions, commits, parked } = this.#with;
    const { observer, errors } = plan;
    const consumed = consumer.consumed(batch.next());
    const delivered =
      batch.gathered.length === 0
        ? { publish: [], failed: [] }
        : await deliver(sink, batch.gathered, { mode: 'live', consumed }, plan, parked, bounds);
    crashPoint('sink-written');
    for (const failed of delivered.failed) tolerate(failed, plan);
    const failed = [...batch.failed, ...delivered.failed];
    const letters = errors.deadLetters === null ? [] : failed;
    if (parked !== null) for (const { record } of failed) parked.add(record);
    if (delivered.publish.length > 0 || letters.length > 0) {
      // An earlier offset must not be committed behind this one.
      await commits.settled();
      await output.append(delivered.publish, letters, consumed, bounds.abort);
      batch.applied();
      partitions.committed(consumed.next);
      crashPoint('sink-published');
    } else {
      batch.applied();
      commits.start();
    }
    if (batch.filtered > 0) observer.filtered(batch.filtered);
    if (letters.length > 0) observer.deadLettered(letters.length);
    this.#tell(batch, batch.gathered.length - delivered.failed.length);
    if (batch.fault !== null) {
      await commits.settled();
      throw batch.fault;
    }
  }

  #tell(batch: GatheredBatch, records: number): void {
    if (batch.count === 0) return;
    const { observer, clock } = this.#with.plan;
    const recordsByTopic = new Map<string, number>();
    for (const { origin, record } of batch.gathered) {
      recordsByTopic.set(origin.topic, (recordsByTopic.get(origin.topic) ?? 0) + 1);
      if (lacksDocument(record)) this.#warnOfLacking(origin.topic);
    }
    const last = batch.gathered.at(-1);
    const atMs = last === undefined ? null : changedAtMs(last.record);
    const commitLagMs = atMs === null ? null : clock.nowMs() - atMs;
    observer.durable({ records, bytes: batch.bytes, recordsByTopic, commitLagMs });
  }

  #warnOfLacking(topic: string): void {
    if (this.#lacking.has(topic)) return;
    this.#lacking.add(topic);
    const message =
      `Updates in topic ${topic} came without their documents, and change nothing in the target. A document that was deleted meanwhile is deleted there too; ` +
      'but where the source has capture.mode=change_streams, no update has one: set change_streams_update_full.';
    this.#with.plan.logger.warn({ topic }, message);
  }
}
