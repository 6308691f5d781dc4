import { dirname, resolve } from 'node:path';
import { type ConfigFault, type RawConfig, SluiceError } from '../contract/index.ts';
import { type ConfigProvider, defaultProviders, makeProviders } from './config-providers.ts';
import { type ConfigDocument, readConfigFile } from './document.ts';
import { resolveAllPlaceholders } from './placeholders.ts';
import { type AccessConfig, accessOf } from './rest-access-options.ts';
import type { ListenerAddress, ResponseHeader } from './rest-options.ts';
import { type ListenerTls, parseListenerTls } from './rest-tls-options.ts';
import { parseServices, type ServicesConfig } from './services/service-options.ts';
import { acceptedWithoutEffect, workerSpec } from './worker-options.ts';

/** A worker's config, resolved: paths absolute, placeholders replaced. It may hold secrets in `raw`: never print it. */
export type WorkerConfig = {
  readonly file: string;
  readonly dataDir: string;
  /** Waits where another worker owns `dataDir`. */
  readonly standby: boolean;
  /** Absolute paths or patterns. */
  readonly connectorPatterns: readonly string[];
  /** Whether those files are followed while the worker runs. */
  readonly connectorsWatched: boolean;
  readonly logLevel: string;
  readonly embedded: { readonly retentionMs: number; readonly retentionBytes: number; readonly partitions: number };
  /** null: the embedded log. */
  readonly bootstrapServers: readonly string[] | null;
  /** All options, resolved: for the Kafka log. Holds secrets. */
  readonly raw: RawConfig;
  readonly topicCreation: boolean;
  readonly exactlyOnce: boolean;
  /** `key.converter`, `value.converter.schemas.enable` ...: what a connector that names no converter gets. */
  readonly converters: RawConfig;
  readonly overridePolicy: 'all' | 'none' | 'principal';
  readonly providers: ReadonlyMap<string, ConfigProvider>;
  readonly listeners: readonly ListenerAddress[];
  /** Where /admin is answered instead; null: on `listeners`. */
  readonly adminListeners: readonly ListenerAddress[] | null;
  /** Of https listeners. Holds secrets. */
  readonly tls: ListenerTls | null;
  readonly adminTls: ListenerTls | null;
  readonly access: AccessConfig;
  readonly advertised: { readonly host: string | null; readonly port: number | null; readonly protocol: 'http' | 'https' | null };
  readonly responseHeaders: readonly ResponseHeader[];
  readonly cors: { readonly origins: string; readonly methods: string };
  readonly topicTracking: boolean;
  readonly topicTrackingReset: boolean;
  readonly taskStopMsMax: number;
  /** `lookEveryMs`: how often databases are asked for lag and headroom; `debeziumNames`: shown beside ours. */
  readonly metrics: { readonly lookEveryMs: number; readonly debeziumNames: boolean };
  /** Holds secrets. */
  readonly services: ServicesConfig;
};

/** The part of a worker's config that the Kafka log reads and checks by itself. */
export type KafkaOptions = {
  parse(raw: RawConfig): { readonly faults: readonly ConfigFault[]; readonly warnings: readonly ConfigFault[] };
};

/** A worker file as it was read, with what there is to say about it. */
export type LoadedWorker = { readonly config: WorkerConfig; readonly warnings: readonly string[] };

/** The place of an option in its file, for messages. */
function located(document: ConfigDocument, { option, message }: ConfigFault): string {
  const line = document.lines.get(option);
  return `${document.file}${line === undefined ? '' : `:${line}`}: ${message}`;
}

/** Reads a worker file. Throws SluiceError CONFIG_FILE_UNREADABLE, CONFIG_PROVIDER_FAILED or, with all faults at once, CONFIG_INVALID. */
export async function loadWorker(
  file: string,
  environment: NodeJS.ProcessEnv,
  kafkaOptions: () => Promise<KafkaOptions>,
): Promise<LoadedWorker> {
  const documents = await readConfigFile(file);
  const [document] = documents;
  if (documents.length > 1)
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `${file}: a worker file holds one document, this one ${documents.length}.`);
  return resolveWorker(document ?? { file, entries: new Map(), lines: new Map(), line: 1 }, environment, kafkaOptions);
}

/** As `loadWorker`, for a document at hand. */
export async function resolveWorker(
  document: ConfigDocument,
  environment: NodeJS.ProcessEnv,
  kafkaOptions: () => Promise<KafkaOptions>,
): Promise<LoadedWorker> {
  const { file } = document;
  const written: RawConfig = Object.fromEntries(document.entries);
  const providerNames = (written['config.providers'] ?? defaultProviders)
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  const providers = makeProviders(providerNames, written, environment);
  const raw = await resolveAllPlaceholders(written, providers);
  const parsed = workerSpec.parse(raw, name => name in acceptedWithoutEffect || name === 'services' || name.startsWith('services.'));
  const kafka = raw['bootstrap.servers'] === undefined ? { faults: [], warnings: [] } : (await kafkaOptions()).parse(raw);
  const { config } = parsed;
  const tls = parseListenerTls(config?.listeners ?? [], raw, 'listeners.https.');
  const adminTls = parseListenerTls(config?.['admin.listeners'] ?? [], raw, 'admin.listeners.https.');
  const services = parseServices(raw, written);
  const faults = [...parsed.faults, ...kafka.faults, ...tls.faults, ...adminTls.faults, ...services.faults];
  const warnings = [...parsed.warnings, ...kafka.warnings, ...tls.warnings, ...adminTls.warnings];
  if (config === null || faults.length > 0)
    throw new SluiceError('CONFIG_INVALID', faults.map(fault => located(document, fault)).join('\n'));
  const folder = dirname(resolve(file));
  const converters = Object.fromEntries(Object.entries(raw).filter(([name]) => /^(?:key|value|header)\.converter\./.test(name)));
  return {
    warnings: warnings.map(warning => located(document, warning)),
    config: {
      file,
      dataDir: resolve(folder, config['data.dir']),
      standby: config.standby,
      connectorPatterns: config.connectors.map(pattern => resolve(folder, pattern)),
      connectorsWatched: config['connectors.watch'],
      logLevel: config['log.level'],
      embedded: {
        retentionMs: config['log.retention.ms'],
        retentionBytes: config['log.retention.bytes'],
        partitions: config['num.partitions'],
      },
      bootstrapServers: config['bootstrap.servers'],
      raw,
      topicCreation: config['topic.creation.enable'],
      exactlyOnce: config['exactly.once.source.support'] === 'enabled',
      converters: {
        'key.converter': config['key.converter'],
        'value.converter': config['value.converter'],
        'header.converter': config['header.converter'],
        ...converters,
      },
      overridePolicy: config['connector.client.config.override.policy'],
      providers,
      listeners: config.listeners,
      adminListeners: config['admin.listeners'],
      tls: tls.tls,
      adminTls: adminTls.tls,
      access: accessOf(config, folder),
      advertised: {
        host: config['rest.advertised.host.name'],
        port: config['rest.advertised.port'],
        protocol: config['rest.advertised.listener'],
      },
      responseHeaders: config['response.http.headers.config'],
      cors: { origins: config['access.control.allow.origin'], methods: config['access.control.allow.methods'] },
      topicTracking: config['topic.tracking.enable'],
      topicTrackingReset: config['topic.tracking.allow.reset'],
      taskStopMsMax: config['task.shutdown.graceful.timeout.ms'],
      metrics: { lookEveryMs: config['metrics.database.interval.ms'], debeziumNames: config['metrics.debezium.names'] },
      services: services.services,
    },
  };
}
