import { type EventLog, matchesWhole, SluiceError, type TopicDescription } from '../contract/index.ts';
import { isReached } from './position-order.ts';
import type { Pause } from './supervisor-back-off.ts';
import type { SupervisedConnector } from './supervisor-connector.ts';
import type { Running } from './supervisor-running.ts';

/** How often it is looked, at first and at the most. */
const lookMsMin = 2;
const lookMsMax = 50;

/** What is waited for: that a source is past a position, and that the sink has applied all there is in its topics by then. */
export type WaitRequest = {
  readonly source: string | null;
  readonly position: string | null;
  /** Of the sink's topics, the one that counts; null: all of them. */
  readonly topic: string | null;
  readonly timeoutMs: number;
};

/** Where the sink was, by partition, when what was asked for was in the target. */
export type Waited = { readonly applied: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] };

/**
 * Waits until a sink has applied what a source had read up to a position: read your own writes. First for the source, whose durable offsets
 * are held against the position in its own order; then until the sink is past the ends that its topics have by then. Rejects NOT_FOUND,
 * BAD_REQUEST, CONFLICT where the sink does not run, and UNAVAILABLE where it takes longer than `timeoutMs`.
 */
export async function waitForSink(
  running: Running,
  name: string,
  { source, position, topic, timeoutMs }: WaitRequest,
  pause: Pause,
  nowMs: () => number,
  ended: AbortSignal,
): Promise<Waited> {
  const deadlineMs = nowMs() + timeoutMs;
  let what = '';
  const until = async (is: () => boolean | Promise<boolean>) => {
    for (let lookMs = lookMsMin; ; lookMs = Math.min(lookMsMax, lookMs * 2)) {
      if (await is()) return;
      if (nowMs() >= deadlineMs || ended.aborted) throw new SluiceError('UNAVAILABLE', `Not within ${timeoutMs} ms: ${what}.`);
      await pause(lookMs, ended);
    }
  };

  what = `the connector ${name} is not started yet`;
  await until(() => running.connector(name).isResolved);
  const plan = running.connector(name).sink;
  if (plan === null) throw new SluiceError('BAD_REQUEST', `Connector ${name} is not a sink, or its configuration is not valid.`);

  if (source !== null && position !== null) {
    running.connector(source);
    what = `the source ${source} is not past ${position} yet`;
    await until(async () =>
      (await running.log.connectors.offsets(source)).some(({ offset }) => offset !== null && isReached(offset, position)),
    );
  }
  const wanted = endsOf(await describe(running.log, plan.topics, topic));
  what = `the sink ${name} has not applied all that was in its topics yet`;
  const isApplied = () => {
    const current = running.connector(name);
    refuseUnlessRunning(current);
    const progress = new Map(
      current.tasks.flatMap(task => (task.consuming?.partitions() ?? []).map(one => [`${one.topic}/${one.partition}`, one.applied])),
    );
    return wanted.every(one => (progress.get(`${one.topic}/${one.partition}`) ?? -1n) >= one.end);
  };
  await until(async () => {
    if (!isApplied()) return false;
    // Records that the consumer is just handing over belong to neither side for a moment.
    await new Promise(setImmediate);
    return isApplied();
  });
  return { applied: wanted.map(one => ({ topic: one.topic, partition: one.partition, offset: Number(one.end) })) };
}

function refuseUnlessRunning(connector: SupervisedConnector): void {
  const failed = connector.tasks.find(({ state }) => state === 'FAILED');
  if (connector.target === 'STARTED' && failed === undefined) return;
  const why = failed === undefined ? `is ${connector.target}` : `has failed: ${failed.trace?.split('\n')[0] ?? ''}`;
  throw new SluiceError('CONFLICT', `Connector ${connector.name} ${why}, so that nothing can be waited for.`);
}

async function describe(log: EventLog, topics: readonly string[] | RegExp, only: string | null): Promise<readonly TopicDescription[]> {
  const takes = topics instanceof RegExp ? matchesWhole(topics) : (topic: string) => topics.includes(topic);
  if (only !== null && !takes(only)) throw new SluiceError('BAD_REQUEST', `The connector does not consume the topic '${only}'.`);
  if (only !== null) return log.describeTopics([only]);
  if (!(topics instanceof RegExp)) return log.describeTopics(topics);
  return (await log.describeTopics()).filter(({ topic }) => takes(topic));
}

/** The partitions that hold something, with their ends. */
function endsOf(topics: readonly TopicDescription[]) {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition, start, end }) => (end > start ? [{ topic, partition, end }] : [])),
  );
}
