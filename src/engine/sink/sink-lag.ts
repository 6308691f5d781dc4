import { type EventLog, matchesWhole, type PartitionOffset, type TopicDescription, type TopicPartition } from '../../contract/index.ts';
import type { SinkPlan } from './sink-plan.ts';
import type { PartitionProgress } from './sink-task-plan.ts';

/** Where a partition ends, and how far a sink's connector is in it. */
type Place = TopicPartition & { readonly end: bigint; readonly applied: bigint };

/** How far a sink's connector is behind its topics, whether its tasks run or not. */
export type SinkLag = {
  readonly atMs: number;
  readonly places: readonly Place[];
  readonly recordsByTopic: ReadonlyMap<string, number>;
  /** The latest moment before which everything in its topics is in the target; null: not known. */
  readonly completeToMs: number | null;
};

/**
 * Asks the log where the topics end, and the group, or the tasks that run, how far they are. The consumer's own lag is not enough: with a
 * target that is away it asks the log for nothing more, and would stand still.
 */
export async function measureSink(
  log: EventLog,
  { group, topics }: Pick<SinkPlan, 'group' | 'topics'>,
  running: readonly PartitionProgress[],
  before: SinkLag | null,
  atMs: number,
): Promise<SinkLag> {
  const described = await describe(log, topics);
  const committed = await log.groups.offsets(group);
  const places = described.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, start, end }) => {
      const applied = appliedOf({ topic, partition }, committed, running) ?? start;
      const task = running.find(one => one.topic === topic && one.partition === partition);
      // What is no record, such as the markers of transactions, lies behind the last one: a task with nothing to do is at the end.
      const reached = task?.lagRecords === 0n || applied > end ? end : applied < start ? start : applied;
      return { topic, partition, end, applied: reached };
    }),
  );
  return { atMs, places, recordsByTopic: recordsByTopic(places), completeToMs: completeTo(places, before, atMs) };
}

function appliedOf(
  { topic, partition }: TopicPartition,
  committed: readonly PartitionOffset[],
  running: readonly PartitionProgress[],
): bigint | null {
  const is = (one: TopicPartition) => one.topic === topic && one.partition === partition;
  return running.find(is)?.applied ?? committed.find(is)?.offset ?? null;
}

function recordsByTopic(places: readonly Place[]): ReadonlyMap<string, number> {
  const records = new Map<string, number>();
  for (const { topic, end, applied } of places) records.set(topic, (records.get(topic) ?? 0) + Number(end - applied));
  return records;
}

/** Everything that lay in the topics at the last look is applied by now. */
function completeTo(places: readonly Place[], before: SinkLag | null, atMs: number): number | null {
  if (places.every(({ applied, end }) => applied >= end)) return atMs;
  if (before === null) return null;
  const passed = before.places.every(({ topic, partition, end }) => {
    const now = places.find(place => place.topic === topic && place.partition === partition);
    return now === undefined || now.applied >= end;
  });
  return passed ? before.atMs : before.completeToMs;
}

async function describe(log: EventLog, topics: readonly string[] | RegExp): Promise<readonly TopicDescription[]> {
  if (!(topics instanceof RegExp)) return log.describeTopics(topics);
  const takes = matchesWhole(topics);
  return (await log.describeTopics()).filter(({ topic }) => takes(topic));
}
