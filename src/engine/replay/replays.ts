import { SluiceError, type TopicPartition } from '../../contract/index.ts';
import type { BesideServices } from '../sink/beside-services.ts';
import type { SupervisedConnector } from '../supervisor/supervisor-connector.ts';
import { NameLocks } from '../supervisor/supervisor-locks.ts';
import type { Running } from '../supervisor/supervisor-running.ts';
import { LiveReplay } from './live-replay.ts';
import { measureReplay } from './replay-measure.ts';
import { replayRanges } from './replay-ranges.ts';
import { placesOf, type ReplayRequest, readReplayRequest } from './replay-request.ts';
import { firstCheckpoint, type StoredReplay } from './replay-state.ts';
import { forgetEnded, forgetReplays, readReplays, writeReplay } from './replay-store.ts';
import { chosenTopics, consumedTopics } from './replay-topics.ts';
import { type ReplayView, viewOf } from './replay-view.ts';
import type { ReplayWork } from './replay-work.ts';
import { refuseForeignKeys } from './wanted-keys.ts';

/** How long a sink that has just been started has to get its partitions. */
const assignedMsMax = 10_000;
const lookMs = 50;

/** What a dry run answers. */
export type ReplayMeasure = {
  readonly dry_run: true;
  /** What would be sent. */
  readonly records: number;
  readonly bytes: number;
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number }[];
};

/**
 * The replays of sinks: parts of the log that are sent to a sink again, beside its live flow. One of a sink runs at a time; it is this worker's as
 * long as the sink is, and goes on from what is stored of it where the sink is started again, here or by another worker.
 */
export class Replays {
  readonly #running: Running;
  readonly #services: (connector: string) => Omit<BesideServices, 'log'>;
  readonly #ended: AbortSignal;
  readonly #live = new Map<string, LiveReplay>();
  /** Calls about one sink's replays one after the other: apart from those about the connector, since a dry run may take long. */
  readonly #locks = new NameLocks();

  constructor(running: Running, services: (connector: string) => Omit<BesideServices, 'log'>, ended: AbortSignal) {
    [this.#running, this.#services, this.#ended] = [running, services, ended];
  }

  /** Begins one, or with `dryRun` answers what it would send. Rejects NOT_FOUND, BAD_REQUEST, and CONFLICT where one of the sink is running. */
  async create(name: string, body: unknown): Promise<ReplayView | ReplayMeasure> {
    const { request, dryRun } = readReplayRequest(body);
    if (dryRun) return this.#measure(name, request);
    return this.#locks.run(name, async () => {
      const stored = await readReplays(this.#running.log.connectors, name);
      const other = stored.find(({ outcome }) => outcome === 'RUNNING');
      if (other !== undefined)
        throw new SluiceError('CONFLICT', `Replay ${other.id} of ${name} is running: wait for its end, or stop it (DELETE).`);
      const { work, ranges } = await this.#prepare(name, request);
      const replay: StoredReplay = {
        id: String(1 + Math.max(0, ...stored.map(({ id }) => Number(id)))),
        request,
        ranges,
        createdMs: work.services.clock.nowMs(),
        endedMs: null,
        outcome: 'RUNNING',
        error: null,
        checkpoint: firstCheckpoint(ranges),
      };
      await forgetEnded(this.#running.log.connectors, name, stored);
      await writeReplay(this.#running.log.connectors, name, replay);
      // Given up meanwhile: the sink's next start goes on with it.
      return this.#isOurs(name) ? this.#begin(name, work, replay).view() : viewOf(name, replay, null);
    });
  }

  async list(name: string): Promise<readonly ReplayView[]> {
    this.#running.connector(name);
    const live = this.#live.get(name);
    const stored = await readReplays(this.#running.log.connectors, name);
    return stored.map(replay => (replay.id === live?.id ? live.view() : viewOf(name, replay, null)));
  }

  async get(name: string, id: string): Promise<ReplayView> {
    const found = (await this.list(name)).find(replay => replay.id === id);
    if (found === undefined) throw new SluiceError('NOT_FOUND', `Connector ${name} has no replay ${id}.`);
    return found;
  }

  /** Stops one for good; what it has sent stays. One that has ended stays as it is. */
  async stop(name: string, id: string): Promise<ReplayView> {
    return this.#locks.run(name, async () => {
      const live = this.#live.get(name);
      if (live?.id === id) return live.stop();
      await this.get(name, id);
      const { log } = this.#running;
      const replay = (await readReplays(log.connectors, name)).find(one => one.id === id)!;
      if (replay.outcome !== 'RUNNING') return viewOf(name, replay, null);
      const stopped: StoredReplay = { ...replay, outcome: 'STOPPED', endedMs: this.#services(name).clock.nowMs() };
      await writeReplay(log.connectors, name, stopped);
      return viewOf(name, stopped, null);
    });
  }

  /** A connector's tasks have been started here: goes on with what was running. */
  started(name: string): void {
    void this.#locks
      .follow(name, async () => {
        if (!this.#isOurs(name) || this.#live.has(name) || this.#running.connector(name).sink === null) return;
        const stored = (await readReplays(this.#running.log.connectors, name)).find(({ outcome }) => outcome === 'RUNNING');
        if (stored === undefined || !this.#isOurs(name)) return;
        const { logger } = this.#services(name);
        logger.info({ replay: stored.id, records: stored.checkpoint.counts.records }, 'The replay goes on from where it was.');
        this.#begin(name, this.#workOf(name), stored);
      })
      .catch((error: unknown) => {
        if (!this.#ended.aborted)
          this.#services(name).logger.warn(
            { err: error },
            'Whether a replay is to go on could not be read; the next start of the sink looks again.',
          );
      });
  }

  /** A connector's tasks are about to end here. Resolves when nothing of its replay is under way. */
  async stopping(name: string): Promise<void> {
    await this.#live.get(name)?.release();
  }

  /** The connector is deleted: nothing is known of its replays any more. */
  async forget(name: string): Promise<void> {
    await forgetReplays(this.#running.log.connectors, name);
  }

  #begin(name: string, work: Omit<ReplayWork, 'replay'>, replay: StoredReplay): LiveReplay {
    const live = new LiveReplay(work, replay, ended => {
      if (this.#live.get(name) === ended) this.#live.delete(name);
    });
    this.#live.set(name, live);
    return live;
  }

  async #measure(name: string, request: ReplayRequest): Promise<ReplayMeasure> {
    const { work, ranges } = await this.#prepare(name, request);
    const amount = await measureReplay({ ...work, replay: { request, ranges, checkpoint: firstCheckpoint(ranges) } }, this.#ended);
    const partitions = ranges.map(({ topic, partition, start, end }) => ({ topic, partition, from: Number(start), to: Number(end) }));
    return { dry_run: true, ...amount, partitions };
  }

  /** Everything about a request that can be wrong is found here. */
  async #prepare(name: string, request: ReplayRequest) {
    const connector = this.#running.connector(name);
    if (connector.isResolved && connector.sink === null)
      throw new SluiceError('BAD_REQUEST', `Connector ${name} is not a sink, or its configuration is not valid.`);
    refuseUnlessRunning(connector);
    const places = placesOf(request);
    await this.#untilAssigned(name);
    const work = this.#workOf(name);
    const { log } = work.services;
    const topics = chosenTopics(name, request.tables, await consumedTopics(log, work.plan.topics));
    const made = work.plan.createBeside(work.services.context);
    await using _sink = made.sink;
    const ranges = await replayRanges(log, topics, places, work.eraOf, made.conversion, this.#ended);
    if (request.keys !== null) await refuseForeignKeys(request.keys, log, ranges, made.conversion.key, this.#ended);
    return { work, ranges };
  }

  /** A sink whose tasks have no partition yet does not know its topics' eras. */
  async #untilAssigned(name: string): Promise<void> {
    const { pause, clock } = this.#services(name);
    const deadlineMs = clock.nowMs() + assignedMsMax;
    for (;;) {
      const connector = this.#running.connector(name);
      refuseUnlessRunning(connector);
      if (connector.sink !== null && connector.tasks.some(({ consuming }) => (consuming?.partitions() ?? []).length > 0)) return;
      const { sink } = connector;
      // Nothing there to be assigned.
      if (sink !== null && (await consumedTopics(this.#running.log, sink.topics)).length === 0) return;
      if (clock.nowMs() >= deadlineMs)
        throw new SluiceError('BAD_REQUEST', `The sink ${name} has no partitions yet: ask again when it runs.`);
      await pause(lookMs, this.#ended);
    }
  }

  #workOf(name: string): Omit<ReplayWork, 'replay'> {
    const { sink: plan } = this.#running.connector(name);
    if (plan === null) throw new SluiceError('BAD_REQUEST', `Connector ${name} is not a sink, or its configuration is not valid.`);
    const eraOf = ({ topic, partition }: TopicPartition) => {
      const partitions = this.#running.connector(name).tasks.flatMap(({ consuming }) => consuming?.partitions() ?? []);
      return partitions.find(one => one.topic === topic && one.partition === partition)?.era ?? null;
    };
    return { connector: name, plan, services: { ...this.#services(name), log: this.#running.log }, eraOf };
  }

  #isOurs(name: string): boolean {
    if (this.#ended.aborted || !this.#running.connectors.owns(name)) return false;
    const connector = this.#running.connectors.get(name);
    return connector !== null && connector.target === 'STARTED';
  }
}

function refuseUnlessRunning({ name, target, tasks }: SupervisedConnector): void {
  const failed = tasks.find(({ state }) => state === 'FAILED');
  if (target === 'STARTED' && failed === undefined) return;
  const why = failed === undefined ? `is ${target}` : `has failed: ${failed.trace?.split('\n')[0] ?? ''}`;
  throw new SluiceError('BAD_REQUEST', `The sink ${name} ${why}; a replay goes beside a sink that runs.`);
}
