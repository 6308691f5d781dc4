import { dirname, resolve } from 'node:path';
import type { EventStoreConfig } from '../config/services/event-store-options.ts';
import type { ServiceConfig } from '../config/services/service-options.ts';
import type { WorkerConfig } from '../config/worker-file.ts';
import type { PluginRegistry, SluiceError } from '../contract/index.ts';
import type { FileConnector } from '../engine/supervisor/supervisor-loading.ts';
import { registry } from '../registry.ts';
import { loadAggregates } from '../services/event-store/hosting/aggregates-module.ts';
import { type EventStoreServiceSettings, eventStoreName, eventStoreService } from '../services/event-store/hosting/event-store-service.ts';
import { openHostedSqlite } from '../services/event-store/hosting/hosted-sqlite.ts';
import { OpenEventStore } from '../services/event-store/hosting/open-event-store.ts';
import {
  type Publication,
  publicationClass,
  publicationOf,
  publicationPlugin,
  publishedTopic,
  topicCreation,
} from '../services/event-store/publication/plugin.ts';
import { publicationName } from '../services/event-store/publication/publication-names.ts';
import { HostedPlugins } from '../services/hosting/hosted-plugins.ts';
import type { Service, ServiceConnector } from '../services/hosting/service.ts';
import { connectorsOf } from '../services/hosting/service-connectors.ts';
import type { PublishedTopics } from '../services/sagas/runtime/saga-topics.ts';
import type { Sagas } from '../services/sagas/runtime/sagas-service.ts';
import { version } from '../version.ts';
import { faultsOf } from './faults.ts';
import { readSagas, sagaFiles, sagasOfWorker } from './sagas-of-worker.ts';
import { connectionOf, databaseOf } from './service-database.ts';

/** What a worker's file has it run beside its connectors, made of the config alone: nothing is open. */
export type WorkerServices = {
  readonly services: readonly Service[];
  /** All plugins, those among them that only these services have. */
  readonly registry: PluginRegistry;
  /** Connectors that do a part of the services' work, held by the worker's file. */
  readonly connectors: readonly FileConnector[];
  /** null: the file names no event store. */
  readonly eventStore: OpenEventStore | null;
  /** null: the file names no sagas. */
  readonly sagas: Sagas | null;
};

export async function servicesOf(config: WorkerConfig): Promise<WorkerServices> {
  const { eventStore, sagas } = config.services;
  const stores = eventStore === null ? null : new OpenEventStore();
  const services: Service[] = [];
  if (eventStore !== null && stores !== null) services.push(await hostedEventStore(config, eventStore, stores));
  const hostedSagas = sagas === null ? null : await sagasOfWorker(sagas, config.file, publishedTopicsOf(config));
  if (hostedSagas !== null) services.push(hostedSagas);
  const own = eventStore?.config.store === 'sqlite' && stores !== null;
  const sources = own ? [{ class: publicationClass, version, plugin: publicationPlugin(stores) }] : [];
  return {
    services,
    registry: sources.length === 0 ? registry : new HostedPlugins(registry, sources),
    connectors: connectorsOf(services, config.file),
    eventStore: stores,
    sagas: hostedSagas,
  };
}

/** What of the services can be found wrong without opening anything: modules that do not load, files that are not there. */
export async function serviceFaults(config: WorkerConfig): Promise<readonly SluiceError[]> {
  const { eventStore, sagas } = config.services;
  const tries: (() => unknown)[] = [];
  const module = eventStore === null ? null : aggregatesFile(config, eventStore.config);
  if (module !== null) tries.push(() => loadAggregates(module));
  if (eventStore?.config.store === 'postgres') tries.push(() => connectionOf(eventStoreName, eventStore.config));
  if (sagas !== null) tries.push(() => readSagas(sagaFiles(sagas.config, config.file)));
  if (sagas?.config.store === 'postgres') tries.push(() => connectionOf('sagas', sagas.config));
  return faultsOf(tries);
}

function aggregatesFile({ file }: WorkerConfig, { aggregates }: EventStoreConfig): string | null {
  return aggregates === null ? null : resolve(dirname(resolve(file)), aggregates);
}

async function hostedEventStore(
  worker: WorkerConfig,
  { config, raw }: ServiceConfig<EventStoreConfig>,
  stores: OpenEventStore,
): Promise<Service> {
  const common = { kind: config.store, stores, topic: config.topic, aggregates: aggregatesFile(worker, config) };
  const publication = publicationSettings(config);
  const retention = retentionOf(config);
  if (config.store === 'sqlite') {
    const folder = resolve(worker.dataDir, config.folder);
    const open: EventStoreServiceSettings['open'] = ({ log }, upcasters) => openHostedSqlite(folder, log, { upcasters, retention });
    return eventStoreService({ ...common, open, connectors: [publicationOf(publication)] });
  }
  const { publicationConnector } = await import('../services/event-store/postgres/publication-connector.ts');
  const { PublicationBegun } = await import('../services/event-store/postgres/publication-begun.ts');
  const schema = config['database.schema'];
  const created = topicCreation(publication);
  const published = (name: string, routeBy: 'store' | 'type'): ServiceConnector => {
    const connector = publicationConnector({ name, database: databaseOf(config, raw), schema, topic: config.topic, routeBy });
    return { name, config: { ...connector.config, ...created } };
  };
  const connectors = [
    published(publicationName, 'store'),
    ...(config['topic.per.type'] ? [published(`${publicationName}-by-type`, 'type')] : []),
  ];
  return eventStoreService({
    ...common,
    async open({ log, clock }, upcasters) {
      const { openPostgresEventStore } = await import('../services/event-store/postgres/postgres-event-store.ts');
      const names = connectors.map(({ name }) => name);
      const { isSo: erases } = new PublicationBegun(log, names, () => clock.nowMs());
      const connection = connectionOf(eventStoreName, config);
      return { id: 'postgres', store: await openPostgresEventStore({ connection, schema, retention, erases, upcasters }) };
    },
    connectors,
  });
}

function publicationSettings(config: EventStoreConfig): Publication {
  return {
    topic: config.topic,
    topicPerType: config['topic.per.type'],
    partitions: config['topic.partitions'],
    replicationFactor: config['topic.replication.factor'],
    retentionMs: config['topic.retention.ms'],
  };
}

/** Topics of the worker's event store that its sagas may make before it: what a saga begins with is an event, whose type is not told from the topic. */
export function publishedTopicsOf({ services: { eventStore } }: Pick<WorkerConfig, 'services'>): PublishedTopics {
  if (eventStore === null) return () => null;
  const publication = publicationSettings(eventStore.config);
  return (topic, starts) =>
    topic === publication.topic || (starts && publication.topicPerType) ? publishedTopic(publication, topic) : null;
}

function retentionOf(config: EventStoreConfig) {
  const [events, ageMs] = [config['retention.events'], config['retention.ms']];
  return { eventsMax: events < 0 ? null : events, ageMsMax: ageMs < 0 ? null : ageMs };
}
