import { toSluiceError } from '../../../contract/index.ts';
import type { RunningService, Service, ServiceConnector, ServiceContext } from '../../hosting/service.ts';
import type { EventStore, Upcasters } from '../event-store.ts';
import { type AggregatesModule, loadAggregates, noAggregates } from './aggregates-module.ts';
import type { OpenEventStore } from './open-event-store.ts';
import { CountedEventStore, StoreCounters } from './store-counters.ts';

/** As the worker file names it under `services`. */
export const eventStoreName = 'event-store';

export type StoreToHost = { readonly id: string; readonly store: EventStore; readonly published?: (position: bigint) => void };

export type EventStoreServiceSettings = {
  /** `sqlite` or `postgres`, for people. */
  readonly kind: string;
  /**
   * Opens the store and answers its identity, which is the same however often it is opened, and is not that of another store in its place;
   * `published`: hears up to where its events are in the log. Throws SluiceError.
   */
  open(context: ServiceContext, upcasters: Upcasters): Promise<StoreToHost>;
  /** Where it is left for others to use. */
  readonly stores: OpenEventStore;
  readonly topic: string;
  /** What publishes it. */
  readonly connectors: readonly ServiceConnector[];
  /** Absolute path of the module of aggregates; null: none. */
  readonly aggregates: string | null;
};

/** The event store that a worker hosts: opened with the worker, published by connectors, used by REST through `stores`. */
export function eventStoreService(settings: EventStoreServiceSettings): Service {
  const counters = new StoreCounters();
  const { connectors } = settings;
  return {
    name: eventStoreName,
    connectors,
    metrics: counters.families,
    async start(context) {
      const module = settings.aggregates === null ? noAggregates : await loadAggregates(settings.aggregates);
      const opened = await settings.open(context, module.upcasters);
      const running = new RunningEventStore(settings, context, { ...opened, counters, module });
      running.begin();
      return running;
    },
  };
}

type Opened = StoreToHost & {
  readonly counters: StoreCounters;
  readonly module: AggregatesModule;
};

class RunningEventStore implements RunningService {
  readonly #settings: EventStoreServiceSettings;
  readonly #context: ServiceContext;
  readonly #id: string;
  readonly #published: (position: bigint) => void;
  readonly #store: EventStore;
  readonly #module: AggregatesModule;
  readonly #closing = new AbortController();
  readonly #broken = Promise.withResolvers<never>();

  constructor(settings: EventStoreServiceSettings, context: ServiceContext, { id, store, published, counters, module }: Opened) {
    this.#settings = settings;
    this.#context = context;
    this.#id = id;
    this.#published = published ?? (() => {});
    this.#store = new CountedEventStore(store, counters, error => this.#broken.reject(error));
    this.#module = module;
    // The host looks at it later, or not any more.
    this.#broken.promise.catch(() => {});
  }

  get failed(): Promise<never> {
    return this.#broken.promise;
  }

  begin(): void {
    const { stores, connectors } = this.#settings;
    const { aggregates } = this.#module;
    stores.set({ id: this.#id, store: this.#store, aggregates, closing: this.#closing.signal, published: this.#published });
    // What could not start before the store was there can now.
    for (const { name } of connectors)
      void this.#context.connectors
        .revive(name)
        .catch((error: unknown) =>
          this.#context.logger.warn({ connector: name }, `${name} could not be started anew: ${toSluiceError(error).message}`),
        );
  }

  health(): Readonly<Record<string, unknown>> {
    const { kind, topic, connectors } = this.#settings;
    const states = connectors.map(({ name }) => [name, this.#context.connectors.states(name) ?? 'not on this worker']);
    return { store: kind, topic, aggregates: [...this.#module.aggregates.keys()], publication: Object.fromEntries(states) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#settings.stores.set(null);
    this.#closing.abort();
    await this.#store[Symbol.asyncDispose]();
  }
}
