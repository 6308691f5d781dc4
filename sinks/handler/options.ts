import { type ConfigOf, configSpec, defaultUnavailablePlaceholder, options } from '../../src/contract/index.ts';

const group = 'Handler';
const configPrefix = 'handler.config.';

const handlerOptions = {
  'handler.module': options.string({
    doc: 'The TypeScript or JavaScript module whose default export has the functions, by topic. A path; relative to the folder in which the worker was started.',
    importance: 'HIGH',
    group,
    displayName: 'Module',
    validate(text) {
      if (text.trim() === '') throw new Error('it must be a path');
    },
  }),
  'handler.concurrency': options.int({
    default: '8',
    min: 1,
    max: 1000,
    doc: 'How many keys are handled at the same time. The events of one key always come one after the other.',
    group,
    displayName: 'Concurrency',
  }),
  'handler.timeout.ms': options.int({
    default: '30000',
    min: 1,
    doc: 'How long a function may take for one event. After that its signal is aborted and the event has failed. What never waits cannot be interrupted.',
    group,
    displayName: 'Time-out',
  }),
  'handler.tombstones': options.choice(['auto', 'ignore', 'delete'], {
    default: 'auto',
    doc: 'What a record without a value is: nothing, since it only follows a delete that has its own record (ignore); the delete itself, of unwrapped rows (delete); or whichever the other records of its topic say (auto). With auto, a restart right between a delete and its tombstone may call onDelete twice.',
    group,
    displayName: 'Tombstones',
  }),
  'handler.once.file': options.string({
    default: null,
    doc: 'An SQLite file that remembers which effects of context.once have ended well. Left out, they are remembered in memory only, until the task ends. Workers on other machines do not see the file.',
    group,
    displayName: 'Memory of effects',
  }),
  'handler.once.retention.ms': options.long({
    default: '604800000',
    min: 1,
    doc: 'How long an effect is remembered.',
    importance: 'LOW',
    group,
    displayName: 'Retention of effects',
  }),
  'handler.errors.include.messages': options.boolean({
    default: 'false',
    doc: 'Whether the messages of errors that the functions throw are shown in logs, states and dead letters. They may quote values of rows; without them, the error’s class and its line are shown. Those of RetriableError and RefusedError are always shown.',
    importance: 'LOW',
    group,
    displayName: 'Messages of errors',
  }),
  'unavailable.value.placeholder': options.string({
    default: defaultUnavailablePlaceholder,
    doc: 'What the source writes in place of values that the database did not send: its own unavailable.value.placeholder.',
    importance: 'LOW',
    group,
    displayName: 'Unavailable value placeholder',
  }),
};

/** The resolved config. */
export type HandlerConfig = ConfigOf<typeof handlerOptions> & {
  /** `handler.config.*` without the prefix. */
  readonly moduleConfig: Readonly<Record<string, string>>;
  /** `topics`, by name; empty where topics.regex chooses them. */
  readonly topics: readonly string[];
  /** Transforms may give records other topics than `topics` names. */
  readonly transformed: boolean;
};

export const handlerSpec = configSpec<typeof handlerOptions, HandlerConfig>({
  doc: 'Calls functions of your own for every row that was made, changed or deleted: onCreate, onUpdate and onDelete, by topic, of a TypeScript or JavaScript module. What they publish goes out exactly once; side effects happen at least once, with a key that stays the same.',
  options: handlerOptions,
  patterns: [
    {
      pattern: /^handler\.config\..+$/,
      doc: 'What the module finds in context.config, under the name behind the prefix. Secrets belong in placeholders of a config provider.',
      example: 'handler.config.mail.url',
    },
    {
      pattern: /^publish\.(?:key|value|header)\.converter(?:\..+)?$/,
      doc: 'Converters of what the functions publish, with their options; each that is left out is the one of what is read.',
      example: 'publish.value.converter',
    },
  ],
  refine(config, raw) {
    const named = Object.entries(raw).filter(([name]) => name.startsWith(configPrefix));
    return {
      ...config,
      moduleConfig: Object.fromEntries(named.map(([name, text]) => [name.slice(configPrefix.length), text])),
      topics: (raw['topics'] ?? '').split(',').flatMap(topic => (topic.trim() === '' ? [] : [topic.trim()])),
      transformed: (raw['transforms'] ?? '').trim() !== '',
    };
  },
});
