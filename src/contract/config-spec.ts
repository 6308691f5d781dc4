import { nearest } from './nearest.ts';

/** A config as it is given: flat, names with dots, every value a string (what Connect stores). */
export type RawConfig = Readonly<Record<string, string>>;

/** org.apache.kafka.common.config.ConfigDef.Type, as `validate` answers it. */
export type OptionType = 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'BOOLEAN' | 'LIST' | 'PASSWORD' | 'CLASS';
export type Importance = 'HIGH' | 'MEDIUM' | 'LOW';

/** One option. `Parsed` is the type of its value in the resolved config. */
export type Option<Parsed> = {
  readonly type: OptionType;
  /** Text as a user would write it; undefined: required; null: optional and unset by default (the parsed value is then null). */
  readonly default: string | null | undefined;
  readonly doc: string;
  readonly importance: Importance;
  /** The group under which `validate` and the reference page list it: `Connection`, `Snapshot` ... */
  readonly group: string;
  readonly displayName: string;
  /** The values it may have, for enumerations. */
  readonly values: readonly string[] | null;
  /** Values that Debezium or Connect know beside those, refused here: each with the reason. */
  readonly refusedValues: Readonly<Record<string, string>>;
  /** What a number must lie in; empty where its type is the only limit. */
  readonly range: Range;
  /** Older names that still work, in the order in which they are looked for. */
  readonly aliases: readonly string[];
  /** Known to Debezium or Connect but not supported here: the reason. Set, it is a fault; left out, all is well (invariant 5). */
  readonly unsupported: string | null;
  /** Reads the text. Throws an Error whose message completes `Invalid value X for configuration NAME: `. */
  parse(text: string): Parsed;
};

/** Limits of a numeric option, both inclusive. */
export type Range = { readonly min?: number; readonly max?: number };

type OptionSettings = Range & {
  default?: string | null;
  doc: string;
  importance?: Importance;
  group?: string;
  displayName?: string;
  aliases?: readonly string[];
  unsupported?: string;
  values?: readonly string[];
  refusedValues?: Readonly<Record<string, string>>;
};

/** Required where `default` is left out; `null` in the type where the default is null. */
type Parsed<S extends OptionSettings, T> = S extends { default: null } ? T | null : T;

function option<T>(type: OptionType, settings: OptionSettings, parse: (text: string) => T): Option<T> {
  const { min, max } = settings;
  return {
    type,
    default: settings.default,
    doc: settings.doc,
    importance: settings.importance ?? 'MEDIUM',
    group: settings.group ?? 'Common',
    displayName: settings.displayName ?? '',
    values: settings.values ?? null,
    refusedValues: settings.refusedValues ?? {},
    range: { ...(min !== undefined && { min }), ...(max !== undefined && { max }) },
    aliases: settings.aliases ?? [],
    unsupported: settings.unsupported ?? null,
    parse,
  };
}

function parseInteger(text: string, least: bigint, most: bigint, kind: string): bigint {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) throw new Error(`Not a number of type ${kind}`);
  const value = BigInt(trimmed);
  if (value < least || value > most) throw new Error(`Not a number of type ${kind}`);
  return value;
}

function inRange(value: number, { min, max }: Range): number {
  if (min !== undefined && value < min) throw new Error(`Value must be at least ${min}`);
  if (max !== undefined && value > max) throw new Error(`Value must be no more than ${max}`);
  return value;
}

/** The kinds of options. Each takes the same settings; texts are parsed as Kafka's ConfigDef does. */
export const options = {
  string<const S extends OptionSettings>(settings: S & { validate?: (text: string) => void }): Option<Parsed<S, string>> {
    return option('STRING', settings, text => {
      settings.validate?.(text);
      return text as Parsed<S, string>;
    });
  },
  int<const S extends OptionSettings>(settings: S): Option<Parsed<S, number>> {
    return option(
      'INT',
      settings,
      text => inRange(Number(parseInteger(text, -(2n ** 31n), 2n ** 31n - 1n, 'INT')), settings) as Parsed<S, number>,
    );
  },
  /** A number of at most 2^53; larger limits (Long.MAX_VALUE) become that. */
  long<const S extends OptionSettings>(settings: S): Option<Parsed<S, number>> {
    return option('LONG', settings, text => {
      const value = Number(parseInteger(text, -(2n ** 63n), 2n ** 63n - 1n, 'LONG'));
      return inRange(Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value)), settings) as Parsed<S, number>;
    });
  },
  double<const S extends OptionSettings>(settings: S): Option<Parsed<S, number>> {
    return option('DOUBLE', settings, text => {
      const value = Number(text);
      if (text.trim() === '' || Number.isNaN(value)) throw new Error('Not a number of type DOUBLE');
      return inRange(value, settings) as Parsed<S, number>;
    });
  },
  boolean<const S extends OptionSettings>(settings: S): Option<Parsed<S, boolean>> {
    return option('BOOLEAN', settings, text => {
      const lower = text.trim().toLowerCase();
      if (lower !== 'true' && lower !== 'false') throw new Error('Expected value to be either true or false');
      return (lower === 'true') as Parsed<S, boolean>;
    });
  },
  /** Comma separated, trimmed; an empty text is an empty list. */
  list<const S extends OptionSettings>(settings: S): Option<Parsed<S, readonly string[]>> {
    return option(
      'LIST',
      settings,
      text => (text.trim() === '' ? [] : text.split(',').map(part => part.trim())) as unknown as Parsed<S, readonly string[]>,
    );
  },
  password<const S extends OptionSettings>(settings: S): Option<Parsed<S, string>> {
    return option('PASSWORD', settings, text => text as Parsed<S, string>);
  },
  /** A Java class name or our short one; the registry resolves it. */
  className<const S extends OptionSettings>(settings: S): Option<Parsed<S, string>> {
    return option('CLASS', settings, text => text.trim() as Parsed<S, string>);
  },
  /** One of a few words, in any case. */
  choice<const V extends readonly string[], const S extends OptionSettings>(values: V, settings: S): Option<Parsed<S, V[number]>> {
    return option('STRING', { ...settings, values }, text => {
      const lower = text.trim().toLowerCase();
      if (values.includes(lower)) return lower as Parsed<S, V[number]>;
      const near = nearest(lower, values);
      throw new Error(`Value must be one of ${values.join(', ')}${near ? `; did you mean "${near}"?` : ''}`);
    });
  },
  /** A text that a parser of its own reads; `parse` throws an Error whose message says what is wrong, and sees to `values` if there are any. */
  parsed<T, const S extends OptionSettings>(type: OptionType, settings: S, parse: (text: string) => T): Option<Parsed<S, T>> {
    return option(type, settings, text => parse(text) as Parsed<S, T>);
  },
};

export type OptionMap = Readonly<Record<string, Option<unknown>>>;

/** The resolved config of a map of options: every name with its parsed value. */
export type ConfigOf<Options extends OptionMap> = { readonly [Name in keyof Options]: Options[Name] extends Option<infer T> ? T : never };

/** Options whose names have a variable part: `column.mask.with.N.chars`, `topic.creation.GROUP.partitions`, `transforms.NAME.type`. */
export type OptionPattern = {
  readonly pattern: RegExp;
  readonly doc: string;
  readonly example: string;
  /** Set where all such options are refused: the reason. */
  readonly unsupported?: string;
};

/** Something wrong with one option. */
export type ConfigFault = { readonly option: string; readonly message: string };

/** An option as it stands after parsing, for `validate` answers. */
export type OptionState = {
  readonly name: string;
  readonly option: Option<unknown>;
  readonly value: string | null;
  readonly errors: readonly string[];
};

export type ParsedConfig<Config> = {
  /** null where there are faults. */
  readonly config: Config | null;
  readonly faults: readonly ConfigFault[];
  /** Unknown options with the nearest known name, deprecated names, and the like; the option keeps having no effect. */
  readonly warnings: readonly ConfigFault[];
  readonly states: readonly OptionState[];
};

/** One object a plugin: defaults, validation, `validate` answers and the reference page all come from it. */
export type ConfigSpec<Config> = {
  /** What the plugin does, in a sentence or two, for the reference page. */
  readonly doc: string;
  readonly options: OptionMap;
  readonly patterns: readonly OptionPattern[];
  /** Finds all faults at once. Names that `foreign` accepts belong to somebody else (the worker's, a transform's) and are not warned of. */
  parse(raw: RawConfig, foreign?: (name: string) => boolean): ParsedConfig<Config>;
};

/** Where checks of a config tell what they find. */
export type ConfigReport = { fault(option: string, message: string): void; warning(option: string, message: string): void };

/**
 * A config spec. `doc` says what the plugin does; `options` are the fixed names; what has variable names is described in `patterns`. `check` sees the texts, whatever
 * faults there are already: for variable names and for what concerns several options, so that all faults are found at once. `refine` makes
 * the resolved config of the parsed options, where there is no fault so far; it may find more.
 */
export function configSpec<const Options extends OptionMap, Config = ConfigOf<Options>>(definition: {
  doc?: string;
  options: Options;
  patterns?: readonly OptionPattern[];
  check?: (raw: RawConfig, report: ConfigReport) => void;
  refine?: (config: ConfigOf<Options>, raw: RawConfig, report: ConfigReport) => Config;
}): ConfigSpec<Config> {
  const { doc = '', options: known, patterns = [], check, refine } = definition;
  const names = new Map<string, string>();
  for (const [name, { aliases }] of Object.entries(known)) for (const alias of [name, ...aliases]) names.set(alias, name);

  function parse(raw: RawConfig, foreign: (name: string) => boolean = () => false): ParsedConfig<Config> {
    const faults: ConfigFault[] = [];
    const warnings: ConfigFault[] = [];
    const parsed: Record<string, unknown> = {};
    const states = Object.entries(known).map(([name, option]) => {
      const given = [name, ...option.aliases].find(alias => raw[alias] !== undefined);
      const text = given === undefined ? option.default : raw[given];
      const errors: string[] = [];
      if (option.unsupported !== null && given !== undefined) errors.push(`The option '${given}' is not supported: ${option.unsupported}`);
      else if (text === undefined) errors.push(`Missing required configuration "${name}" which has no default value.`);
      else if (text === null) parsed[name] = null;
      else {
        try {
          parsed[name] = option.parse(text);
        } catch (error) {
          const shown = option.type === 'PASSWORD' ? '[hidden]' : text;
          errors.push(`Invalid value ${shown} for configuration ${given ?? name}: ${(error as Error).message}`);
        }
      }
      for (const message of errors) faults.push({ option: given ?? name, message });
      return { name, option, value: text ?? null, errors };
    });
    for (const name of Object.keys(raw)) {
      if (names.has(name) || foreign(name) || patterns.some(({ pattern }) => pattern.test(name))) continue;
      const near = nearest(name, [...names.keys()]);
      warnings.push({ option: name, message: `Unknown option '${name}' has no effect${near ? `; did you mean '${near}'?` : '.'}` });
    }
    const report: ConfigReport = {
      fault: (option, message) => faults.push({ option, message }),
      warning: (option, message) => warnings.push({ option, message }),
    };
    check?.(raw, report);
    const resolve = () => (refine ? refine(parsed as ConfigOf<Options>, raw, report) : (parsed as Config));
    const config = faults.length > 0 ? null : resolve();
    const errorsOf = (name: string) => faults.filter(fault => names.get(fault.option) === name).map(({ message }) => message);
    return {
      config: faults.length > 0 ? null : config,
      faults,
      warnings,
      states: states.map(state => ({ ...state, errors: errorsOf(state.name) })),
    };
  }
  return { doc, options: known, patterns, parse };
}
