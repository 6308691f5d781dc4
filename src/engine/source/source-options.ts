import { configSpec, options } from '../../contract/index.ts';
import { aliases, commonLayout, commonOptions, commonPatterns, type OptionPlace, warnOfRetries } from '../connector/connector-options.ts';
import { checkSchedule, scheduleOptions } from '../verification/schedule-options.ts';

const exactlyOnce = 'Exactly Once Support';

/** The options that every source connector has: Kafka Connect's, in its order and with its words, and then ours. */
export const sourceOptions = {
  ...commonOptions,
  'topic.creation.groups': options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Names of groups of topics, beside default, that are created with settings of their own; a topic belongs to the first whose include matches it.',
      importance: 'LOW',
      group: 'Topic Creation',
      displayName: 'Topic Creation Groups',
    },
    aliases,
  ),
  'exactly.once.support': options.choice(['requested', 'required'], {
    default: 'requested',
    doc: 'Permitted values are requested, required. If set to "required" and the worker has exactly-once support for source connectors disabled, requests to create or validate the connector will fail.',
    group: exactlyOnce,
    displayName: 'Exactly once support',
  }),
  'transaction.boundary': options.parsed(
    'STRING',
    {
      default: 'poll',
      doc: "Where a producer transaction ends. 'poll': after a batch of records, the only value supported.",
      group: exactlyOnce,
      displayName: 'Transaction Boundary',
    },
    text => {
      const boundary = text.trim().toLowerCase();
      if (boundary === 'poll') return 'poll' as const;
      if (boundary === 'interval' || boundary === 'connector')
        throw new Error(`'${boundary}' is not supported; transactions end with a batch (poll)`);
      throw new Error('Value must be poll');
    },
  ),
  'transaction.boundary.interval.ms': options.long({
    default: null,
    doc: "The interval of transactions where 'transaction.boundary' is 'interval'.",
    importance: 'LOW',
    group: exactlyOnce,
    displayName: 'Transaction boundary interval',
    unsupported: 'transactions end with a batch (transaction.boundary=poll).',
  }),
  'offsets.storage.topic': options.string({
    default: null,
    doc: 'The name of a separate offsets topic to use for this connector.',
    importance: 'LOW',
    group: 'offsets.topic',
    displayName: 'Offsets topic',
    unsupported: 'all connectors of a worker keep their offsets in its offset.storage.topic.',
  }),
  ...scheduleOptions,
};

export const sourceLayout: Readonly<Record<string, OptionPlace>> = {
  ...commonLayout,
  'topic.creation.groups': ['LONG', 1],
  'exactly.once.support': ['SHORT', 2],
  'transaction.boundary': ['SHORT', 3],
  'transaction.boundary.interval.ms': ['SHORT', 4],
  'offsets.storage.topic': ['LONG', 1],
  'verify.against': ['LONG', 1],
  'verify.interval.ms': ['SHORT', 2],
  'verify.rate': ['SHORT', 3],
  'verify.repair': ['SHORT', 4],
};

const workersClients = 'source connectors share the worker’s consumer and admin clients; set consumer.* and admin.* in the worker file.';

const sourcePatterns = [
  ...commonPatterns,
  {
    pattern: /^topic\.creation\..+$/,
    doc:
      'How topics are created: `partitions`, `replication.factor` (-1: the log’s own; the group default needs both once any of these is set), Kafka’s topic configs by their names, and, but for default, ' +
      '`include` and `exclude`: Java regular expressions over whole topic names.',
    example: 'topic.creation.default.partitions',
  },
  { pattern: /^consumer\.override\..+$/, doc: 'Not supported.', example: 'consumer.override.…', unsupported: workersClients },
  { pattern: /^admin\.override\..+$/, doc: 'Not supported.', example: 'admin.override.…', unsupported: workersClients },
];

/** Whether an option belongs to what all source connectors have. */
export function isSourceOption(name: string): boolean {
  return name in sourceOptions || sourcePatterns.some(({ pattern }) => pattern.test(name));
}

export const sourceSpec = configSpec({
  doc: 'What every source connector takes beside the options of its class.',
  options: sourceOptions,
  patterns: sourcePatterns,
  check: checkSchedule,
  refine(config, raw, report) {
    warnOfRetries(['errors.retry.timeout', 'errors.retry.delay.max.ms'], raw, report);
    return config;
  },
});
