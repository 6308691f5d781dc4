import { type LogRecord, type RawConfig, type ReadRange, SluiceError } from '../contract/index.ts';
import { type ComparedRecord, type Comparison, compareRecords } from './compare.ts';
import { seeConnector } from './connect-connector.ts';
import { formOf, formText } from './record-form.ts';
import { pathOf, type RestCaller, type Wait } from './rest-caller.ts';
import { shadowConfig, shadowedTopic, shadowHistoryTopic, shadowName, shadowPlace } from './shadow-config.ts';

/** Where one side's records are read. */
export type ReadTopics = {
  /** Those of the topics that exist. */
  existing(topics: readonly string[]): Promise<readonly string[]>;
  read(range: ReadRange, abort: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  /** Deletes topics; left out where that is not to be had. */
  remove?(topics: readonly string[]): Promise<void>;
};

export type ShadowRun = {
  readonly config: RawConfig;
  /** Where the connector runs, where its shadow does, and the records of both. */
  readonly there: RestCaller;
  readonly here: RestCaller;
  readonly runningTopics: ReadTopics;
  readonly shadowTopics: ReadTopics;
  /** How long both run beside one another. */
  readonly durationMs: number;
  readonly wait: Wait;
  readonly nowMs: () => number;
  readonly abort: AbortSignal;
  readonly tell: (step: string) => void;
};

/** What is read of the running connector's topics from before the shadow's start: clocks of two machines differ. */
const marginMs = 10_000;
/** How long one side may be behind the other at the end. */
const catchUpMsMax = 60_000;
const catchUpLookMs = 1_000;
const startMsMax = 60_000;
const lookMs = 250;
/** Bounds of what is held for the comparison, of each side (invariant 6). */
const recordsMax = 500_000;
const bytesMax = 256 << 20;

/**
 * Runs a connector's shadow for a while and compares what both publish. The shadow, with its place, is gone at the end, however it ends; its topics
 * too, unless there are differences to look at.
 */
export async function runShadow(run: ShadowRun): Promise<Comparison> {
  const { config, here, wait, nowMs, durationMs, tell } = run;
  const beganMs = nowMs();
  const id = beganMs.toString(36);
  const shadow = shadowConfig(config, id);
  const name = shadowName(config['name'] ?? '');
  if ((await seeConnector(here, name)) !== null)
    throw new SluiceError('CONFLICT', `A connector ${name} is there already.`, { remedy: 'Delete it: it is what an earlier run left.' });
  await here('POST', '/connectors', { name, config: shadow, initial_state: 'STOPPED' });
  let isSame = false;
  try {
    await beginAnew(here, name, wait);
    await streaming(here, name, wait);
    tell(`${name} streams beside it, ${shadowPlace(shadow)}, for ${Math.round(durationMs / 1000)} s.`);
    const streamsMs = nowMs();
    await wait(durationMs);
    const span = { fromMs: beganMs - marginMs, streamsMs, endMs: nowMs() };
    // What either had published by then, the other has to publish too.
    let { comparison, isBehind } = await compareNow(run, id, span);
    for (let waitedMs = 0; isBehind && waitedMs < catchUpMsMax; waitedMs += catchUpLookMs) {
      await wait(catchUpLookMs);
      ({ comparison, isBehind } = await compareNow(run, id, span));
    }
    isSame = comparison.differences.length === 0;
    return comparison;
  } finally {
    const topics = await topicsOf(here, name).catch(() => []);
    await here('PUT', `${pathOf(name)}/stop`).catch(() => {});
    await here('DELETE', pathOf(name)).catch(() => {});
    const history = shadowHistoryTopic(config['name'] ?? '', id);
    const own = isSame ? topics.filter(topic => shadowedTopic(config['name'] ?? '', id, topic) !== null) : [];
    await removeTopics(run.shadowTopics, [...own, history]).catch(() => {});
    tell(`${name} is gone again${shadow['slot.name'] === undefined ? '' : ', with its slot'}.`);
  }
}

async function removeTopics(from: ReadTopics, topics: readonly string[]): Promise<void> {
  await from.remove?.(await from.existing(topics));
}

function isOneSided({ kind }: Comparison['differences'][number]): boolean {
  return kind !== 'different';
}

/** Offsets outlive their connector, and those of an earlier shadow are of a slot that is gone. */
async function beginAnew(here: RestCaller, name: string, wait: Wait): Promise<void> {
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += lookMs) {
    if ((await seeConnector(here, name))?.state === 'STOPPED') break;
    await wait(lookMs);
  }
  await here('DELETE', `${pathOf(name)}/offsets`);
  await here('PUT', `${pathOf(name)}/resume`);
}

type Progress = {
  readonly tasks: readonly { readonly state: string; readonly phase: string | null; readonly trace: string | null }[];
  readonly trace: string | null;
};

async function streaming(here: RestCaller, name: string, wait: Wait): Promise<void> {
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += lookMs) {
    const { tasks, trace } = (await here('GET', `/sluice${pathOf(name)}`).catch(notYet)) as Progress;
    const failed = tasks.find(({ state }) => state === 'FAILED')?.trace ?? trace;
    if (failed) throw new SluiceError('CONFLICT', `${name} does not run: ${failed.split('\n')[0]}`);
    if (tasks.length > 0 && tasks.every(({ state, phase }) => state === 'RUNNING' && phase === 'streaming')) return;
    await wait(lookMs);
  }
  throw new SluiceError('CONFLICT', `${name} did not stream within ${startMsMax / 1000} s.`);
}

/** In a group nobody knows of it before it has an owner. */
function notYet(error: unknown): Progress {
  if (error instanceof SluiceError && error.code === 'NOT_FOUND') return { tasks: [], trace: null };
  throw error;
}

async function topicsOf(call: RestCaller, connector: string): Promise<readonly string[]> {
  const answer = (await call('GET', `${pathOf(connector)}/topics`)) as Record<string, { readonly topics: readonly string[] }>;
  return answer[connector]?.topics ?? [];
}

/** Milliseconds since 1970: from when on records are read, since when the shadow streams, and until when what is published counts. */
type Span = { readonly fromMs: number; readonly streamsMs: number; readonly endMs: number };

/** `isBehind`: one side has yet to publish what the other one has. */
async function compareNow(
  run: ShadowRun,
  id: string,
  { fromMs, streamsMs, endMs }: Span,
): Promise<{ readonly comparison: Comparison; readonly isBehind: boolean }> {
  const name = run.config['name'] ?? '';
  const shadows = (await topicsOf(run.here, shadowName(name))).filter(topic => shadowedTopic(name, id, topic) !== null);
  const heartbeats = run.config['topic.heartbeat.prefix'] ?? '__debezium-heartbeat';
  const running = (await topicsOf(run.there, name)).filter(topic => !topic.startsWith(heartbeats));
  const [ours, theirs] = [
    await recordsOf(run.runningTopics, running, fromMs, topic => topic, run.abort),
    await recordsOf(run.shadowTopics, shadows, fromMs, topic => shadowedTopic(name, id, topic)!, run.abort),
  ];
  const comparison = compareRecords(ours, theirs, endMs);
  // A shadow that has published nothing yet cannot differ.
  const isSilent = theirs.length === 0 && ours.some(({ timestampMs }) => timestampMs > streamsMs && timestampMs <= endMs);
  return { comparison, isBehind: isSilent || comparison.differences.some(isOneSided) };
}

async function recordsOf(
  source: ReadTopics,
  topics: readonly string[],
  fromMs: number,
  ownTopic: (topic: string) => string,
  abort: AbortSignal,
): Promise<readonly ComparedRecord[]> {
  const found: ComparedRecord[] = [];
  const existing = await source.existing(topics);
  if (existing.length === 0) return found;
  let bytes = 0;
  for await (const batch of source.read({ topics: existing, from: { timestampMs: fromMs }, follow: false }, abort)) {
    for (const record of batch) {
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
      if (found.length >= recordsMax || bytes > bytesMax)
        throw new SluiceError('CONFLICT', `More was published than is compared at once (${recordsMax} records, ${bytesMax >> 20} MiB).`, {
          remedy: 'Run the shadow for a shorter time: --shadow-for 10s.',
        });
      const form = formOf(record);
      found.push({
        topic: ownTopic(record.topic),
        partition: record.partition,
        offset: record.offset,
        timestampMs: record.timestampMs,
        key: JSON.stringify(form.key),
        text: formText(form),
        form,
      });
    }
  }
  return found;
}
