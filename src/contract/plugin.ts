import type { ConfigSpec } from './config-spec.ts';
import type { Converter, HeaderConverter } from './converter.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';
import type { Predicate, Transform } from './transform.ts';
import type { SinkVerification, SourceVerification } from './verification.ts';

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

/**
 * What a changed option does beside making the tasks start anew. `position`: a position stored under the old value does not count under the
 * new one; `server`: it names another server or database, which the stored position is held against at the next start; `tables`, `topics`:
 * which are read, or written to; `records`: keys, values or headers take another form.
 */
export type OptionEffect = 'position' | 'server' | 'tables' | 'topics' | 'records';

/** A table or collection that a source captures, by the name its include list knows, and the topic it has before any transform. */
export type CapturedTable = {
  readonly name: string;
  readonly topic: string;
  /** Added to a connector that has a position, its rows are read by itself. Left out: they are not. */
  readonly readWhenAdded?: boolean;
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
  /** Of a connector: what changing one of its options does; null: its tasks start anew, and that is all. */
  effectOf?(option: string): OptionEffect | null;
  /** Of a source: what it would capture of its database as that is now. Changes nothing there. Throws as `Source.check` finds faults. */
  captured?(config: Config, abort: AbortSignal): Promise<readonly CapturedTable[]>;
  /** Of a source: what reads its tables for a verification. Does no I/O by itself. */
  sourceVerification?(config: Config, context: PluginContext): SourceVerification;
  /** Of a sink that holds rows: what looks at them for a verification; `group`: of its live flow. Does no I/O by itself. */
  sinkVerification?(config: Config, context: PluginContext, group: string): SinkVerification;
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
