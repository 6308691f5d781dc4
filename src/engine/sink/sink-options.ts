import { type ConfigReport, configSpec, javaRegex, matchesWhole, options, type RawConfig } from '../../contract/index.ts';
import {
  commonLayout,
  commonOptions,
  commonPatterns,
  errorHandling,
  type OptionPlace,
  warnOfRetries,
} from '../connector/connector-options.ts';

const batches = 'Batches';

/** The options that every sink connector has: Kafka Connect's, in its order and with its words; then ours. */
export const sinkOptions = {
  ...commonOptions,
  topics: options.list({
    default: '',
    doc: 'List of topics to consume, separated by commas. A topic that does not exist yet joins when it is made.',
    importance: 'HIGH',
    displayName: 'Topics',
  }),
  'topics.regex': options.parsed(
    'STRING',
    {
      default: '',
      doc: 'Regular expression giving topics to consume: a Java pattern over whole names. Only one of topics or topics.regex should be specified.',
      importance: 'HIGH',
      displayName: 'Topics regex',
    },
    text => {
      if (text.trim() === '') return null;
      try {
        return javaRegex(text);
      } catch (error) {
        throw new Error(`Invalid regex: ${(error as Error).message}`, { cause: error });
      }
    },
  ),
  'errors.deadletterqueue.topic.name': options.string({
    default: '',
    doc: 'The name of the topic to be used as the dead letter queue (DLQ) for messages that result in an error when processed by this sink connector, or its transformations or converters. The topic name is blank by default, which means that no messages are to be recorded in the DLQ. It takes effect with errors.tolerance=all.',
    group: errorHandling,
    displayName: 'Dead Letter Queue Topic Name',
  }),
  'errors.deadletterqueue.topic.replication.factor': options.parsed(
    'SHORT',
    {
      default: '3',
      doc: 'Replication factor used to create the dead letter queue topic when it doesn’t already exist; -1: the broker’s default. The embedded log has no replicas.',
      group: errorHandling,
      displayName: 'Dead Letter Queue Topic Replication Factor',
    },
    text => {
      const factor = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
      if (!(Math.abs(factor) <= 32_767)) throw new Error('Not a number of type SHORT');
      if (factor !== -1 && factor < 1) throw new Error('Value must be at least 1, or -1');
      return factor;
    },
  ),
  'errors.deadletterqueue.context.headers.enable': options.boolean({
    default: 'false',
    doc: 'If true, add headers containing error context to the messages written to the dead letter queue. All error context header keys start with __connect.errors. (and sluice.errors. for the record’s version). `sluice dead-letters` needs them.',
    group: errorHandling,
    displayName: 'Enable Error Context Headers',
  }),
  'errors.deadletterqueue.later.records': options.choice(['follow', 'park'], {
    default: 'follow',
    doc: 'What becomes of later records of a key that has a record among the dead letters. follow: they are delivered, as in Kafka Connect. park: they become dead letters too, so that the key’s changes stay in order, until `sluice dead-letters` has redelivered or discarded them; it needs the context headers. Records without a key always follow.',
    group: errorHandling,
    displayName: 'Later Records of a Dead Letter’s Key',
  }),
  'sink.batch.max.records': options.int({
    default: '2000',
    min: 1,
    max: 100_000,
    doc: 'Most records that are written in one go. A batch that is not full is written as soon as the one before is durable (see sink.batch.linger.ms).',
    importance: 'LOW',
    group: batches,
    displayName: 'Records of a batch',
  }),
  'sink.batch.max.bytes': options.int({
    default: String(4 * 1024 * 1024),
    min: 1,
    doc: 'Most bytes of keys and values that are written in one go; a single record may be larger.',
    importance: 'LOW',
    group: batches,
    displayName: 'Bytes of a batch',
  }),
  'sink.batch.linger.ms': options.int({
    default: '0',
    min: 0,
    max: 60_000,
    doc: 'How long a batch that is not full waits for more, in milliseconds. 0: it goes out as soon as the sink has nothing else to do.',
    importance: 'LOW',
    group: batches,
    displayName: 'Wait for a full batch',
  }),
  'sink.buffer.max.bytes': options.int({
    default: String(16 * 1024 * 1024),
    min: 1024,
    doc: 'Most bytes that each task reads ahead of what it writes.',
    importance: 'LOW',
    group: batches,
    displayName: 'Bytes read ahead',
  }),
};

/** Their places in a form, as Connect counts them. */
export const sinkLayout: Readonly<Record<string, OptionPlace>> = {
  ...commonLayout,
  topics: ['LONG', 4],
  'topics.regex': ['LONG', 4],
  'errors.deadletterqueue.topic.name': ['MEDIUM', 6],
  'errors.deadletterqueue.topic.replication.factor': ['MEDIUM', 7],
  'errors.deadletterqueue.context.headers.enable': ['MEDIUM', 8],
  'errors.deadletterqueue.later.records': ['MEDIUM', 9],
  'sink.batch.max.records': ['SHORT', 1],
  'sink.batch.max.bytes': ['SHORT', 2],
  'sink.batch.linger.ms': ['SHORT', 3],
  'sink.buffer.max.bytes': ['SHORT', 4],
};

const sinkPatterns = [
  ...commonPatterns,
  {
    pattern: /^consumer\.override\..+$/,
    doc: 'Options of the tasks’ consumer over those of the worker’s consumer.*, as far as the worker’s connector.client.config.override.policy allows: `group.id` (default: connect- and the connector’s name), `auto.offset.reset` (earliest, latest or none; default earliest), `max.poll.records` (default 500), and on Kafka those of its consumer.',
    example: 'consumer.override.auto.offset.reset',
  },
  {
    pattern: /^admin\.override\..+$/,
    doc: 'Not supported.',
    example: 'admin.override.…',
    unsupported: 'connectors share the worker’s admin client; set admin.* in the worker file.',
  },
];

/** Whether an option belongs to what all sink connectors have. */
export function isSinkOption(name: string): boolean {
  return name in sinkOptions || sinkPatterns.some(({ pattern }) => pattern.test(name));
}

/** The topics of `topics`, each once. */
export function topicsOf(list: readonly string[]): readonly string[] {
  return [...new Set(list.filter(topic => topic !== ''))];
}

/** What concerns several options, in Connect's words (SinkConnectorConfig.validate). */
function checkTopics(raw: RawConfig, report: ConfigReport): void {
  const [list, regex] = [raw['topics'] ?? '', raw['topics.regex'] ?? ''];
  const [hasList, hasRegex] = [list.trim() !== '', regex.trim() !== ''];
  const both = (message: string) => {
    report.fault('topics', message);
    report.fault('topics.regex', message);
  };
  if (hasList && hasRegex) both('topics and topics.regex are mutually exclusive options, but both are set.');
  if (!hasList && !hasRegex) both('Must configure one of topics or topics.regex');
  const deadLetters = (raw['errors.deadletterqueue.topic.name'] ?? '').trim();
  if (deadLetters === '') return;
  const topics = topicsOf(list.split(',').map(topic => topic.trim()));
  if (hasList && topics.includes(deadLetters))
    report.fault(
      'topics',
      `The DLQ topic '${deadLetters}' may not be included in the list of topics ('topics=[${topics.join(', ')}]') consumed by the connector`,
    );
  if (hasRegex && matches(regex, deadLetters))
    report.fault(
      'topics.regex',
      `The DLQ topic '${deadLetters}' may not be matched by the regex for the topics ('topics.regex=${regex}') consumed by the connector`,
    );
}

function matches(regex: string, topic: string): boolean {
  try {
    return matchesWhole(javaRegex(regex))(topic);
  } catch {
    // Faulty, which is told of already.
    return false;
  }
}

function checkDeadLetters(raw: RawConfig, report: ConfigReport): void {
  const is = (name: string, value: string) => raw[name]?.trim().toLowerCase() === value;
  const topic = (raw['errors.deadletterqueue.topic.name'] ?? '').trim();
  if (topic !== '' && !is('errors.tolerance', 'all'))
    report.warning(
      'errors.deadletterqueue.topic.name',
      "'errors.deadletterqueue.topic.name' has no effect: with errors.tolerance=none the first record that fails stops its task.",
    );
  const later = 'errors.deadletterqueue.later.records';
  if (!is(later, 'park')) return;
  const lacking = [
    ...(is('errors.tolerance', 'all') ? [] : ['errors.tolerance=all']),
    ...(topic === '' ? ['errors.deadletterqueue.topic.name'] : []),
    ...(is('errors.deadletterqueue.context.headers.enable', 'true') ? [] : ['errors.deadletterqueue.context.headers.enable=true']),
  ];
  if (lacking.length > 0) report.fault(later, `Invalid value park for configuration ${later}: it needs ${lacking.join(' and ')}`);
}

export const sinkSpec = configSpec({
  doc: 'What every sink connector takes beside the options of its class.',
  options: sinkOptions,
  patterns: sinkPatterns,
  check(raw, report) {
    checkTopics(raw, report);
    checkDeadLetters(raw, report);
  },
  refine(config, raw, report) {
    warnOfRetries(['errors.retry.timeout'], raw, report);
    return config;
  },
});
