import { type ConfigFault, type ConsumerOptions, configSpec, options, type RawConfig, SluiceError } from '../contract/index.ts';
import { type AssignmentStrategy, assignmentStrategies } from './partition-assignment.ts';

/** How a group's members read: Kafka's consumer options, after the worker's `consumer.*` and the connector's `consumer.override.*`. */
export type ConsumerSettings = {
  /** null: as the consumer's own options say. */
  readonly reset: ConsumerOptions['reset'] | null;
  /** null: as the consumer's own options say. */
  readonly recordsMax: number | null;
  /** How long a member may take over one event before the others go on without it. */
  readonly pollMsMax: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly strategy: AssignmentStrategy;
  /** What a broker waits for before it answers, and how long; and the most of one answer and of one partition in it. */
  readonly fetchBytesMin: number;
  readonly fetchWaitMsMax: number;
  readonly fetchBytesMax: number;
  readonly partitionBytesMax: number;
};

const group = 'Consumer';
const java = 'it names a Java class.';
const systemsOwn = 'the system sizes socket buffers.';

/** Kafka's consumer options, without those of the connection. */
export const consumerSpec = configSpec({
  options: {
    'auto.offset.reset': options.choice(['earliest', 'latest', 'none'], {
      default: null,
      group,
      importance: 'HIGH',
      doc: 'Where a partition begins that the group has no offset for, or whose offset has been cleaned away; none: the task fails.',
    }),
    'max.poll.records': options.int({ default: null, min: 1, group, doc: 'Most records handed over at a time.' }),
    'max.poll.interval.ms': options.int({
      default: '300000',
      min: 1,
      group,
      doc: 'How long a task may take over what it was handed before its partitions are given to others. While its target is away it keeps them, however long that lasts.',
    }),
    'session.timeout.ms': options.int({
      default: '45000',
      min: 1,
      group,
      doc: 'A member that has not been heard of for so long is gone. Brokers take 6000 to 1800000 (group.min.session.timeout.ms, group.max.session.timeout.ms).',
    }),
    'heartbeat.interval.ms': options.int({
      default: '3000',
      min: 1,
      group,
      doc: 'How often a member tells the group that it lives, and hears of a rebalance; less than session.timeout.ms.',
    }),
    'partition.assignment.strategy': options.parsed(
      'STRING',
      {
        default: 'roundrobin',
        group,
        values: Object.keys(assignmentStrategies),
        doc: 'How partitions are shared among the tasks: roundrobin or range, also by their Java class.',
      },
      text => {
        const name = /^(?:org\.apache\.kafka\.clients\.consumer\.)?(range|roundrobin)(?:assignor)?$/i.exec(text.trim())?.[1];
        if (name === undefined) throw new Error(`Value must be one of ${Object.keys(assignmentStrategies).join(', ')}`);
        return name.toLowerCase() as AssignmentStrategy;
      },
    ),
    'fetch.min.bytes': options.int({ default: '1', min: 0, group, doc: 'What a broker waits for before it answers.' }),
    'fetch.max.wait.ms': options.int({ default: '500', min: 0, group, doc: 'How long a broker waits for fetch.min.bytes.' }),
    'fetch.max.bytes': options.int({
      default: '8388608',
      min: 1,
      group,
      doc: 'Most bytes of one answer; never more than the task’s buffer has room for.',
    }),
    'max.partition.fetch.bytes': options.int({ default: '2097152', min: 1, group, doc: 'Most bytes of one partition in an answer.' }),
    'isolation.level': options.parsed(
      'STRING',
      {
        default: 'read_committed',
        group,
        values: ['read_committed'],
        refusedValues: { read_uncommitted: 'a sink must not see records of a transaction that was aborted.' },
        doc: 'Only what is committed is read.',
      },
      text => {
        if (text.trim().toLowerCase() === 'read_uncommitted')
          throw new Error('read_uncommitted is not supported: a sink must not see records of a transaction that was aborted');
        if (text.trim().toLowerCase() !== 'read_committed') throw new Error('Value must be read_committed');
        return 'read_committed' as const;
      },
    ),
    'enable.auto.commit': options.parsed(
      'BOOLEAN',
      { default: 'false', group, values: ['false'], doc: 'Offsets are committed when what they cover is durable in the target.' },
      text => {
        if (text.trim().toLowerCase() !== 'false')
          throw new Error('Value must be false: offsets are committed when what they cover is durable in the target');
        return false as const;
      },
    ),
    'auto.commit.interval.ms': options.int({ default: null, group, doc: 'Commits.', unsupported: 'offset.flush.interval.ms says it.' }),
    'group.id': options.string({
      default: null,
      group,
      doc: 'Group.',
      unsupported: 'all connectors would be members of one group; a connector’s own is consumer.override.group.id.',
    }),
    'group.instance.id': options.string({ default: null, group, doc: 'Static member.', unsupported: 'all tasks would have the same.' }),
    'group.protocol': options.choice(['classic'], { default: 'classic', group, doc: 'Protocol of the group.' }),
    'group.remote.assignor': options.string({ default: null, group, doc: 'Assignor.', unsupported: 'the classic protocol has none.' }),
    'client.rack': options.string({ default: null, group, doc: 'Rack.', unsupported: 'partitions are read from their leaders.' }),
    'allow.auto.create.topics': options.parsed(
      'BOOLEAN',
      { default: 'false', group, values: ['false'], doc: 'Reading makes no topics.' },
      text => {
        if (text.trim().toLowerCase() !== 'false') throw new Error('Value must be false: reading makes no topics');
        return false as const;
      },
    ),
    'exclude.internal.topics': options.parsed(
      'BOOLEAN',
      { default: 'true', group, values: ['true'], doc: 'A pattern of topics never takes internal ones.' },
      text => {
        if (text.trim().toLowerCase() !== 'true') throw new Error('Value must be true: a pattern of topics never takes internal ones');
        return true as const;
      },
    ),
    'check.crcs': options.boolean({ default: null, group, doc: 'Checksums.', unsupported: 'TCP’s and TLS’s own are relied on.' }),
    'default.api.timeout.ms': options.int({ default: null, group, doc: 'Time-out.', unsupported: 'use request.timeout.ms.' }),
    'key.deserializer': options.string({ default: null, group, doc: 'Deserializer.', unsupported: 'key.converter reads keys.' }),
    'value.deserializer': options.string({ default: null, group, doc: 'Deserializer.', unsupported: 'value.converter reads values.' }),
    'interceptor.classes': options.list({ default: null, group, doc: 'Interceptors.', unsupported: java }),
    'metric.reporters': options.list({ default: null, group, doc: 'Reporters.', unsupported: java }),
    'send.buffer.bytes': options.int({ default: null, group, doc: 'Socket buffer.', unsupported: systemsOwn }),
    'receive.buffer.bytes': options.int({ default: null, group, doc: 'Socket buffer.', unsupported: systemsOwn }),
    'connections.max.idle.ms': options.long({ default: null, group, doc: 'Idle connections.', unsupported: 'connections stay open.' }),
    'reconnect.backoff.ms': options.long({ default: null, group, doc: 'Reconnecting.', unsupported: 'use retry.backoff.ms.' }),
    'reconnect.backoff.max.ms': options.long({ default: null, group, doc: 'Reconnecting.', unsupported: 'use retry.backoff.max.ms.' }),
  },
  refine(config, raw, report): ConsumerSettings {
    const [sessionTimeoutMs, heartbeatMs] = [config['session.timeout.ms'], config['heartbeat.interval.ms']];
    if (heartbeatMs >= sessionTimeoutMs)
      report.fault(
        raw['heartbeat.interval.ms'] === undefined ? 'session.timeout.ms' : 'heartbeat.interval.ms',
        `heartbeat.interval.ms (${heartbeatMs}) must be less than session.timeout.ms (${sessionTimeoutMs}).`,
      );
    return {
      reset: config['auto.offset.reset'],
      recordsMax: config['max.poll.records'],
      pollMsMax: config['max.poll.interval.ms'],
      sessionTimeoutMs,
      heartbeatMs,
      strategy: config['partition.assignment.strategy'],
      fetchBytesMin: config['fetch.min.bytes'],
      fetchWaitMsMax: config['fetch.max.wait.ms'],
      fetchBytesMax: config['fetch.max.bytes'],
      partitionBytesMax: config['max.partition.fetch.bytes'],
    };
  },
});

/** What of it means something without brokers. */
export const heededWithoutBrokers: ReadonlySet<string> = new Set([
  'auto.offset.reset',
  'max.poll.records',
  'max.poll.interval.ms',
  'partition.assignment.strategy',
]);

/** Options in the names under which a connector gives them. */
export const asOverride = (fault: ConfigFault): ConfigFault => ({ ...fault, option: `consumer.override.${fault.option}` });

/** The settings of these options. Throws SluiceError CONFIG_INVALID that names every fault. `foreign` are those of the connection. */
export function consumerSettings(raw: RawConfig, foreign: (name: string) => boolean): ConsumerSettings {
  const { config, faults } = consumerSpec.parse(raw, foreign);
  if (config === null) throw invalidConsumer(faults.map(asOverride));
  return config;
}

export function invalidConsumer(faults: readonly ConfigFault[]): SluiceError {
  const listed = faults.map(({ option, message }) => `${option}: ${message}`).join(' ');
  return new SluiceError('CONFIG_INVALID', `The consumer’s options are invalid: ${listed}`);
}
