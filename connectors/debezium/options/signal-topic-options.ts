import { type ConfigOf, type ConfigReport, type OptionPattern, options, type RawConfig } from '../../../src/contract/index.ts';

const group = 'Signals';

/** The channel kafka: a topic of the worker's own log. */
export const signalTopicOptions = {
  'signal.kafka.topic': options.string({
    default: null,
    doc: 'The topic of the channel kafka, of which partition 0 counts; left out: topic.prefix and -signal. A record’s key is the topic.prefix of the connector that it is for, its value a signal as JSON with id, type and data.',
    importance: 'HIGH',
    group,
    displayName: 'Signal topic name',
  }),
  'signal.kafka.bootstrap.servers': options.list({
    default: '',
    doc: 'The topic is read from the worker’s own log, so this may be left out; servers of another Kafka are refused.',
    importance: 'HIGH',
    group,
    displayName: 'Kafka broker addresses',
  }),
  'signal.kafka.groupId': options.string({
    default: 'kafka-signal',
    doc: 'The consumer group whose offset tells where to begin, until the connector has taken a signal: from then on its own place counts, which is stored with what the signal led to. The group’s offset follows it.',
    importance: 'LOW',
    group,
    displayName: 'Consumer group id for the signal topic',
  }),
  'signal.consumer.auto.offset.reset': options.choice(['earliest', 'latest'], {
    default: 'earliest',
    doc: 'Where the topic is read from at first, where the group has no offset either.',
    importance: 'LOW',
    group,
    displayName: 'Signal consumer offset reset',
  }),
};

/** About a client of Debezium's own, which is not needed: a warning tells that they are not used. */
const withoutUse = /^signal\.(?:kafka\.poll\.timeout\.ms$|consumer\.(?!auto\.offset\.reset$))/;
const why = 'signals come as they are written, over the connection that the worker has to its log';

export const signalPatterns: readonly OptionPattern[] = [
  { pattern: withoutUse, doc: `Accepted with a warning, and not used: ${why}.`, example: 'signal.consumer.security.protocol' },
];

/** How the topic of signals is read. */
export type TopicSignals = {
  /** null: `topic.prefix` and `-signal`. */
  readonly topic: string | null;
  readonly group: string;
  /** host:port; empty: not said. */
  readonly servers: readonly string[];
  readonly reset: 'earliest' | 'latest';
};

/** `enabled`: the channel kafka is. Answers null where it is not. */
export function readTopicSignals(
  config: ConfigOf<typeof signalTopicOptions>,
  enabled: boolean,
  raw: RawConfig,
  report: ConfigReport,
): TopicSignals | null {
  for (const name of Object.keys(raw)) {
    if (withoutUse.test(name)) report.warning(name, `'${name}' is not used: ${why}.`);
    else if (!enabled && name in signalTopicOptions)
      report.warning(name, `'${name}' has no effect: signal.enabled.channels does not name the channel kafka.`);
  }
  if (!enabled) return null;
  return {
    topic: config['signal.kafka.topic']?.trim() || null,
    group: config['signal.kafka.groupId'],
    servers: config['signal.kafka.bootstrap.servers'],
    reset: config['signal.consumer.auto.offset.reset'],
  };
}
