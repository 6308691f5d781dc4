import {
  type Clock,
  type EventLog,
  type JsonObject,
  type Logger,
  type PluginContext,
  SluiceError,
  type TopicPartition,
  toSluiceError,
} from '../../contract/index.ts';
import type { ObservedVerification } from '../../observe/metrics/observed.ts';
import { Pace } from '../pace.ts';
import type { SourceConversion } from '../source/source-plan.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';
import type { Running } from '../supervisor/supervisor-running.ts';
import type { WaitRequest } from '../supervisor/supervisor-wait.ts';
import { LogTarget } from './log-target.ts';
import { differencesIn, outcomeOf, type ShownVerification, type TableProgress, type VerificationState } from './progress.ts';
import { RecordPath } from './record-path.ts';
import { theLog, type VerificationRequest } from './request.ts';
import { type RunParts, verifyTables } from './run.ts';
import { SinkTarget } from './sink-target.ts';
import type { TableReport } from './table-report.ts';
import type { VerificationTarget } from './target.ts';

/** Verifications of one source that are remembered: the newest. */
const rememberedMax = 50;
/** Verifications that run at the same time in one worker. */
const runningMax = 4;
/** How long source and sink may take to come to a position. */
const passedMsMax = 600_000;
const roundsMax = 6;
const abandoned = 'The worker ended while it ran. What had been repaired by then is whole, the rest is as it was: start it again.';
/** Where verifications are kept in the log's store of offsets: no connector has this name. */
const storedUnder = 'sluice verifications';

export type VerificationServices = {
  readonly clock: Clock;
  readonly pause: Pause;
  readonly logger: Logger;
  readonly context: PluginContext;
};

/** Waits until a sink has applied what a source had read up to a position. */
export type WaitForSink = (sink: string, request: WaitRequest) => Promise<unknown>;

type Verification = {
  shown: ShownVerification;
  reports: readonly TableReport[];
  readonly abort: AbortController;
  /** While the supervisor is being stopped it hands out none. */
  readonly log: EventLog;
  ended: Promise<void>;
};

/** Verifications of this worker's sources: those that run, and what became of earlier ones, which outlives the worker. */
export class Verifications {
  readonly #running: Running;
  readonly #services: (connector: string) => VerificationServices;
  readonly #wait: WaitForSink;
  readonly #ended: AbortSignal;
  readonly #active = new Map<string, Verification>();
  /** By source and what it was compared with, the last that has ended. */
  readonly #last = new Map<string, Map<string, ShownVerification>>();
  /** Stored one behind the other, so that an older state never takes a newer one's place. */
  #storing: Promise<void> = Promise.resolve();

  constructor(running: Running, services: (connector: string) => VerificationServices, wait: WaitForSink, ended: AbortSignal) {
    [this.#running, this.#services, this.#wait, this.#ended] = [running, services, wait, ended];
  }

  /** Begins one and answers it; it goes on in the background. Rejects NOT_FOUND, BAD_REQUEST, CONFLICT. */
  async start(source: string, request: VerificationRequest): Promise<ShownVerification> {
    const { clock } = this.#services(source);
    const stack = new AsyncDisposableStack();
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#ended]);
    try {
      if (this.#active.size >= runningMax)
        throw new SluiceError('CONFLICT', `${runningMax} verifications run already: wait for one, or stop it.`);
      const other = [...this.#active.values()].find(
        ({ shown }) => shown.state === 'RUNNING' && shown.source === source && shown.against === request.against,
      );
      if (other !== undefined)
        throw new SluiceError('CONFLICT', `Verification ${other.shown.id} of ${source} against ${request.against} runs already.`);
      const parts = this.#parts(source, request, stack);
      parts.target.require(request.repair);
      const shown: ShownVerification = {
        id: idOf(clock.nowMs(), this.#active),
        source,
        against: request.against,
        repair: request.repair,
        rate: request.rate,
        state: 'RUNNING',
        error: null,
        started_at: new Date(clock.nowMs()).toISOString(),
        ended_at: null,
        rows: 0,
        rows_per_second: 0,
        differences: 0,
        repaired: 0,
        tables: [],
      };
      const verification: Verification = { shown, reports: [], abort, log: this.#running.log, ended: Promise.resolve() };
      this.#active.set(shown.id, verification);
      try {
        await this.#store(shown, verification.log);
      } catch (error) {
        this.#active.delete(shown.id);
        throw error;
      }
      verification.ended = this.#run(verification, parts, stack, signal);
      return shown;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  #parts(source: string, request: VerificationRequest, stack: AsyncDisposableStack): RunParts {
    const { log } = this.#running;
    const { context, pause, clock } = this.#services(source);
    const connector = this.#running.connector(source);
    const plan = connector.source;
    if (plan === null) throw new SluiceError('BAD_REQUEST', `Connector ${source} is not a source, or its configuration is not valid.`);
    const conversion = plan.conversion(context);
    const reading = plan.verification(context);
    if (reading === null) throw new SluiceError('BAD_REQUEST', `The tables of connector ${source} cannot be read by a verification.`);
    stack.use(reading);
    const nowMs = () => clock.nowMs();
    let target: VerificationTarget;
    let path: RecordPath;
    if (request.against === theLog) {
      path = new RecordPath(conversion, null);
      const unavailable = connector.config['unavailable.value.placeholder'];
      target = new LogTarget({ log, source, path, unavailable, pause, nowMs, passedMsMax });
      stack.use(target);
    } else [path, target] = this.#sinkTarget(source, request.against, conversion, stack);
    return {
      source: reading,
      target,
      path,
      log,
      pace: new Pace(request.rate, pause, nowMs),
      bounds: { chunkRows: Math.min(request.chunk, request.rate), differencesMax: request.differencesMax, roundsMax },
      tables: request.tables,
      repair: request.repair,
      keysShown: request.keys,
    };
  }

  #sinkTarget(
    source: string,
    name: string,
    conversion: SourceConversion,
    stack: AsyncDisposableStack,
  ): readonly [RecordPath, VerificationTarget] {
    const connector = this.#running.connector(name);
    const plan = connector.sink;
    if (plan === null) throw new SluiceError('BAD_REQUEST', `Connector ${name} is not a sink, or its configuration is not valid.`);
    const { context, pause } = this.#services(name);
    const verification = plan.verification?.(context) ?? null;
    if (verification === null) throw new SluiceError('BAD_REQUEST', `The sink ${name} holds no state of rows that could be compared.`);
    const made = plan.createBeside(context);
    const path = new RecordPath(conversion, made.conversion);
    const eraOf = ({ topic, partition }: TopicPartition) => {
      const partitions = this.#running.connector(name).tasks.flatMap(task => task.consuming?.partitions() ?? []);
      const found = partitions.find(one => one.topic === topic && one.partition === partition);
      if (found === undefined)
        throw new SluiceError('CONFLICT', `The sink ${name} does not run here: nothing says which version its records have.`);
      return found.era;
    };
    const waited = (position: string, topic: string | null) =>
      this.#wait(name, { source, position, key: null, topic, timeoutMs: passedMsMax });
    const target = new SinkTarget({ name, log: this.#running.log, plan, path, verification, sink: made.sink, eraOf, waited, pause });
    stack.use(target);
    return [path, target];
  }

  async #run(verification: Verification, parts: RunParts, stack: AsyncDisposableStack, abort: AbortSignal): Promise<void> {
    const { source, against, id } = verification.shown;
    const { logger, clock } = this.#services(source);
    let [state, message]: [VerificationState, string | null] = ['COMPLETED', null];
    try {
      const reported = (reports: readonly TableReport[]) => {
        verification.reports = reports;
        void this.#store(this.#current(verification), verification.log).catch(() => {});
      };
      await verifyTables(parts, reported, abort);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (this.#ended.aborted) [state, message] = ['ABANDONED', abandoned];
      else [state, message] = abort.aborted ? ['STOPPED', null] : ['FAILED', `${error.message} ${error.remedy}`.trim()];
      if (state === 'FAILED')
        logger.error({ verification: id, code: error.code, err: error }, `The verification against ${against} failed: ${error.message}`);
    }
    await stack.disposeAsync().catch(() => {});
    const ended_at = new Date(clock.nowMs()).toISOString();
    verification.shown = { ...this.#current(verification), state, error: message, ended_at };
    const { rows, differences, repaired } = verification.shown;
    this.#note(verification.shown);
    const outcome = { verification: id, rows, differences, repaired };
    if (differences > repaired)
      logger.warn(outcome, `The verification against ${against} has ended, and rows differ: ${differences - repaired} of ${rows}`);
    else logger.info(outcome, `The verification against ${against} has ended: ${state}`);
    await this.#store(verification.shown, verification.log).catch(error =>
      logger.warn({ err: error }, 'What a verification has found could not be stored.'),
    );
    this.#active.delete(id);
  }

  #current({ shown, reports }: Verification): ShownVerification {
    const tables = reports.map(({ progress }) => progress);
    const sum = (of: (table: TableProgress) => number) => tables.reduce((total, table) => total + of(table), 0);
    const seconds = Math.max(0.001, (this.#services(shown.source).clock.nowMs() - Date.parse(shown.started_at)) / 1000);
    const rows = sum(table => table.rows);
    return {
      ...shown,
      rows,
      rows_per_second: Math.round(rows / seconds),
      differences: sum(differencesIn),
      repaired: sum(table => table.repaired),
      tables,
    };
  }

  /** How the last verifications of a source have ended, for the metrics. */
  outcomes(source: string): readonly ObservedVerification[] {
    return Array.from(this.#last.get(source)?.values() ?? [], outcomeOf);
  }

  /** Looks up how those of an earlier run of the worker have ended. */
  async recall(source: string): Promise<void> {
    const known = this.#last.get(source);
    // The newest comes last.
    for (const shown of (await this.list(source)).toReversed())
      if (shown.ended_at !== null && shown.state !== 'ABANDONED' && !known?.has(shown.against)) this.#note(shown);
  }

  #note(shown: ShownVerification): void {
    const ofSource = this.#last.get(shown.source) ?? new Map<string, ShownVerification>();
    this.#last.set(shown.source, ofSource.set(shown.against, shown));
  }

  async list(source: string): Promise<readonly ShownVerification[]> {
    this.#running.connector(source);
    const stored = await storedIn(this.#running.log);
    const known = stored.filter(one => one.source === source).map(one => this.#shown(one));
    return known.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Rejects NOT_FOUND. */
  async get(source: string, id: string): Promise<ShownVerification> {
    const found = (await this.list(source)).find(one => one.id === id);
    if (found === undefined) throw new SluiceError('NOT_FOUND', `Connector ${source} has no verification ${id}.`);
    return found;
  }

  /** Stops one that runs, and answers it when it has ended; one that has ended already stays as it is. */
  async stop(source: string, id: string): Promise<ShownVerification> {
    const active = this.#active.get(id);
    if (active === undefined || active.shown.source !== source) return this.get(source, id);
    active.abort.abort();
    await active.ended;
    return active.shown;
  }

  /** Resolves when those that run have ended, which they do once the supervisor is being stopped. */
  async drained(): Promise<void> {
    await Promise.all([...this.#active.values()].map(({ ended }) => ended));
    await this.#storing;
  }

  #shown(stored: ShownVerification): ShownVerification {
    const active = this.#active.get(stored.id);
    if (active !== undefined) return active.shown.state === 'RUNNING' ? this.#current(active) : active.shown;
    if (stored.state !== 'RUNNING') return stored;
    return {
      ...stored,
      state: 'ABANDONED',
      error: abandoned,
    };
  }

  #store(shown: ShownVerification, log: EventLog): Promise<void> {
    this.#storing = this.#storing
      .catch(() => {})
      .then(async () => {
        await log.connectors.alterOffsets(storedUnder, [
          { partition: { verification: shown.id }, offset: { shown: JSON.stringify(shown) } },
        ]);
        const own = (await storedIn(log)).filter(({ source }) => source === shown.source).sort((a, b) => (a.id < b.id ? 1 : -1));
        if (own.length > rememberedMax) await forget(log, own.slice(rememberedMax));
      });
    return this.#storing;
  }
}

async function storedIn(log: EventLog): Promise<readonly ShownVerification[]> {
  const offsets = await log.connectors.offsets(storedUnder);
  return offsets.flatMap(({ offset }) => (offset === null ? [] : [read(offset)]));
}

async function forget(log: EventLog, verifications: readonly ShownVerification[]): Promise<void> {
  const gone = verifications.map(({ id }) => ({ partition: { verification: id }, offset: null }));
  await log.connectors.alterOffsets(storedUnder, gone);
}

function read(offset: JsonObject): ShownVerification {
  return JSON.parse(String(offset['shown'])) as ShownVerification;
}

/** The time it was started, so that ids are in order. */
function idOf(nowMs: number, taken: ReadonlyMap<string, unknown>): string {
  for (let id = nowMs; ; id++) if (!taken.has(String(id))) return String(id);
}
