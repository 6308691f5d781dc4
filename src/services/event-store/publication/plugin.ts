import { configSpec, options, type Plugin, type Source, type TopicSpec, topicOfType } from '../../../contract/index.ts';
import type { ServiceConnector } from '../../hosting/service.ts';
import type { OpenEventStore } from '../hosting/open-event-store.ts';
import { publicationName } from './publication-names.ts';
import { PublicationSource } from './publication-source.ts';

export const publicationClass = 'io.sluice.services.EventStorePublication';

/** How a store is published. */
export type Publication = {
  readonly topic: string;
  readonly topicPerType: boolean;
  /** Of topics that it creates; -1: the log's own. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly retentionMs: number;
};

const configsOf = ({ retentionMs }: Publication) => ({ 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) });

/** Of every connector that publishes an event store: how the topics are made that it creates. */
export function topicCreation(publication: Publication): Readonly<Record<string, string>> {
  const { partitions, replicationFactor } = publication;
  const configs = Object.entries(configsOf(publication)).map(([name, value]) => [`topic.creation.default.${name}`, value]);
  return {
    'topic.creation.default.partitions': String(partitions),
    'topic.creation.default.replication.factor': String(replicationFactor),
    ...Object.fromEntries(configs),
  };
}

/** The same for whoever needs one of these topics before anything is published to it. */
export function publishedTopic(publication: Publication, topic: string): TopicSpec {
  const { partitions, replicationFactor } = publication;
  return { topic, partitions, replicationFactor, configs: configsOf(publication) };
}

/** The connector of a store that lies in this worker's own folder. */
export function publicationOf(publication: Publication): ServiceConnector {
  return {
    name: publicationName,
    config: {
      'connector.class': publicationClass,
      'tasks.max': '1',
      topic: publication.topic,
      'topic.per.type': String(publication.topicPerType),
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      ...topicCreation(publication),
    },
  };
}

const spec = configSpec({
  doc: 'Publishes the event store of this worker.',
  options: {
    topic: options.string({ doc: 'The topic of all events.' }),
    'topic.per.type': options.boolean({ default: 'false', doc: 'Whether each goes to a topic of its type too.' }),
  },
  check(raw, report) {
    if (raw['name'] !== undefined && raw['name'] !== publicationName)
      report.fault(
        'connector.class',
        `${publicationClass} is run by the service event-store of the worker's file, and by no other connector.`,
      );
  },
  refine(config, raw) {
    return { ...config, name: raw['name'] };
  },
});

/** The source's plugin, for the one worker that has the store. */
export function publicationPlugin(stores: OpenEventStore): Plugin<unknown, Source> {
  const plugin: Plugin<NonNullable<ReturnType<typeof spec.parse>['config']>, Source> = {
    spec,
    effectOf: option => (option === 'topic' || option === 'topic.per.type' ? 'topics' : null),
    create: (config, { clock }) =>
      new PublicationSource({
        stores,
        topic: config.topic,
        topicOfType: config['topic.per.type'] ? topicOfType : null,
        clock,
      }),
  };
  return plugin as Plugin<unknown, Source>;
}
