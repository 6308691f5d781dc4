import { SluiceError, toSluiceError } from '../../../contract/index.ts';
import type { RunningService, Service, ServiceConnector, ServiceContext } from '../../hosting/service.ts';
import type { PinnedDefinition, SagaOrder, SagaState } from '../saga.ts';
import { logSagaStore } from './log-saga-store.ts';
import { SagaCounts } from './saga-counts.ts';
import { sagaFamilies } from './saga-families.ts';
import { SagaOrchestrator } from './saga-orchestrator.ts';
import type { SagaStore } from './saga-store.ts';
import type { SagaSettings } from './saga-term.ts';
import { type InstanceList, listInstances, type ShownInstance, shownInstance } from './saga-views.ts';

/** How a worker runs its sagas. */
export type SagasSettings = Omit<SagaSettings, 'current'> & {
  /** Reads the definitions, each with the hash it is pinned by. Rejects with SluiceError where one is wrong, or names other topics than those known. */
  definitions(knownTopics: readonly string[] | null): Promise<readonly PinnedDefinition[]>;
  /** Definitions may only name topics that the log has. Left out: those that it does not have are made. */
  readonly topicsMustExist?: boolean;
  /** Where instances are kept; left out: in the log. */
  readonly store?: SagaStore;
};

/** A saga as GET /sagas shows it. */
export type SagaOverview = {
  readonly name: string;
  /** `starting`, `running`, `standby`, `failed`, `stopped`. */
  readonly state: string;
  /** Of the definition that new instances start on. */
  readonly definition: string;
  /** By state; null where this worker does not run it. */
  readonly instances: Readonly<Record<SagaState, number>> | null;
  /** Why it does not run, and when it is tried again. */
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string; readonly next_attempt: string } | null;
};

/** What REST asks of the sagas of a worker. `instance` is a correlation id. All throw SluiceError NOT_FOUND and UNAVAILABLE. */
export interface Sagas {
  overview(): readonly SagaOverview[];
  list(saga: string, state: SagaState | null, limit: number): Promise<InstanceList>;
  show(saga: string, instance: string): Promise<ShownInstance>;
  /** Resolves once it is durable. Rejects CONFLICT or BAD_REQUEST where the order does not fit. */
  order(saga: string, instance: string, order: SagaOrder): Promise<ShownInstance>;
}

/** The sagas of a worker, as a service beside the pipeline. */
export class SagasService implements Service, Sagas {
  readonly name = 'sagas';
  readonly connectors: readonly ServiceConnector[];
  readonly metrics = sagaFamilies(() => this.#observed());
  readonly #settings: SagasSettings;
  /** They outlive a start. */
  readonly #counts = new Map<string, SagaCounts>();
  #running: readonly SagaOrchestrator[] = [];

  constructor(settings: SagasSettings) {
    this.#settings = settings;
    this.connectors = (settings.store ?? logSagaStore).connectors;
  }

  async start({ log, logger, clock, pause, random, workerId, connectors }: ServiceContext): Promise<RunningService> {
    const { definitions, topicsMustExist = false, store = logSagaStore, ...settings } = this.#settings;
    await store.prepare();
    // What could not start before the store was there can now.
    for (const { name } of store.connectors)
      void connectors
        .revive(name)
        .catch((error: unknown) => logger.warn({ connector: name }, `${name} could not be started anew: ${toSluiceError(error).message}`));
    const knownTopics = topicsMustExist ? (await log.describeTopics()).map(({ topic }) => topic) : null;
    const orchestrators = (await definitions(knownTopics)).map(
      current =>
        new SagaOrchestrator({
          settings: { ...settings, current },
          log,
          store,
          workerId,
          logger,
          counts: this.#countsOf(current.definition.name),
          nowMs: () => clock.nowMs(),
          pause,
          random,
        }),
    );
    for (const orchestrator of orchestrators) orchestrator.start();
    this.#running = orchestrators;
    return {
      // Each saga is taken up again by itself: one that cannot run stops no other.
      failed: new Promise<never>(() => {}),
      health: () => ({
        store: store.kind,
        ...(store.connectors.length > 0 && {
          publication: Object.fromEntries(store.connectors.map(({ name }) => [name, connectors.states(name) ?? 'not on this worker'])),
        }),
        sagas: this.overview(),
      }),
      [Symbol.asyncDispose]: async () => {
        this.#running = [];
        await Promise.all(orchestrators.map(orchestrator => orchestrator[Symbol.asyncDispose]()));
      },
    };
  }

  overview(): readonly SagaOverview[] {
    return this.#running.map(({ name, state, definitionHash, instances, fault }) => ({
      name,
      state,
      definition: definitionHash,
      instances: instances?.counts() ?? null,
      error:
        fault === null || state !== 'failed'
          ? null
          : {
              code: fault.error.code,
              message: fault.error.message,
              remedy: fault.error.remedy,
              next_attempt: new Date(fault.nextAttemptMs).toISOString(),
            },
    }));
  }

  async list(saga: string, state: SagaState | null, limit: number): Promise<InstanceList> {
    return this.#get(saga).look(instances => listInstances(instances, state, limit));
  }

  async show(saga: string, instance: string): Promise<ShownInstance> {
    const found = await this.#get(saga).find(`${saga}:${instance}`);
    if (found === null) throw new SluiceError('NOT_FOUND', `There is no instance ${instance} of saga ${saga}.`);
    return shownInstance(found);
  }

  async order(saga: string, instance: string, order: SagaOrder): Promise<ShownInstance> {
    return shownInstance(await this.#get(saga).order(`${saga}:${instance}`, order));
  }

  #get(name: string): SagaOrchestrator {
    const found = this.#running.find(orchestrator => orchestrator.name === name);
    if (found === undefined) throw new SluiceError('NOT_FOUND', `There is no saga ${name} on this worker.`);
    return found;
  }

  #countsOf(saga: string): SagaCounts {
    const counts = this.#counts.get(saga) ?? new SagaCounts();
    this.#counts.set(saga, counts);
    return counts;
  }

  #observed() {
    return this.#running.map(({ name, state, instances }) => ({
      name,
      state,
      counts: this.#countsOf(name),
      instances: instances?.counts() ?? null,
    }));
  }
}
