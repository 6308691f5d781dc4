import { type ConfigOf, configSpec, options } from '../../contract/index.ts';
import { databaseOptions, databaseRequired } from './database-options.ts';

const store = 'Store';
const sqlite = 'SQLite';
const publication = 'Publication';

function topicName(text: string): void {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(text))
    throw new Error('a topic’s name has letters, digits, dots, underscores and hyphens, at most 249');
}

/** Options of the event store, under `services.event-store` in a worker file. */
export const eventStoreOptions = {
  store: options.choice(['sqlite', 'postgres'], {
    default: 'sqlite',
    group: store,
    importance: 'HIGH',
    doc: 'Where events are kept. sqlite: in a folder of this worker, which needs no server; postgres: in a table of a database, which several workers may share.',
  }),
  aggregates: options.string({
    default: null,
    group: store,
    doc: 'A module in TypeScript or JavaScript, relative to the worker file, whose default export has `initial` and `evolve` for each type of aggregate: what `GET /event-store/streams/{stream}/state` answers with. Its export `upcasters` brings events of older schema versions up to date.',
  }),
  'retention.events': options.long({
    default: '-1',
    min: -1,
    group: store,
    doc: 'How many events a stream keeps that has no retention of its own; -1: all. What was published stays published.',
  }),
  'retention.ms': options.long({
    default: '-1',
    min: -1,
    group: store,
    doc: 'How long a stream that has no retention of its own keeps its events; -1: for ever.',
  }),
  folder: options.string({
    default: 'event-store',
    group: sqlite,
    doc: 'The folder of the store, relative to `data.dir`.',
  }),
  ...databaseOptions({
    user: 'reads and writes the events',
    schema: 'The schema of the table `event_store` and what belongs to it.',
    schemaDefault: 'public',
  }),
  topic: options.string({
    default: 'domain-events',
    group: publication,
    importance: 'HIGH',
    doc: 'The topic that every event is published to, once, in the order of the commits. Its key is the aggregate’s id.',
    validate: topicName,
  }),
  'topic.per.type': options.boolean({
    default: 'false',
    group: publication,
    doc: 'Whether each event is published to a topic of its type too, in kebab case: `OrderCreated` to `order-created`.',
  }),
  'topic.retention.ms': options.long({
    default: '-1',
    min: -1,
    group: publication,
    doc: 'retention.ms of topics that publishing creates; -1: read models can be built from the first event on.',
  }),
  'topic.partitions': options.int({
    default: '-1',
    min: -1,
    group: publication,
    doc: 'Partitions of topics that publishing creates; -1: the log’s own number.',
  }),
  'topic.replication.factor': options.int({
    default: '-1',
    min: -1,
    max: 32_767,
    group: publication,
    doc: 'Replicas of topics that publishing creates, on Kafka; -1: the broker’s own number.',
  }),
};

/** How the event store of a worker file is kept and published, by the options' names. It holds secrets. */
export type EventStoreConfig = ConfigOf<typeof eventStoreOptions>;

const ofSqlite = ['folder'];
const ofPostgres = Object.keys(eventStoreOptions).filter(name => name.startsWith('database.'));

export const eventStoreSpec = configSpec({
  doc: 'A store of events, in streams of one aggregate each, that publishes what is appended. See docs/event-store.md.',
  options: eventStoreOptions,
  refine(config, raw, report) {
    const inSqlite = config.store === 'sqlite';
    for (const name of inSqlite ? ofPostgres : ofSqlite)
      if (raw[name] !== undefined)
        report.fault(name, `'${name}' belongs to store=${inSqlite ? 'postgres' : 'sqlite'}, and the store is ${config.store}.`);
    if (!inSqlite)
      for (const name of databaseRequired)
        if (config[name] === null) report.fault(name, `Missing required configuration "${name}" which has no default value.`);
    for (const name of ['topic.partitions', 'topic.replication.factor', 'retention.events', 'retention.ms'] as const)
      if (config[name] === 0) report.fault(name, `Invalid value 0 for configuration ${name}: Value must be -1, or 1 and more`);
    return config;
  },
});
