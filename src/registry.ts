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

/** The one table of every name a config may use. Adding a plugin is adding a line. */
const table: Table = {
  source: [],
  sink: [],
  transformation: [],
  predicate: [],
  converter: [
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
  ],
  header_converter: [
    {
      class: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
      aliases: ['simple'],
      load: async () => (await import('./converters/simple-header-converter.ts')).simpleHeaderConverter,
    },
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
  ],
};

/** The registry of this build. */
export const registry: PluginRegistry = {
  list(): readonly PluginListing[] {
    return (Object.keys(table) as PluginType[]).flatMap(type => table[type].map(entry => ({ type, class: entry.class, version })));
  },

  async load<T extends PluginType>(type: T, name: string): Promise<PluginOf<T>> {
    const entries: readonly Entry<T>[] = table[type];
    const entry = entries.find(candidate => candidate.class === name || candidate.aliases.includes(name));
    if (entry) return entry.load();
    const near = nearest(
      name,
      entries.flatMap(candidate => [candidate.class, ...candidate.aliases]),
    );
    throw new SluiceError('PLUGIN_UNKNOWN', `There is no ${type.replace('_', ' ')} '${name}'${near ? `; did you mean '${near}'?` : '.'}`);
  },
};
