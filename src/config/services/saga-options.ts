import { type ConfigOf, configSpec, options } from '../../contract/index.ts';
import { databaseOptions, databaseRequired } from './database-options.ts';

const definitions = 'Definitions';
const keeping = 'Keeping';

/** Options of the sagas, under `services.sagas` in a worker file. */
export const sagaOptions = {
  definitions: options.list({
    default: 'sagas/*.yaml',
    group: definitions,
    importance: 'HIGH',
    doc: 'Files of saga definitions, YAML or JSON, or modules of `defineSaga`, one saga each, as paths or patterns, relative to the worker file. They are read when the worker starts; a saga that is under way finishes on the definition that it began with.',
  }),
  'start.from': options.choice(['earliest', 'latest'], {
    default: 'earliest',
    group: definitions,
    importance: 'HIGH',
    doc: 'Where a saga begins in a topic that it has never listened to. earliest: every starting event that the topic still has starts one; latest: only those that come from now on.',
  }),
  'topics.must.exist': options.boolean({
    default: 'false',
    group: definitions,
    doc: 'Whether a definition that names a topic which the log does not have is refused, with its place and the nearest topic there is. Else the topic is made.',
  }),
  store: options.choice(['log', 'postgres'], {
    default: 'log',
    group: keeping,
    importance: 'HIGH',
    doc: 'Where instances are kept. log: in a topic of its own, which needs nothing else; postgres: in tables of a database, as streams of events. It is chosen before a saga first runs: instances do not move.',
  }),
  'ended.retention.ms': options.long({
    default: '604800000',
    min: 0,
    group: keeping,
    doc: 'How long an instance is kept behind its end: so long it is shown, and its starting event starts no other when it comes again.',
  }),
  'ended.instances.max': options.int({
    default: '100000',
    min: 1,
    group: keeping,
    doc: 'How many ended instances of a saga are kept; the oldest go first. Each takes some 300 bytes of memory.',
  }),
  ...databaseOptions({
    user: 'reads and writes the instances and what they send',
    schema: 'The schema of the sagas’ tables, which are made there; it is best theirs alone, and each log’s own.',
    schemaDefault: 'sluice_sagas',
  }),
};

/** How a worker file has its sagas run, by the options' names. */
export type SagasConfig = ConfigOf<typeof sagaOptions>;

export const sagasSpec = configSpec({
  doc: 'Sagas: affairs of several services that are carried out step by step, and undone where one of them fails. See docs/sagas.md.',
  options: sagaOptions,
  refine(config, raw, report) {
    if (config.store === 'log') {
      for (const name of Object.keys(raw).filter(name => name.startsWith('database.')))
        report.fault(name, `'${name}' belongs to store=postgres, and the store is ${config.store}.`);
    } else
      for (const name of databaseRequired)
        if (config[name] === null) report.fault(name, `Missing required configuration "${name}" which has no default value.`);
    if (config.definitions.length === 0)
      report.fault('definitions', 'No definition is named; leave the service out where there are no sagas.');
    return config;
  },
});
