import { type LogRecord, toSluiceError } from '../../contract/index.ts';
import type { GatheredBatch } from './sink-batch.ts';
import { SinkConversion } from './sink-conversion.ts';
import { tolerate } from './sink-delivery.ts';
import type { OwnedPartitions } from './sink-partitions.ts';
import type { SinkTaskPlan } from './sink-task-plan.ts';

/** Takes records of the log into batches: converted and transformed, or with what they failed with. */
export class RecordIntake {
  readonly #plan: SinkTaskPlan;
  readonly #partitions: OwnedPartitions;
  readonly #conversion: SinkConversion;

  constructor(plan: SinkTaskPlan, partitions: OwnedPartitions) {
    this.#plan = plan;
    this.#partitions = partitions;
    this.#conversion = new SinkConversion(plan);
  }

  /** A record of a partition that is no longer the task's is passed over. One that failed where failures are not tolerated becomes the batch's fault, and is not in it. */
  take(record: LogRecord, batch: GatheredBatch): void {
    const owned = this.#partitions.get(record.topic, record.partition);
    if (owned === null) return;
    const version = owned.versionOf(record.offset);
    try {
      const converted = this.#conversion.convert(record, version);
      if (converted === null) batch.filtered++;
      else batch.gathered.push({ record: converted, origin: record });
    } catch (thrown) {
      const failed = { record, version, ...this.#conversion.failedAt(thrown), error: toSluiceError(thrown) };
      try {
        tolerate(failed, this.#plan);
      } catch (fault) {
        // What lies before it is delivered first.
        batch.fault = toSluiceError(fault);
        return;
      }
      batch.failed.push(failed);
    }
    batch.reach(owned, record);
  }
}
