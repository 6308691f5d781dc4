import { type PartitionOffset, SluiceError, toSluiceError } from '../../contract/index.ts';
import type { BesideServices } from './beside-services.ts';
import { type DeadLetter, deadLetterGroup, type FailedRecord } from './dead-letter.ts';
import { deadLetters, ParkedKeys } from './parked-keys.ts';
import { type Gathered, keyOf } from './sink-batch.ts';
import { SinkConversion } from './sink-conversion.ts';
import { deliver } from './sink-delivery.ts';
import { SinkOutput } from './sink-output.ts';
import { GivenUp } from './sink-patience.ts';
import type { SinkPlan } from './sink-plan.ts';
import type { DeadLetterSettings } from './sink-task-plan.ts';

/** Letters that are written in one go. */
const batchRecordsMax = 500;
/** The task under which a redelivery appends: no task has this number, so that it fences none. */
const redeliveryTask = 999_999;

/** What became of dead letters that were sent again. */
export type Redelivered = { readonly redelivered: number; readonly failed_again: number };

/**
 * Sends dead letters through the sink again, beside its tasks and with the versions they had, so that they change nothing that is newer
 * (invariant 4). One that fails again becomes a new letter behind the others, and, where later records of its key are to wait, theirs do too.
 * After each batch the letters before it are dealt with.
 * Rejects with what the sink fails with as a whole; what was dealt with by then stays so.
 */
export async function redeliver(
  connector: string,
  plan: SinkPlan,
  settings: DeadLetterSettings,
  isWanted: (letter: DeadLetter) => boolean,
  { log, logger, clock, pause, random, context }: BesideServices,
  abort: AbortSignal,
): Promise<Redelivered> {
  const made = plan.createBeside(context);
  await using sink = made.sink;
  const observer = {
    started() {},
    retrying() {},
    durable() {},
    filtered() {},
    skipped() {},
    consuming() {},
    deadLettered() {},
  };
  // What fails again is a letter again, never an end of the whole.
  const errors = { ...plan.errors, deadLetters: settings };
  const delivery = { errors, observer, logger, clock, retryDelayMsMax: 1, pause, random };
  const id = { connector, task: redeliveryTask };
  const writer = { producerOverrides: plan.producerOverrides, transactional: true };
  await using output = new SinkOutput({ id, ...made.conversion, errors, writer, log, observer });
  const conversion = new SinkConversion(made.conversion);
  const counts = { redelivered: 0, failed_again: 0 };
  /** Keys with a letter that has failed again. */
  const parked = settings.parksLater ? new ParkedKeys() : null;

  async function send(letters: readonly DeadLetter[]): Promise<void> {
    const gathered: Gathered[] = [];
    const failed: FailedRecord[] = [];
    for (const { record, version } of letters) {
      try {
        const converted = conversion.convert(record, version);
        if (converted !== null) gathered.push({ record: converted, origin: record });
      } catch (error) {
        failed.push({ record, version, ...conversion.failedAt(error), error: toSluiceError(error) });
      }
    }
    const batch = { mode: 'replay', consumed: null } as const;
    // Nobody waits for a target that is away: whoever asked tries again.
    const bounds = { interrupt: AbortSignal.abort(), abort };
    const delivered = gathered.length === 0 ? { publish: [], failed: [] } : await deliver(sink, gathered, batch, delivery, parked, bounds);
    failed.push(...delivered.failed);
    for (const { record } of failed) parked?.add(record);
    const stopper = failed.find(({ error }) => error.retry !== 'record');
    if (stopper !== undefined) throw stopper.error;
    if (failed.length > 0 || delivered.publish.length > 0) await output.append(delivered.publish, failed, null, abort);
    counts.redelivered += letters.length - failed.length;
    counts.failed_again += failed.length;
  }

  const group = deadLetterGroup(connector);
  const from = await log.groups.offsets(group);
  let waiting: DeadLetter[] = [];
  /** So that one which fails can keep back those that follow, no batch has two letters of a key. */
  const keys = new Set<string>();
  const flush = async () => {
    await send(waiting);
    await log.groups.alterOffsets(group, placesBehind(waiting));
    waiting = [];
    keys.clear();
  };
  try {
    for await (const letter of deadLetters(log, settings.topic, connector, from, abort)) {
      if (!isWanted(letter)) continue;
      const key = parked === null ? null : keyOf(letter.record);
      if (key !== null && keys.has(key)) await flush();
      if (key !== null) keys.add(key);
      waiting.push(letter);
      if (waiting.length >= batchRecordsMax) await flush();
    }
    if (waiting.length > 0) await flush();
  } catch (error) {
    throw error instanceof GivenUp && error.cause instanceof SluiceError ? error.cause : error;
  }
  return counts;
}

/** By partition of the dead letters, the offset behind the last of these. */
export function placesBehind(letters: readonly DeadLetter[]): readonly PartitionOffset[] {
  const places = new Map<number, PartitionOffset>();
  for (const { letter } of letters) places.set(letter.partition, { ...letter, offset: letter.offset + 1n });
  return [...places.values()];
}
