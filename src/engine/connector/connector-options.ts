import { type ConfigReport, type OptionPattern, options, type RawConfig } from '../../contract/index.ts';

/** Width of an option in a form, as Connect's `validate` gives it. */
export type OptionWidth = 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';

/** Aliases of transforms, predicates or topic groups: a list without doubles. */
export function aliases(text: string): readonly string[] {
  const names = text.trim() === '' ? [] : text.split(',').map(name => name.trim());
  if (new Set(names).size < names.length) throw new Error('Duplicate alias provided.');
  return names;
}

function connectorName(text: string): string {
  if (text.trim() === '') throw new Error('String may not be empty');
  // biome's rule against control characters is about mistakes; here they are what is looked for.
  if ([...text].some(character => character.charCodeAt(0) < 32)) throw new Error('String may not contain control sequences');
  return text;
}

const oneVersion = 'each plugin has the one version that is part of this build.';
export const errorHandling = 'Error Handling';

/** The options that every connector has, whatever its kind and class: Kafka Connect's, in its order and with its words. */
export const commonOptions = {
  name: options.parsed(
    'STRING',
    { doc: 'Globally unique name to use for this connector.', importance: 'HIGH', displayName: 'Connector name' },
    connectorName,
  ),
  'connector.class': options.string({
    doc: 'Name or alias of the class for this connector: the Java class name that Kafka Connect knows it by, or a short name such as "postgres".',
    importance: 'HIGH',
    displayName: 'Connector class',
  }),
  'connector.plugin.version': options.string({
    default: null,
    doc: 'Version of the connector.',
    displayName: 'Connector version',
    unsupported: oneVersion,
  }),
  'tasks.max': options.int({
    default: '1',
    min: 1,
    doc: 'Maximum number of tasks to use for this connector.',
    importance: 'HIGH',
    displayName: 'Tasks max',
  }),
  'tasks.max.enforce': options.boolean({
    default: 'true',
    doc: '(Deprecated) Whether to enforce that the tasks.max property is respected by the connector. No connector here makes more tasks than that.',
    importance: 'LOW',
    displayName: 'Enforce tasks max',
  }),
  'key.converter': options.className({
    default: null,
    doc: 'Converter of keys: a Java class name, or a short one such as json. Without it the worker’s converter is used, with the worker’s options.',
    importance: 'LOW',
    displayName: 'Key converter class',
  }),
  'key.converter.plugin.version': options.string({
    default: null,
    doc: 'Version of the key converter.',
    importance: 'LOW',
    displayName: 'Key converter version',
    unsupported: oneVersion,
  }),
  'value.converter': options.className({
    default: null,
    doc: 'Converter of values: a Java class name, or a short one such as json. Without it the worker’s converter is used, with the worker’s options.',
    importance: 'LOW',
    displayName: 'Value converter class',
  }),
  'value.converter.plugin.version': options.string({
    default: null,
    doc: 'Version of the value converter.',
    importance: 'LOW',
    displayName: 'Value converter version',
    unsupported: oneVersion,
  }),
  'header.converter': options.className({
    default: null,
    doc: 'Converter of headers: a Java class name, or a short one such as simple. Without it the worker’s converter is used, with the worker’s options.',
    importance: 'LOW',
    displayName: 'Header converter class',
  }),
  'header.converter.plugin.version': options.string({
    default: null,
    doc: 'Version of the header converter.',
    importance: 'LOW',
    displayName: 'Header converter version',
    unsupported: oneVersion,
  }),
  transforms: options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Names of the transforms that records go through, in their order; the options of each follow under transforms.NAME.',
      importance: 'LOW',
      group: 'Transforms',
      displayName: 'Transforms',
    },
    aliases,
  ),
  predicates: options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Names of predicates that transforms may use; the options of each follow under predicates.NAME.',
      importance: 'LOW',
      group: 'Predicates',
      displayName: 'Predicates',
    },
    aliases,
  ),
  'config.action.reload': options.choice(['none', 'restart'], {
    default: 'restart',
    doc: 'The action to take on the connector when changes in external configuration providers result in a change in its configuration. The providers here never announce a change: restart the connector to read them again.',
    importance: 'LOW',
    displayName: 'Reload Action',
  }),
  'errors.retry.timeout': options.long({
    default: '0',
    doc: 'The maximum duration in milliseconds that a failed operation on a record will be reattempted. Transforms and converters here either succeed or fail for good, so nothing is reattempted; faults of a database, of a sink’s target and of the log are retried by themselves.',
    group: errorHandling,
    displayName: 'Retry Timeout for Errors',
  }),
  'errors.retry.delay.max.ms': options.long({
    default: '60000',
    doc: 'The maximum duration in milliseconds between consecutive retry attempts of an operation. For a sink: the longest pause while its target is away.',
    group: errorHandling,
    displayName: 'Maximum Delay Between Retries for Errors',
  }),
  'errors.tolerance': options.choice(['none', 'all'], {
    default: 'none',
    doc: "Behavior for tolerating errors during connector operation. 'none' is the default value and signals that any error will result in an immediate connector task failure; 'all' changes the behavior to skip over problematic records.",
    group: errorHandling,
    displayName: 'Error Tolerance',
  }),
  'errors.log.enable': options.boolean({
    default: 'false',
    doc: 'If true, write each tolerated error and the failed operation to the log.',
    group: errorHandling,
    displayName: 'Log Errors',
  }),
  'errors.log.include.messages': options.boolean({
    default: 'false',
    doc: 'Whether to include in the log the record that resulted in a failure, with its key and value.',
    group: errorHandling,
    displayName: 'Log Error Details',
  }),
};

/** An option's place in a form: width, and order within the group as Connect counts it. */
export type OptionPlace = readonly [width: OptionWidth, order: number];

/** The common options' places. */
export const commonLayout: Readonly<Record<string, OptionPlace>> = {
  name: ['MEDIUM', 1],
  'connector.class': ['LONG', 2],
  'connector.plugin.version': ['MEDIUM', 3],
  'tasks.max': ['SHORT', 4],
  'tasks.max.enforce': ['SHORT', 5],
  'key.converter': ['SHORT', 6],
  'key.converter.plugin.version': ['SHORT', 7],
  'value.converter': ['SHORT', 8],
  'value.converter.plugin.version': ['SHORT', 9],
  'header.converter': ['SHORT', 10],
  'header.converter.plugin.version': ['SHORT', 11],
  transforms: ['LONG', 12],
  predicates: ['LONG', 13],
  'config.action.reload': ['MEDIUM', 14],
  'errors.retry.timeout': ['MEDIUM', 1],
  'errors.retry.delay.max.ms': ['MEDIUM', 2],
  'errors.tolerance': ['SHORT', 3],
  'errors.log.enable': ['SHORT', 4],
  'errors.log.include.messages': ['SHORT', 5],
};

/** Names with a variable part that belong to the worker's side of a connector's config, not to its class. */
export const commonPatterns: readonly OptionPattern[] = [
  {
    pattern: /^(?:key|value|header)\.converter\..+$/,
    doc: 'Options of the converter that the connector names.',
    example: 'value.converter.schemas.enable',
  },
  {
    pattern: /^transforms\..+$/,
    doc: 'Of each transform: `type` (its class), its own options, `predicate` (the name of one: only records it chooses are transformed) and `negate` (true: only those it does not choose).',
    example: 'transforms.unwrap.type',
  },
  { pattern: /^predicates\..+$/, doc: 'Of each predicate: `type` (its class) and its own options.', example: 'predicates.orders.type' },
  {
    pattern: /^producer\.override\..+$/,
    doc: 'Options of the task’s Kafka producer over those of the worker’s producer.*, as far as the worker’s connector.client.config.override.policy allows. The embedded log has no producer: there they have no effect, and a warning says so.',
    example: 'producer.override.compression.type',
  },
];

/** Stands in the stored config of a connector that a file of the worker holds, and names that file. Never shown and never given. */
export const managedByFile = 'sluice.file';
/** Beside it, where workers share the connectors: the id of the worker that has the file. */
export const managedByWorker = 'sluice.file.worker';

/** Tells of an option that is taken and has no effect, where it was given a value of its own. */
export function warnOfRetries(
  names: readonly ('errors.retry.timeout' | 'errors.retry.delay.max.ms')[],
  raw: RawConfig,
  report: ConfigReport,
) {
  for (const name of names)
    if (raw[name] !== undefined && raw[name] !== commonOptions[name].default)
      report.warning(
        name,
        `'${name}' has no effect: transforms and converters either succeed or fail for good; what is away (a database, a sink's target, the log) is retried by itself.`,
      );
}
