import { nearest, type PluginListing, type PluginOf, type PluginRegistry, type PluginType, SluiceError } from './contract/index.ts';
import { version } from './version.ts';

/**
 * One plugin: the class name that Kafka Connect or Debezium knows it by, further names a config may use, and its module, imported only
 * when a config names it.
 */
type Entry<T extends PluginType> = {
  readonly class: string;
  readonly aliases: readonly string[];
  /** The plugin; its config type is its own affair, so `unknown` here. */
  readonly load: () => Promise<PluginOf<T>>;
};

type Table = { readonly [T in PluginType]: readonly Entry<T>[] };

/** One of Kafka Connect's own transforms and predicates; a config may leave out their common package. */
function ofConnect<T extends PluginType>(name: string, load: () => Promise<PluginOf<T>>): Entry<T> {
  return { class: `org.apache.kafka.connect.transforms.${name}`, aliases: [name.replace('predicates.', '')], load };
}

/** Converters of keys and values that convert headers too. */
const converters: readonly (Entry<'converter'> & Entry<'header_converter'>)[] = [
  {
    class: 'org.apache.kafka.connect.json.JsonConverter',
    aliases: ['json'],
    load: async () => (await import('./converters/json/plugin.ts')).jsonConverter,
  },
  {
    class: 'org.apache.kafka.connect.storage.StringConverter',
    aliases: ['string'],
    load: async () => (await import('./converters/primitive/string-converter.ts')).stringConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.ByteArrayConverter',
    aliases: ['bytes', 'byte_array'],
    load: async () => (await import('./converters/primitive/byte-array-converter.ts')).byteArrayConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.BooleanConverter',
    aliases: ['boolean'],
    load: async () => (await import('./converters/primitive/boolean-converter.ts')).booleanConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.ShortConverter',
    aliases: ['short'],
    load: async () => (await import('./converters/primitive/number-converter.ts')).shortConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.IntegerConverter',
    aliases: ['integer'],
    load: async () => (await import('./converters/primitive/number-converter.ts')).integerConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.LongConverter',
    aliases: ['long'],
    load: async () => (await import('./converters/primitive/number-converter.ts')).longConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.FloatConverter',
    aliases: ['float'],
    load: async () => (await import('./converters/primitive/number-converter.ts')).floatConverter,
  },
  {
    class: 'org.apache.kafka.connect.converters.DoubleConverter',
    aliases: ['double'],
    load: async () => (await import('./converters/primitive/number-converter.ts')).doubleConverter,
  },
];

/** The one table of every name a config may use. Adding a plugin is adding a line. */
const table: Table = {
  source: [
    {
      class: 'io.debezium.connector.postgresql.PostgresConnector',
      aliases: ['postgres', 'postgresql'],
      load: async () => (await import('../connectors/postgres/plugin.ts')).postgresConnector,
    },
    {
      class: 'io.debezium.connector.mysql.MySqlConnector',
      aliases: ['mysql'],
      load: async () => (await import('../connectors/mysql/plugin.ts')).mysqlConnector,
    },
    {
      class: 'io.debezium.connector.mariadb.MariaDbConnector',
      aliases: ['mariadb'],
      load: async () => (await import('../connectors/mysql/plugin.ts')).mariadbConnector,
    },
    {
      class: 'io.debezium.connector.mongodb.MongoDbConnector',
      aliases: ['mongodb'],
      load: async () => (await import('../connectors/mongodb/plugin.ts')).mongodbConnector,
    },
  ],
  sink: [
    {
      class: 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
      aliases: ['elasticsearch'],
      load: async () => (await import('../sinks/elasticsearch/plugin.ts')).elasticsearchSink,
    },
    {
      class: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
      aliases: ['file', 'FileStreamSink'],
      load: async () => (await import('../sinks/file/sink.ts')).fileSink,
    },
    {
      class: 'HttpSink',
      aliases: ['http'],
      load: async () => (await import('../sinks/http/sink.ts')).httpSink,
    },
    {
      class: 'RedisSink',
      aliases: ['redis'],
      load: async () => (await import('../sinks/redis/plugin.ts')).redisSink,
    },
    {
      class: 'HandlerSink',
      aliases: ['handler'],
      load: async () => (await import('../sinks/handler/plugin.ts')).handlerConnector,
    },
    {
      class: 'io.debezium.connector.jdbc.JdbcSinkConnector',
      aliases: ['jdbc'],
      load: async () => (await import('../sinks/jdbc/plugin.ts')).jdbcSink,
    },
    {
      class: 'ViewsSink',
      aliases: ['views'],
      load: async () => (await import('../sinks/views/plugin.ts')).viewsSink,
    },
  ],
  transformation: [
    ofConnect('Cast$Key', async () => (await import('../transforms/cast.ts')).cast.key),
    ofConnect('Cast$Value', async () => (await import('../transforms/cast.ts')).cast.value),
    ofConnect('DropHeaders', async () => (await import('../transforms/drop-headers.ts')).dropHeaders),
    ofConnect('ExtractField$Key', async () => (await import('../transforms/extract-field.ts')).extractField.key),
    ofConnect('ExtractField$Value', async () => (await import('../transforms/extract-field.ts')).extractField.value),
    ofConnect('Filter', async () => (await import('../transforms/filter.ts')).filter),
    ofConnect('Flatten$Key', async () => (await import('../transforms/flatten.ts')).flatten.key),
    ofConnect('Flatten$Value', async () => (await import('../transforms/flatten.ts')).flatten.value),
    ofConnect('HeaderFrom$Key', async () => (await import('../transforms/header-from.ts')).headerFrom.key),
    ofConnect('HeaderFrom$Value', async () => (await import('../transforms/header-from.ts')).headerFrom.value),
    ofConnect('HoistField$Key', async () => (await import('../transforms/hoist-field.ts')).hoistField.key),
    ofConnect('HoistField$Value', async () => (await import('../transforms/hoist-field.ts')).hoistField.value),
    ofConnect('InsertField$Key', async () => (await import('../transforms/insert-field.ts')).insertField.key),
    ofConnect('InsertField$Value', async () => (await import('../transforms/insert-field.ts')).insertField.value),
    ofConnect('InsertHeader', async () => (await import('../transforms/insert-header.ts')).insertHeader),
    ofConnect('MaskField$Key', async () => (await import('../transforms/mask-field.ts')).maskField.key),
    ofConnect('MaskField$Value', async () => (await import('../transforms/mask-field.ts')).maskField.value),
    ofConnect('RegexRouter', async () => (await import('../transforms/regex-router.ts')).regexRouter),
    ofConnect('ReplaceField$Key', async () => (await import('../transforms/replace-field.ts')).replaceField.key),
    ofConnect('ReplaceField$Value', async () => (await import('../transforms/replace-field.ts')).replaceField.value),
    ofConnect('SetSchemaMetadata$Key', async () => (await import('../transforms/set-schema-metadata.ts')).setSchemaMetadata.key),
    ofConnect('SetSchemaMetadata$Value', async () => (await import('../transforms/set-schema-metadata.ts')).setSchemaMetadata.value),
    ofConnect('TimestampConverter$Key', async () => (await import('../transforms/timestamp-converter.ts')).timestampConverter.key),
    ofConnect('TimestampConverter$Value', async () => (await import('../transforms/timestamp-converter.ts')).timestampConverter.value),
    ofConnect('TimestampRouter', async () => (await import('../transforms/timestamp-router.ts')).timestampRouter),
    ofConnect('ValueToKey', async () => (await import('../transforms/value-to-key.ts')).valueToKey),
    {
      class: 'EventStoreRouter',
      aliases: ['event-store'],
      load: async () => (await import('../transforms/event-store-router.ts')).eventStoreRouter,
    },
    {
      class: 'SagaMessageRouter',
      aliases: ['saga-messages'],
      load: async () => (await import('../transforms/saga-message-router.ts')).sagaMessageRouter,
    },
    {
      class: 'io.debezium.transforms.ExtractNewRecordState',
      aliases: ['ExtractNewRecordState', 'unwrap'],
      load: async () => (await import('../transforms/debezium/extract-new-record-state.ts')).extractNewRecordState,
    },
    {
      class: 'io.debezium.transforms.ExtractChangedRecordState',
      aliases: ['ExtractChangedRecordState'],
      load: async () => (await import('../transforms/debezium/extract-changed-record-state.ts')).extractChangedRecordState,
    },
    {
      class: 'io.debezium.transforms.ExtractSchemaToNewRecord',
      aliases: ['ExtractSchemaToNewRecord'],
      load: async () => (await import('../transforms/debezium/extract-schema-to-new-record.ts')).extractSchemaToNewRecord,
    },
    {
      class: 'io.debezium.transforms.outbox.EventRouter',
      aliases: ['EventRouter', 'outbox'],
      load: async () => (await import('../transforms/debezium/event-router.ts')).eventRouter,
    },
    {
      class: 'io.debezium.transforms.ByLogicalTableRouter',
      aliases: ['ByLogicalTableRouter'],
      load: async () => (await import('../transforms/debezium/by-logical-table-router.ts')).byLogicalTableRouter,
    },
    {
      class: 'io.debezium.transforms.ContentBasedRouter',
      aliases: ['ContentBasedRouter'],
      load: async () => (await import('../transforms/debezium/content-based-router.ts')).contentBasedRouter,
    },
    {
      class: 'io.debezium.transforms.Filter',
      aliases: [],
      load: async () => (await import('../transforms/debezium/filter.ts')).filter,
    },
    {
      class: 'io.debezium.transforms.HeaderToValue',
      aliases: ['HeaderToValue'],
      load: async () => (await import('../transforms/debezium/header-to-value.ts')).headerToValue,
    },
    {
      class: 'io.debezium.transforms.TimezoneConverter',
      aliases: ['TimezoneConverter'],
      load: async () => (await import('../transforms/debezium/timezone-converter.ts')).timezoneConverter,
    },
    {
      class: 'io.debezium.transforms.partitions.PartitionRouting',
      aliases: ['PartitionRouting'],
      load: async () => (await import('../transforms/debezium/partition-routing.ts')).partitionRouting,
    },
    {
      class: 'io.debezium.transforms.SchemaChangeEventFilter',
      aliases: ['SchemaChangeEventFilter'],
      load: async () => (await import('../transforms/debezium/schema-change-event-filter.ts')).schemaChangeEventFilter,
    },
    {
      class: 'io.debezium.connector.mongodb.transforms.ExtractNewDocumentState',
      aliases: ['ExtractNewDocumentState'],
      load: async () => (await import('../transforms/debezium/extract-new-document-state.ts')).extractNewDocumentState,
    },
    {
      class: 'io.debezium.connector.mongodb.transforms.outbox.MongoEventRouter',
      aliases: ['MongoEventRouter'],
      load: async () => (await import('../transforms/debezium/mongo-event-router.ts')).mongoEventRouter,
    },
    {
      class: 'io.debezium.connector.postgresql.transforms.DecodeLogicalDecodingMessageContent',
      aliases: ['DecodeLogicalDecodingMessageContent'],
      load: async () =>
        (await import('../transforms/debezium/decode-logical-decoding-message-content.ts')).decodeLogicalDecodingMessageContent,
    },
  ],
  predicate: [
    ofConnect('predicates.HasHeaderKey', async () => (await import('../transforms/predicates/has-header-key.ts')).hasHeaderKey),
    ofConnect(
      'predicates.RecordIsTombstone',
      async () => (await import('../transforms/predicates/record-is-tombstone.ts')).recordIsTombstone,
    ),
    ofConnect('predicates.TopicNameMatches', async () => (await import('../transforms/predicates/topic-name-matches.ts')).topicNameMatches),
  ],
  converter: converters,
  header_converter: [
    {
      class: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
      aliases: ['simple'],
      load: async () => (await import('./converters/simple-header-converter.ts')).simpleHeaderConverter,
    },
    ...converters,
  ],
};

/** Classes that a config may name, known but not supported: refused with the reason. */
export const refusedClasses: ReadonlyMap<string, string> = new Map([
  [
    'com.redis.kafka.connect.RedisSinkConnector',
    'its data structures have no versions; use `redis`, which takes its options of the connection (redis.uri, redis.cluster.enabled ...), with redis.mode',
  ],
  ['com.github.jcustenborder.kafka.connect.redis.RedisSinkConnector', 'use `redis` with redis.mode=write-through'],
  ['io.debezium.transforms.tracing.ActivateTracingSpan', 'there is no tracing here'],
  ['io.debezium.transforms.openlineage.OpenLineage', 'no lineage is reported to OpenLineage'],
  ['io.debezium.transforms.EnforceRecordSize', 'records are not cut to a size; use column.truncate.to.N.chars'],
  ['io.debezium.transforms.GeometryFormatTransformer', 'geometries stay as the connector writes them'],
  ['io.debezium.transforms.SwapGeometryCoordinates', 'geometries stay as the connector writes them'],
  ['io.debezium.transforms.VectorToJsonConverter', 'vectors stay as the connector writes them'],
  ['io.debezium.connector.postgresql.transforms.timescaledb.TimescaleDb', 'it asks the database, and transforms here do no I/O'],
]);

/** Every plugin with the further names that a config may use, for the reference pages. */
export function namedPlugins(): readonly (PluginListing & { readonly aliases: readonly string[] })[] {
  return (Object.keys(table) as PluginType[]).flatMap(type =>
    table[type].map(entry => ({ type, class: entry.class, aliases: entry.aliases, version })),
  );
}

/** The registry of this build. */
export const registry: PluginRegistry = {
  list(): readonly PluginListing[] {
    return (Object.keys(table) as PluginType[]).flatMap(type => table[type].map(entry => ({ type, class: entry.class, version })));
  },

  async load<T extends PluginType>(type: T, name: string): Promise<PluginOf<T>> {
    const entries: readonly Entry<T>[] = table[type];
    const entry = entries.find(candidate => candidate.class === name || candidate.aliases.includes(name));
    if (entry) return entry.load();
    const reason = refusedClasses.get(name);
    if (reason !== undefined)
      throw new SluiceError('PLUGIN_UNKNOWN', `The ${type.replace('_', ' ')} '${name}' is not supported: ${reason}.`);
    const near = nearest(
      name,
      entries.flatMap(candidate => [candidate.class, ...candidate.aliases]),
    );
    throw new SluiceError('PLUGIN_UNKNOWN', `There is no ${type.replace('_', ' ')} '${name}'${near ? `; did you mean '${near}'?` : '.'}`);
  },
};
