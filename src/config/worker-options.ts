import { configSpec, options } from '../contract/index.ts';
import { checkRestAccess, restAccessOptions } from './rest-access-options.ts';
import { restOptions } from './rest-options.ts';
import { listenerTlsPatterns, usesPlainTls } from './rest-tls-options.ts';
import { servicePatterns } from './services/service-options.ts';

const jsonConverter = 'org.apache.kafka.connect.json.JsonConverter';
const simpleHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

const connector = 'Connectors';
const log = 'Log';
const worker = 'Worker';
const metrics = 'Metrics';

/** Every fixed option of a worker file, Kafka Connect's by its names. */
export const workerOptions = {
  // Ours
  'data.dir': options.string({
    default: 'data',
    group: worker,
    importance: 'HIGH',
    doc: 'The folder of the embedded log: topics, offsets, connector configurations and states. Relative to the worker file.',
  }),
  standby: options.boolean({
    default: 'true',
    group: worker,
    doc: 'Embedded log: what the worker does where another one owns data.dir. true: it stands by, says so, and takes over when that one ends. false: it ends with LOG_LOCKED.',
  }),
  connectors: options.list({
    default: '',
    group: connector,
    importance: 'HIGH',
    doc: 'Connector files to run, YAML or JSON, as paths or patterns (`connectors/*.yaml`), relative to the worker file.',
  }),
  'connectors.watch': options.boolean({
    default: 'false',
    group: connector,
    doc: 'Whether connector files are watched: what they say is followed while the worker runs, a moment after they changed. A file that cannot be read or whose connector has a fault, and a change that would lose a position, change nothing and are told of in the log. false: `sluice apply` or a restart follows them.',
  }),
  'log.level': options.choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'off'], {
    default: 'info',
    group: worker,
    doc: 'The level of all loggers at the start; PUT /admin/loggers/NAME changes levels while the worker runs.',
  }),
  'log.retention.ms': options.long({
    default: '604800000',
    min: -1,
    group: log,
    doc: 'Embedded log: how long records are kept in topics that have no retention.ms of their own; -1: for ever.',
  }),
  'log.retention.bytes': options.long({
    default: '-1',
    min: -1,
    group: log,
    doc: 'Embedded log: how many bytes a partition keeps in topics that have no retention.bytes of their own; -1: no limit.',
  }),
  'num.partitions': options.int({
    default: '1',
    min: 1,
    group: log,
    doc: 'Embedded log: partitions of topics that are created without a number.',
  }),
  'metrics.database.interval.ms': options.long({
    default: '15000',
    min: 100,
    group: metrics,
    doc: 'How often each connector’s database is asked for its log, and each sink’s topics for their ends: what lag and headroom in /metrics are as of. It is never asked by a scrape. Connectors that are paused, stopped or failed are asked too, over a connection of a moment.',
  }),
  'metrics.debezium.names': options.boolean({
    default: 'false',
    group: metrics,
    doc: 'Show Debezium’s metrics beside Sluice’s, under the names and labels that the JMX exporter gives them with Debezium’s example config (debezium_metrics_MilliSecondsBehindSource), for dashboards that look for them.',
  }),
  // Log
  'bootstrap.servers': options.parsed(
    'LIST',
    {
      default: null,
      group: log,
      importance: 'HIGH',
      doc: 'Kafka’s brokers as host:port. Without it the embedded log under data.dir is used.',
    },
    text => {
      const servers = text
        .split(',')
        .map(server => server.trim())
        .filter(server => server !== '');
      if (servers.length === 0) throw new Error('No server is named; leave the option out to use the embedded log');
      for (const server of servers)
        if (!/^(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/i.test(server)) throw new Error(`'${server}' is not host:port`);
      return servers as readonly string[];
    },
  ),
  'topic.creation.enable': options.boolean({
    default: 'true',
    group: log,
    doc: 'Create the topics that connectors write to, by their topic.creation.* options.',
  }),
  'exactly.once.source.support': options.choice(['disabled', 'preparing', 'enabled'], {
    default: 'enabled',
    group: log,
    doc: 'Write records and offsets in one transaction. `preparing` means disabled here: nothing has to be prepared.',
  }),
  // Converters
  'key.converter': options.className({
    default: jsonConverter,
    group: connector,
    importance: 'HIGH',
    doc: 'Converter of keys, for connectors that name none.',
  }),
  'value.converter': options.className({
    default: jsonConverter,
    group: connector,
    importance: 'HIGH',
    doc: 'Converter of values, for connectors that name none.',
  }),
  'header.converter': options.className({
    default: simpleHeaderConverter,
    group: connector,
    doc: 'Converter of headers, for connectors that name none.',
  }),
  'connector.client.config.override.policy': options.parsed(
    'STRING',
    {
      default: 'All',
      group: connector,
      doc: 'Which `producer.override.*` a connector may set: All, None or Principal (only security.protocol and sasl.*).',
    },
    text => {
      const name = text
        .trim()
        .replace(/^org\.apache\.kafka\.connect\.connector\.policy\.|ConnectorClientConfigOverridePolicy$/g, '')
        .toLowerCase();
      if (name !== 'all' && name !== 'none' && name !== 'principal') throw new Error('Value must be one of All, None, Principal');
      return name as 'all' | 'none' | 'principal';
    },
  ),
  'config.providers': options.list({
    default: 'file,env,dir',
    group: connector,
    doc: `Where \${NAME:path:key} in configurations is looked up. file, env and dir need no class; others take config.providers.NAME.class.`,
  }),
  // REST
  ...restOptions,
  ...restAccessOptions,
  'task.shutdown.graceful.timeout.ms': options.long({
    default: '5000',
    min: 0,
    max: 9000,
    group: worker,
    doc: 'How long the worker waits for tasks to end cleanly when they are stopped; all of them together.',
  }),
  // What Connect has and this worker has not
  'offsets.storage.topic': options.string({
    default: null,
    group: log,
    doc: 'A connector’s option.',
    unsupported: 'it belongs to a connector; the worker’s is offset.storage.topic.',
  }),
};

/**
 * Options of Kafka Connect that a worker file may carry over although nothing here depends on them, each with what is so instead: they
 * are accepted with that as a warning.
 */
export const acceptedWithoutEffect: Readonly<Record<string, string>> = {
  'plugin.path': 'plugins are part of Sluice; Java plugins cannot be loaded.',
  'plugin.discovery': 'plugins are part of Sluice; none are looked for.',
  'offset.flush.interval.ms': 'offsets are written together with the records they cover, not at intervals.',
  'offset.flush.timeout.ms': 'offsets are written together with the records they cover, not at intervals.',
  'offset.storage.file.filename': 'offsets live in the log (data.dir, or offset.storage.topic).',
  'worker.sync.timeout.ms': 'a worker reads the config topic to its end before it decides or starts anything.',
  'worker.unsync.backoff.ms': 'a worker reads the config topic to its end before it decides or starts anything.',
  'scheduled.rebalance.max.delay.ms': 'the connectors of a worker that is gone are taken over at once.',
  'connect.protocol': 'the workers of a group share connectors in one way, an incremental one.',
  'inter.worker.key.generation.algorithm': 'workers hand a request on with the login of whoever sent it, unsigned.',
  'inter.worker.key.size': 'workers hand a request on with the login of whoever sent it, unsigned.',
  'inter.worker.key.ttl.ms': 'workers hand a request on with the login of whoever sent it, unsigned.',
  'inter.worker.signature.algorithm': 'workers hand a request on with the login of whoever sent it, unsigned.',
  'inter.worker.verification.algorithms': 'workers hand a request on with the login of whoever sent it, unsigned.',
  'metric.reporters': 'Java classes cannot be loaded.',
  'metrics.num.samples': 'Kafka’s own client metrics are not kept.',
  'metrics.recording.level': 'Kafka’s own client metrics are not kept.',
  'metrics.sample.window.ms': 'Kafka’s own client metrics are not kept.',
};

/**
 * Options that concern Kafka: the clients' own, with or without `producer.`, `consumer.` or `admin.` before them, and the worker's internal
 * topics. The Kafka log reads and checks them; without `bootstrap.servers` they have no effect.
 */
export const kafkaOption =
  /^(?:group\.id|session\.timeout\.ms|heartbeat\.interval\.ms|rebalance\.timeout\.ms|client\.id|(?:config|offset|status)\.storage\..+|(?:producer|consumer|admin(?!\.listeners(?:$|\.https\.)))\.[a-z].*|security\.protocol|sasl\..+|ssl\..+|client\.dns\.lookup|connections\.max\.idle\.ms|metadata\.max\.age\.ms|(?:request|default\.api|socket\.connection\.setup)\.timeout(?:\.max)?\.ms|reconnect\.backoff(?:\.max)?\.ms|retry\.backoff(?:\.max)?\.ms|(?:send|receive)\.buffer\.bytes)$/;

export const workerSpec = configSpec({
  doc: 'The worker: where it listens, where its log is, which connectors it runs, and what connectors get that do not say otherwise.',
  options: workerOptions,
  patterns: [
    { pattern: /^(?:key|value|header)\.converter\..+$/, example: 'value.converter.schemas.enable', doc: 'Options of the converters.' },
    {
      pattern: /^config\.providers\.[^.]+\.(?:class|param\..+)$/,
      example: 'config.providers.file.param.allowed.paths',
      doc: 'Options of the config providers.',
    },
    ...listenerTlsPatterns,
    ...servicePatterns,
    { pattern: kafkaOption, example: 'producer.compression.type', doc: 'Options of the Kafka clients and of the internal topics.' },
  ],
  refine(config, raw, report) {
    for (const name of Object.keys(raw)) {
      const instead = acceptedWithoutEffect[name];
      if (instead) report.warning(name, `'${name}' has no effect: ${instead}`);
    }
    checkRestAccess(config, raw, report);
    const listenersUse = (name: string) => name.startsWith('ssl.') && usesPlainTls(config, raw);
    const idle = config['bootstrap.servers'] === null ? Object.keys(raw).filter(name => kafkaOption.test(name) && !listenersUse(name)) : [];
    if (idle.length > 0)
      report.warning(
        idle[0]!,
        `Without bootstrap.servers the embedded log is used; these options of Kafka have no effect: ${idle.join(', ')}`,
      );
    return config;
  },
});
