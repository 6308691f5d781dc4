import { type ConsumerEvent, type EventLog, type Logger, SluiceError, toSluiceError } from '../../../contract/index.ts';
import { backOffMs, type Pause } from '../../../engine/supervisor/supervisor-back-off.ts';
import type { SagaInstance, SagaOrder } from '../saga.ts';
import type { SagaCounts } from './saga-counts.ts';
import type { SagaInstances } from './saga-instances.ts';
import type { SagaStore } from './saga-store.ts';
import { type SagaSettings, SagaTerm } from './saga-term.ts';
import { instancesSpec, instancesTopicOf, ownerGroupOf } from './saga-topics.ts';

/** The longest pause before a saga that failed is taken up again. */
const delayMsMax = 30_000;

export type OrchestratorParts = {
  readonly settings: SagaSettings;
  readonly log: EventLog;
  readonly store: SagaStore;
  /** `host:port`. */
  readonly workerId: string;
  readonly logger: Logger;
  readonly counts: SagaCounts;
  readonly nowMs: () => number;
  readonly pause: Pause;
  readonly random: () => number;
};

/** How a saga is doing on this worker. `standby`: another worker of the group has it. */
export type OrchestratorState = 'starting' | 'running' | 'standby' | 'failed' | 'stopped';

/** What is tried again. */
export type OrchestratorFault = { readonly error: SluiceError; readonly attempts: number; readonly nextAttemptMs: number };

/**
 * Runs one saga for as long as the worker does: one term after another, with growing pauses where they fail. On Kafka several workers may run the
 * same saga: who is assigned the one partition of its instances' topic, in a group for that alone, has all of it; the others stand by.
 */
export class SagaOrchestrator implements AsyncDisposable {
  readonly #parts: OrchestratorParts;
  readonly #stop = new AbortController();
  #term: SagaTerm | null = null;
  #state: OrchestratorState = 'starting';
  #fault: OrchestratorFault | null = null;
  #done: Promise<void> = Promise.resolve();

  constructor(parts: OrchestratorParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.settings.current.definition.name;
  }

  get definitionHash(): string {
    return this.#parts.settings.current.hash;
  }

  get state(): OrchestratorState {
    return this.#state;
  }

  get fault(): OrchestratorFault | null {
    return this.#fault;
  }

  /** null where this worker does not run the saga now. */
  get instances(): SagaInstances | null {
    return this.#state === 'running' ? (this.#term?.instances ?? null) : null;
  }

  /** Begins; nothing is waited for. */
  start(): void {
    const { signal } = this.#stop;
    const shared = this.#parts.log.workerGroup !== null;
    this.#done = shared ? this.#whileOwner(signal) : this.#terms(signal);
  }

  /** What is durable of an instance; null where there is none. */
  async find(id: string): Promise<SagaInstance | null> {
    const term = this.#requireTerm();
    const known = await term.durably(instances => instances.get(id));
    return known ?? term.find(id, this.#stop.signal);
  }

  /** What is durable of all instances. */
  async look<Seen>(look: (instances: SagaInstances) => Seen): Promise<Seen> {
    return this.#requireTerm().durably(look);
  }

  order(id: string, order: SagaOrder): Promise<SagaInstance> {
    return this.#requireTerm().order(id, order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#state = 'stopped';
  }

  #requireTerm(): SagaTerm {
    if (this.#state === 'running' && this.#term !== null) return this.#term;
    const why: Readonly<Record<OrchestratorState, string>> = {
      starting: 'is being started here',
      running: 'is being started here',
      standby: 'is run by another worker of the group: ask that one',
      failed: `cannot be run at the moment: ${this.#fault?.error.message ?? ''}`,
      stopped: 'is being stopped here',
    };
    throw new SluiceError('UNAVAILABLE', `Saga ${this.name} ${why[this.#state]}`);
  }

  /** Runs terms whenever this worker has the partition that stands for the saga. */
  async #whileOwner(abort: AbortSignal): Promise<void> {
    this.#state = 'standby';
    for (let attempts = 1; !abort.aborted; attempts++) {
      try {
        await this.#owning(abort, () => {
          attempts = 0;
        });
      } catch (thrown) {
        await this.#pauseAfter(toSluiceError(thrown), attempts, abort);
      }
    }
  }

  async #owning(abort: AbortSignal, assigned: () => void): Promise<void> {
    const { log } = this.#parts;
    await log.ensureTopics([instancesSpec(this.name)], abort);
    await using seat = log.consumer({
      group: ownerGroupOf(this.name),
      topics: [instancesTopicOf(this.name)],
      reset: 'latest',
      bufferBytesMax: 64 * 1024,
      recordsMax: 1,
      overrides: {},
    });
    seat.pause();
    let owned: { readonly end: AbortController; readonly terms: Promise<void> } | null = null;
    const release = async () => {
      owned?.end.abort();
      await owned?.terms;
      owned = null;
      if (this.#state !== 'failed') this.#state = 'standby';
    };
    try {
      for await (const event of seat.events(abort) as AsyncIterable<ConsumerEvent>) {
        if (event.type === 'records') continue;
        await release();
        if (event.type === 'revoked' || event.partitions.length === 0) continue;
        assigned();
        const end = new AbortController();
        owned = { end, terms: this.#terms(AbortSignal.any([abort, end.signal])) };
      }
    } finally {
      await release();
    }
  }

  /** One term after another. Never rejects. */
  async #terms(abort: AbortSignal): Promise<void> {
    for (let attempts = 1; !abort.aborted; attempts++) {
      this.#state = 'starting';
      try {
        await this.#oneTerm(abort, () => {
          attempts = 0;
        });
      } catch (thrown) {
        if (!abort.aborted) await this.#pauseAfter(toSluiceError(thrown), attempts, abort);
      }
    }
  }

  async #oneTerm(abort: AbortSignal, running: () => void): Promise<void> {
    const { settings, log, store, workerId, logger, counts, nowMs } = this.#parts;
    await using term = await SagaTerm.open({ ...settings, log, store, workerId, counts, nowMs, onRetry: () => {} }, abort);
    const { active, ended } = term.instances;
    logger.info({ saga: this.name, active: active.size, ended: ended.size }, `Saga ${this.name} runs: ${active.size} instances go on.`);
    this.#term = term;
    this.#state = 'running';
    this.#fault = null;
    try {
      await term.run(abort, running);
    } finally {
      this.#term = null;
    }
  }

  async #pauseAfter(error: SluiceError, attempts: number, abort: AbortSignal): Promise<void> {
    const { logger, nowMs, pause, random } = this.#parts;
    const delayMs = backOffMs(attempts, delayMsMax, random());
    this.#state = 'failed';
    this.#fault = { error, attempts, nextAttemptMs: nowMs() + delayMs };
    logger.warn(
      { saga: this.name, code: error.code, attempts, delayMs, err: error },
      `Saga ${this.name} has failed and is taken up again in ${delayMs} ms: ${error.message}`,
    );
    await pause(delayMs, abort);
  }
}
