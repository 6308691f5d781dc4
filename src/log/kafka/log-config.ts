import { hostname } from 'node:os';
import { type ConfigFault, configSpec, options, type RawConfig, SluiceError } from '../../contract/index.ts';
import { connectionSpec, isConnectionOption, type KafkaConnection } from './connection-config.ts';
import { checkWorkerConsumer } from './consumer-options.ts';
import { type ProducerSettings, producerSpec } from './producer-config.ts';
import type { GroupTimes } from './worker-group-requests.ts';

/** One of Connect's three internal topics. */
export type StorageTopic = {
  readonly topic: string;
  readonly partitions: number;
  /** null: three, or as many as there are brokers. */
  readonly replicationFactor: number | null;
  /** Topic configs beside `cleanup.policy`, which is always compact. */
  readonly configs: Readonly<Record<string, string>>;
};

/** What the Kafka log is opened with. */
export type KafkaLogConfig = {
  /** For the internal topics. */
  readonly connection: KafkaConnection;
  /** For reads (`consumer.*` over the worker's own). */
  readonly readerConnection: KafkaConnection;
  /** For creating, describing and deleting topics (`admin.*` over the worker's own). */
  readonly adminConnection: KafkaConnection;
  readonly groupId: string;
  /** `host:port` of this worker's REST interface: Connect's worker id in the status topic. */
  readonly workerId: string;
  /** Where the other workers reach that interface. */
  readonly workerUrl: string;
  readonly groupTimes: GroupTimes;
  readonly configStorage: StorageTopic;
  readonly offsetStorage: StorageTopic;
  readonly statusStorage: StorageTopic;
  /** The worker's options as given, for those that concern one task's producer; a function, so that no dump shows the secrets in them. */
  readonly raw: () => RawConfig;
};

const group = 'Kafka';
const workerGroup = 'Worker group';
const replicas = 'Copies of the topic; unset: three, or as many as there are brokers.';

const storageOptions = {
  'group.id': options.string({
    default: 'sluice',
    group,
    importance: 'HIGH',
    doc: 'Name of the group of workers that share the connectors; transactional ids begin with it.',
  }),
  'session.timeout.ms': options.int({
    default: '10000',
    min: 1,
    group: workerGroup,
    doc: 'A worker that has not been heard of for so long is gone, and others take over its connectors. Brokers take 6000 to 1800000 (group.min.session.timeout.ms, group.max.session.timeout.ms).',
  }),
  'heartbeat.interval.ms': options.int({
    default: '3000',
    min: 1,
    group: workerGroup,
    doc: 'How often a worker tells the group that it lives, and hears of a rebalance; less than session.timeout.ms.',
  }),
  'rebalance.timeout.ms': options.int({
    default: '60000',
    min: 1,
    group: workerGroup,
    doc: 'How long a rebalance waits for a worker to stop what it loses and to join again.',
  }),
  'config.storage.topic': options.string({ default: 'sluice-configs', group, doc: 'Topic of the connectors’ configs.' }),
  'config.storage.replication.factor': options.int({ default: null, group, doc: replicas }),
  'offset.storage.topic': options.string({ default: 'sluice-offsets', group, doc: 'Topic of the source offsets.' }),
  'offset.storage.partitions': options.int({ default: '25', min: 1, group, doc: 'Partitions of the offset topic.' }),
  'offset.storage.replication.factor': options.int({ default: null, group, doc: replicas }),
  'status.storage.topic': options.string({ default: 'sluice-status', group, doc: 'Topic of the connectors’ states.' }),
  'status.storage.partitions': options.int({ default: '5', min: 1, group, doc: 'Partitions of the status topic.' }),
  'status.storage.replication.factor': options.int({ default: null, group, doc: replicas }),
  'rest.advertised.host.name': options.string({
    default: null,
    group: 'REST',
    doc: 'Host by which other workers and people reach this one.',
  }),
  'rest.advertised.port': options.int({ default: '8083', group: 'REST', doc: 'Port by which other workers and people reach this one.' }),
};

/** The worker's own options that concern Kafka, its prefixes included; everything else is somebody else's. */
export function isKafkaWorkerOption(name: string): boolean {
  return (
    name in storageOptions ||
    (isConnectionOption(name) && name !== 'client.id') ||
    name === 'client.id' ||
    /^(producer|consumer|admin|config\.storage|offset\.storage|status\.storage)\./.test(name)
  );
}

/** The Kafka part of a worker's config. All faults at once. */
export const kafkaLogSpec = configSpec({
  options: storageOptions,
  patterns: [
    { pattern: /^producer\./, doc: 'Options of the producers of source tasks.', example: 'producer.compression.type' },
    {
      pattern: /^consumer\./,
      doc: 'Options of the consumers of sink tasks; those of the connection are also for all other reading.',
      example: 'consumer.sasl.jaas.config',
    },
    { pattern: /^admin\./, doc: 'Connection options of administration.', example: 'admin.sasl.jaas.config' },
    {
      pattern: /^(config|offset|status)\.storage\./,
      doc: 'Topic configs of the internal topics.',
      example: 'offset.storage.min.insync.replicas',
    },
  ],
  refine(config, raw, report): KafkaLogConfig | null {
    const connection = connectionSpec.parse(select(raw, isConnectionOption), () => true);
    for (const fault of connection.faults) report.fault(fault.option, fault.message);
    const producer = resolveProducer(raw, {}, true);
    const known = new Set(connection.faults.map(fault => `producer.${fault.option}`));
    for (const fault of producer.faults)
      if (!known.has(fault.option) && fault.option.startsWith('producer.')) report.fault(fault.option, fault.message);
    for (const warning of producer.warnings) report.warning(warning.option, warning.message);
    const prefixed = (prefix: string): KafkaConnection | null => {
      // `admin.listeners` is no client's: REST listens there.
      const own = select(strip(raw, prefix), name => !/^listeners(?:$|\.https\.)/.test(name));
      for (const name of Object.keys(own))
        if (!isConnectionOption(name) && prefix !== 'consumer.')
          report.fault(prefix + name, `The option '${prefix}${name}' is not supported: only connection options are.`);
      if (Object.keys(own).length === 0) return connection.config;
      const parsed = connectionSpec.parse({ ...select(raw, isConnectionOption), ...select(own, isConnectionOption) }, () => true);
      for (const fault of parsed.faults) if (fault.option in own) report.fault(prefix + fault.option, fault.message);
      return parsed.config;
    };
    const consumer = checkWorkerConsumer(raw);
    for (const fault of consumer.faults) report.fault(fault.option, fault.message);
    for (const warning of consumer.warnings) report.warning(warning.option, warning.message);
    const [readerConnection, adminConnection] = [prefixed('consumer.'), prefixed('admin.')];
    if (connection.config === null || readerConnection === null || adminConnection === null) return null;
    const [sessionTimeoutMs, heartbeatMs] = [config['session.timeout.ms'], config['heartbeat.interval.ms']];
    if (heartbeatMs >= sessionTimeoutMs)
      report.fault(
        'heartbeat.interval.ms',
        `heartbeat.interval.ms (${heartbeatMs}) must be less than session.timeout.ms (${sessionTimeoutMs}).`,
      );
    const storage = (name: 'config' | 'offset' | 'status', partitions: number): StorageTopic => ({
      topic: config[`${name}.storage.topic`],
      partitions,
      replicationFactor: config[`${name}.storage.replication.factor`],
      configs: select(strip(raw, `${name}.storage.`), key => !['topic', 'partitions', 'replication.factor'].includes(key)),
    });
    const workerId = `${config['rest.advertised.host.name'] ?? hostname()}:${config['rest.advertised.port']}`;
    return {
      connection: connection.config,
      readerConnection,
      adminConnection,
      groupId: config['group.id'],
      workerId,
      workerUrl: `http://${workerId}`,
      groupTimes: { sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs: config['rebalance.timeout.ms'] },
      configStorage: storage('config', 1),
      offsetStorage: storage('offset', config['offset.storage.partitions']),
      statusStorage: storage('status', config['status.storage.partitions']),
      raw: () => raw,
    };
  },
});

/** The log's config from a worker's options. Throws SluiceError CONFIG_INVALID that names every fault. */
export function kafkaLogConfig(raw: RawConfig): KafkaLogConfig {
  const { config, faults } = kafkaLogSpec.parse(raw, () => true);
  if (config === null) throw invalid('The worker’s Kafka options are invalid', faults);
  return config;
}

/** A task's producer: how it connects and how it sends. */
export type TaskProducerConfig = { readonly connection: KafkaConnection; readonly settings: ProducerSettings };

/** The worker's options, then its `producer.*`, then the connector's `producer.override.*`. Throws SluiceError CONFIG_INVALID. */
export function taskProducerConfig(
  config: KafkaLogConfig,
  overrides: Readonly<Record<string, string>>,
  transactional: boolean,
): TaskProducerConfig {
  const { connection, settings, faults } = resolveProducer(config.raw(), overrides, transactional);
  if (connection === null || settings === null || faults.length > 0) throw invalid('The producer’s options are invalid', faults);
  return { connection, settings };
}

/** What is wrong with a connector's `producer.override.*`, told when the connector is submitted. */
export function checkProducerOverrides(config: KafkaLogConfig, overrides: Readonly<Record<string, string>>, transactional: boolean) {
  const { faults, warnings } = resolveProducer(config.raw(), overrides, transactional);
  const own = ({ option }: ConfigFault) => option.startsWith('producer.override.');
  return { faults: faults.filter(own), warnings: warnings.filter(own) };
}

function resolveProducer(raw: RawConfig, overrides: RawConfig, transactional: boolean) {
  const ofWorker = strip(raw, 'producer.');
  const merged = { ...ofWorker, ...overrides };
  const named = (fault: ConfigFault): ConfigFault => ({
    ...fault,
    option: fault.option in overrides ? `producer.override.${fault.option}` : `producer.${fault.option}`,
  });
  const connection = connectionSpec.parse({ ...select(raw, isConnectionOption), ...select(merged, isConnectionOption) }, () => true);
  const producer = producerSpec.parse(select(merged, name => !isConnectionOption(name)));
  const faults = [...connection.faults, ...producer.faults].map(named);
  if (transactional && producer.config?.idempotent === false)
    for (const name of ['acks', 'enable.idempotence'])
      if (merged[name] !== undefined && !['all', '-1', 'true'].includes(merged[name].trim().toLowerCase()))
        faults.push(
          named({ option: name, message: `Exactly once needs acks=all and enable.idempotence=true, not ${name}=${merged[name]}.` }),
        );
  return { connection: connection.config, settings: producer.config, faults, warnings: producer.warnings.map(named) };
}

function invalid(what: string, faults: readonly ConfigFault[]): SluiceError {
  return new SluiceError('CONFIG_INVALID', `${what}: ${faults.map(fault => `${fault.option}: ${fault.message}`).join(' ')}`);
}

function select(raw: RawConfig, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(raw).filter(([name]) => wanted(name)));
}

function strip(raw: RawConfig, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
