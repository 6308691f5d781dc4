import { type EventLog, matchesWhole, type PluginContext, SluiceError, type TopicDescription } from '../../contract/index.ts';
import { haveReached } from '../position-order.ts';
import type { KeySearches } from '../sink/key-searches.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import { soughtKey } from '../sink/sought-key.ts';
import type { Pause } from './supervisor-back-off.ts';
import type { SupervisedConnector } from './supervisor-connector.ts';
import type { Running } from './supervisor-running.ts';

/** How often it is looked, at first and at the most. */
const lookMsMin = 2;
const lookMsMax = 50;

/** What is waited for: that a source is past a position, and that the sink has applied what there is in its topics by then. */
export type WaitRequest = {
  readonly source: string | null;
  readonly position: string | null;
  /** Of the topics, the records of this key count (see `soughtKey`); null or left out: all. */
  readonly key?: string | null;
  /** Of the sink's topics, the one that counts; null: all of them. */
  readonly topic: string | null;
  readonly timeoutMs: number;
};

/** Where the sink was, by partition, when what was asked for was in the target. */
export type Waited = { readonly applied: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] };

/** What a wait works with. */
export type WaitServices = {
  readonly pause: Pause;
  readonly nowMs: () => number;
  readonly searches: KeySearches;
  /** For a converter of a connector's keys. */
  context(connector: string): PluginContext;
};

/**
 * Waits until a sink has applied what a source had read up to a position: read your own writes. First for the source, whose durable offsets
 * are held against the position in its own order; then until the sink is past the ends that its topics have by then, or, of one key, past the
 * newest record that they hold of it by then. Rejects NOT_FOUND, BAD_REQUEST, CONFLICT where the sink does not run, and UNAVAILABLE where it
 * takes longer than `timeoutMs`.
 */
export async function waitForSink(
  running: Running,
  name: string,
  { source, position, key = null, topic, timeoutMs }: WaitRequest,
  { pause, nowMs, searches, context }: WaitServices,
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

  if (source !== null && running.connector(source).type === 'sink')
    throw new SluiceError('BAD_REQUEST', `Connector ${source} is not a source.`);
  if (source !== null && position !== null) {
    what = `the source ${source} is not past ${position} yet`;
    await until(async () => haveReached(await running.log.connectors.offsets(source), position));
  }
  // Before the ends are looked up: what is applied by then need not be searched.
  const before = key === null ? new Map<string, bigint>() : await appliedBefore(running, name, plan);
  const passedOver = key === null || source === null || topic !== null ? new Set<string>() : await topicsOfOthers(running, source);
  const topics = (await describe(running.log, plan.topics, topic)).filter(one => !passedOver.has(one.topic));
  let wanted = endsOf(topics);
  what = `the sink ${name} has not applied ${key === null ? 'all that was in its topics' : 'the newest record of the key'} yet`;
  const progress = () => new Map(appliedByTasks(running.connector(name)));
  const isApplied = () => {
    refuseUnlessRunning(running.connector(name));
    const applied = progress();
    return wanted.every(one => (applied.get(placeOf(one.topic, one.partition)) ?? -1n) >= one.end);
  };
  const answered = new AbortController();
  const search = async (text: string) => {
    const isSought = soughtKey(text, plan.keyConverter(context(name)));
    const from = wanted.map(one => ({ ...one, offset: before.get(placeOf(one.topic, one.partition)) ?? 0n }));
    const places = await searches.newest(running.log, topics, from, isSought, AbortSignal.any([ended, answered.signal]));
    wanted = places.map(one => ({ ...one, end: one.offset }));
  };
  // Where the log cannot be read just now, or the sink is faster, all that was in the topics is waited for, the key's records among it.
  const searching = key === null ? null : search(key).catch(() => {});
  try {
    await until(async () => {
      if (!isApplied()) return false;
      // Records that the consumer is just handing over belong to neither side for a moment.
      await new Promise(setImmediate);
      return isApplied();
    });
    return { applied: wanted.map(one => ({ topic: one.topic, partition: one.partition, offset: Number(one.end) })) };
  } finally {
    answered.abort();
    await searching;
  }
}

/** By partition, the offset before which the target has everything: what the tasks say, and of partitions that none has the group's. */
async function appliedBefore({ log, connector }: Running, name: string, { group }: SinkPlan): Promise<ReadonlyMap<string, bigint>> {
  const committed = (await log.groups.offsets(group)).map(one => [placeOf(one.topic, one.partition), one.offset] as const);
  const { tasks } = connector(name);
  // The target may be behind the group.
  if (tasks.some(({ consuming }) => consuming?.placing)) return new Map();
  return new Map([...committed, ...appliedByTasks(connector(name))]);
}

/** By partition, the offset before which the target has everything, as the tasks know it: not while a target of its own offsets is asked where it is. */
function appliedByTasks({ tasks }: SupervisedConnector): readonly (readonly [place: string, applied: bigint])[] {
  return tasks.flatMap(({ consuming }) =>
    consuming === null || consuming.placing
      ? []
      : consuming.partitions().map(({ topic, partition, applied }) => [placeOf(topic, partition), applied] as const),
  );
}

/** Topics that other sources have written to, and this one has not: its records of the key are in none of them. */
async function topicsOfOthers({ log, connector, connectors }: Running, source: string): Promise<ReadonlySet<string>> {
  const own = new Set(await log.connectors.activeTopics(source));
  const others = connectors.names().filter(name => name !== source && connector(name).type === 'source');
  const topics = await Promise.all(others.map(name => log.connectors.activeTopics(name)));
  return new Set(topics.flat().filter(topic => !own.has(topic)));
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
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
