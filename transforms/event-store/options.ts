import { configSpec, options } from '../../src/contract/index.ts';

/** The resolved config of EventStoreRouter. */
export type EventStoreRouterConfig = {
  readonly topic: string;
  readonly byType: boolean;
  /** Before the topic of a type. */
  readonly typePrefix: string;
  readonly onUpdate: 'warn' | 'error' | 'fatal';
};

const group = 'Router';

function topicName(text: string): void {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(text))
    throw new Error('a topic’s name has letters, digits, dots, underscores and hyphens, at most 249');
}

function topicPrefix(text: string): void {
  if (!/^[a-zA-Z0-9._-]{0,100}$/.test(text)) throw new Error('a topic’s name has letters, digits, dots, underscores and hyphens');
}

const routerOptions = {
  topic: options.string({
    default: 'domain-events',
    importance: 'HIGH',
    group,
    displayName: 'Topic',
    doc: 'The topic of all events (`route.by=store`).',
    validate: topicName,
  }),
  'route.by': options.choice(['store', 'type'], {
    default: 'store',
    importance: 'HIGH',
    group,
    displayName: 'Route by',
    doc:
      'store: all events go to `topic`. type: each type of event has a topic of its own, its name in kebab case (OrderCreated -> order-created). ' +
      'A record goes to one topic: for both, run a second connector, with a slot of its own.',
  }),
  'type.topic.prefix': options.string({
    default: '',
    importance: 'LOW',
    group,
    displayName: 'Prefix of types’ topics',
    doc: 'Stands before the topic of each type (`route.by=type`).',
    validate: topicPrefix,
  }),
  'table.op.invalid.behavior': options.choice(['warn', 'error', 'fatal'], {
    default: 'warn',
    group,
    displayName: 'Behavior when an event was updated',
    doc: 'What happens on an update of the table, which the event store never makes: warn and error skip it and say so at that level, fatal fails the record.',
  }),
};

export const eventStoreRouterSpec = configSpec({
  doc:
    'Makes a domain event of each row that is inserted into an event store’s table: key is the aggregate’s id, value the event as JSON without ' +
    'schema (`id`, `aggregateType`, `aggregateId`, `type`, `version`, `data`, `metadata`, `schemaVersion`, `timestamp`), headers `id`, `type`, ' +
    '`version`, and `correlationId` where its metadata has one, timestamp when the event happened (where it was dated ahead, when it was read). Deletes (retention, erased streams) and tombstones are dropped, records without an ' +
    'envelope pass.',
  options: routerOptions,
  refine: (config): EventStoreRouterConfig => ({
    topic: config.topic,
    byType: config['route.by'] === 'type',
    typePrefix: config['type.topic.prefix'],
    onUpdate: config['table.op.invalid.behavior'],
  }),
});
