import type { ConfigSpec } from './config-spec.ts';
import type { Converter, HeaderConverter } from './converter.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';
import type { Predicate, Transform } from './transform.ts';

/** The part of pino that plugins use: an object of fields and a text. */
export type Logger = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
};

/** What the engine hands to a plugin beside its config. */
export type PluginContext = {
  readonly connector: string;
  readonly task: number;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** Time as an argument, so that tests own it. */
export type Clock = {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Nanoseconds since 1970, as fine as the machine gives them. */
  nowNs(): bigint;
};

export type PluginType = 'source' | 'sink' | 'transformation' | 'predicate' | 'converter' | 'header_converter';

/**
 * A plugin: what it can be told (`spec` gives defaults, validation, REST answers and reference page) and how one is made from it.
 * `create` gets a valid config; it does no I/O.
 */
export type Plugin<Config, Made> = {
  readonly spec: ConfigSpec<Config>;
  /**
   * Of a transform: what its model in Java does with a record's Headers object, which Debezium's deletes share with their tombstones.
   * `adds`: puts headers into that very object, and hands it on; `adds then copies`: the same, but its result has a copy; `keeps`: hands
   * it on. Left out: a record that it changes has a copy. The engine gives the tombstone what was added to the shared one.
   */
  readonly sharedHeaders?: 'adds' | 'adds then copies' | 'keeps';
  create(config: Config, context: PluginContext): Made;
};

/** What the registry says of a plugin without loading it (GET /connector-plugins). */
export type PluginListing = { readonly type: PluginType; readonly class: string; readonly version: string };

/** Finds plugins by the names a config may use: Java class names or our short ones. Built in src/registry.ts, handed to the engine. */
export interface PluginRegistry {
  list(): readonly PluginListing[];
  /** Loads the plugin's module. Throws SluiceError PLUGIN_UNKNOWN, with the nearest known name. */
  load<T extends PluginType>(type: T, name: string): Promise<PluginOf<T>>;
}

/** What a registry entry of each type makes. A config is what `spec.parse` of the same plugin made. */
export type PluginOf<T extends PluginType> = Plugin<
  unknown,
  {
    source: Source;
    sink: Sink;
    transformation: Transform;
    predicate: Predicate;
    converter: Converter;
    header_converter: HeaderConverter;
  }[T]
>;
