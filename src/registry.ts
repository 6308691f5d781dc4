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
  converter: [],
  header_converter: [],
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
