import { type Sink, type SinkBatch, type SinkResult, SluiceError, toSluiceError } from '../../contract/index.ts';
import { type FailedRecord, sinkTaskClass } from './dead-letter.ts';
import type { ParkedKeys } from './parked-keys.ts';
import type { Gathered } from './sink-batch.ts';
import { patiently } from './sink-patience.ts';
import type { SinkTaskPlan } from './sink-task-plan.ts';

/** What a delivery needs of its task. */
export type DeliveryPlan = Pick<SinkTaskPlan, 'errors' | 'observer' | 'logger' | 'clock' | 'retryDelayMsMax' | 'pause' | 'random'>;

/** What became of records that were handed to the sink: all others are durable in the target. */
export type Delivered = { readonly publish: SinkResult['publish']; readonly failed: readonly FailedRecord[] };

/** How long a delivery goes on. */
export type DeliveryBounds = {
  /** Aborted: what has failed is not tried again. */
  readonly interrupt: AbortSignal;
  /** Aborted: the sink is to end its write. */
  readonly abort: AbortSignal;
  /** Told when the target turns out to be away, and when it no longer is. */
  readonly away?: (isAway: boolean) => void;
};

/**
 * Writes records to the sink until they are durable, or refused one by one. Rejects GivenUp where it was interrupted, and with the
 * SluiceError that stops the task: one that is not a record's, or, where failures are not tolerated, the first record's.
 */
export async function deliver(
  sink: Sink,
  gathered: readonly Gathered[],
  batch: Pick<SinkBatch, 'mode' | 'consumed' | 'states'>,
  plan: DeliveryPlan,
  parked: ParkedKeys | null,
  { interrupt, abort, away }: DeliveryBounds,
): Promise<Delivered> {
  const sent = parked === null ? gathered : gathered.filter(({ origin }) => !parked.has(origin));
  const failed: FailedRecord[] =
    gathered.length === sent.length ? [] : gathered.flatMap(one => (sent.includes(one) ? [] : [heldBack(one)]));
  if (sent.length === 0) return { publish: [], failed };
  const { publish, refused } = await write(sent);
  for (const { one, error } of refused) {
    if (error.retry !== 'record') throw error;
    failed.push({ record: one.origin, version: one.record.version, stage: 'TASK_PUT', className: sinkTaskClass, error });
  }
  // The dead letters of a partition in the order of its records.
  failed.sort((a, b) => (a.record.offset < b.record.offset ? -1 : a.record.offset > b.record.offset ? 1 : 0));
  return { publish, failed };

  type Written = { readonly publish: SinkResult['publish']; readonly refused: readonly { one: Gathered; error: SluiceError }[] };

  async function write(records: readonly Gathered[]): Promise<Written> {
    const whole = { records: records.map(({ record }) => record), ...batch };
    try {
      const result = await patiently(() => sink.write(whole, abort), plan, interrupt, away);
      return {
        publish: result.publish,
        refused: result.failed.map(({ index, error }) => {
          const one = records[index];
          if (one === undefined) throw new SluiceError('INTERNAL', `The sink says that record ${index} of ${records.length} failed.`);
          return { one, error };
        }),
      };
    } catch (thrown) {
      // A sink that tells of one record by refusing all: which one it is shows when each is written by itself.
      const error = thrown instanceof SluiceError ? thrown : null;
      if (error?.retry !== 'record') throw thrown;
      if (records.length === 1) return { publish: [], refused: [{ one: records[0]!, error }] };
      const parts: Written[] = [];
      for (const one of records) parts.push(await write([one]));
      return { publish: parts.flatMap(part => part.publish), refused: parts.flatMap(part => part.refused) };
    }
  }
}

function heldBack({ record, origin }: Gathered): FailedRecord {
  const { topic, partition, offset } = origin;
  const message = `An earlier record of its key is among the dead letters, so the record at ${topic}-${partition} offset ${offset} waits there too (errors.deadletterqueue.later.records=park).`;
  return {
    record: origin,
    version: record.version,
    stage: 'TASK_PUT',
    className: sinkTaskClass,
    error: new SluiceError('RECORD_REFUSED', message),
  };
}

/**
 * The error policy of a record that failed: with tolerance `none` it throws the error, naming the record's place; with `all` it is logged
 * where that is asked for, and counted where it does not become a dead letter.
 */
export function tolerate(failed: FailedRecord, { errors, observer, logger }: Pick<DeliveryPlan, 'errors' | 'observer' | 'logger'>): void {
  const { record, stage, className } = failed;
  const error = toSluiceError(failed.error);
  const place = `${record.topic}-${record.partition} offset ${record.offset}`;
  if (errors.tolerance === 'none' || error.retry !== 'record')
    throw new SluiceError(error.code, `${error.message} (${place})`, { cause: error });
  if (errors.logEnable) {
    // Connect shows where the record lies, and not what is in it.
    const shown = errors.logIncludeMessages
      ? { topic: record.topic, partition: record.partition, offset: String(record.offset), timestamp: record.timestampMs }
      : { topic: record.topic };
    const fate = errors.deadLetters === null ? 'was skipped' : 'became a dead letter';
    logger.error({ ...shown, stage, class: className, code: error.code }, `A record ${fate} (errors.tolerance=all): ${error.message}`);
  }
  if (errors.deadLetters === null) observer.skipped(error);
}
