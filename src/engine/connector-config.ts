import {
  type Clock,
  type ConfigFault,
  type ConfigOf,
  type EventLog,
  type Logger,
  nearest,
  type OptionState,
  type PluginContext,
  type PluginOf,
  type PluginRegistry,
  type RawConfig,
  SluiceError,
  type Source,
} from '../contract/index.ts';
import { resolveConverters } from './connector-converters.ts';
import { commonOptions, commonSpec, isCommonOption } from './connector-options.ts';
import { type OverrideCheck, type OverridePolicy, parseOverrides } from './connector-overrides.ts';
import { type IsPasswordOption, shownValue } from './connector-secrets.ts';
import { parseTopicCreation } from './connector-topics.ts';
import type { SourceTaskPlan, TaskObserver } from './source-task-plan.ts';
import { compileTransforms } from './transform-chain.ts';

/** What a worker gives every connector. */
export type WorkerDefaults = {
  /** `key.converter`, `key.converter.schemas.enable` ...: for connectors that name no converter. */
  readonly converters: RawConfig;
  readonly topicCreation: boolean;
  readonly exactlyOnce: boolean;
  readonly overridePolicy: OverridePolicy;
  /** The log's check of `producer.override.*`; null where it has no producer. */
  readonly checkOverrides: OverrideCheck | null;
};

/** Replaces placeholders; faults and warnings by option. */
export type PlaceholderResolver = (raw: RawConfig) => Promise<{
  readonly config: RawConfig;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}>;

/** What resolving a connector's config needs. */
export type ConnectorResolving = {
  readonly registry: PluginRegistry;
  readonly defaults: WorkerDefaults;
  readonly placeholders: PlaceholderResolver;
  /** For transforms, which are compiled as they are checked. */
  context(connector: string): PluginContext;
};

/** How a task's faults that heal by themselves are retried (Debezium's options of these names). */
export type RetrySettings = {
  /** `errors.max.retries`; null: without end. */
  readonly attemptsMax: number | null;
  /** `retriable.restart.connector.wait.ms`: the longest pause. */
  readonly delayMsMax: number;
};

/** A valid connector, ready to make its tasks. Holds resolved secrets: never print it. */
export type ConnectorPlan = {
  readonly name: string;
  /** How many tasks it runs; every source here is one task. */
  readonly tasks: number;
  readonly retry: RetrySettings;
  /** A source without a task, for preflight checks. Its user disposes of it. */
  createSource(context: PluginContext): Source;
  createTask(
    task: number,
    services: { readonly log: EventLog; readonly logger: Logger; readonly clock: Clock; readonly observer: TaskObserver },
  ): SourceTaskPlan;
};

/** A config that was looked at: all that is wrong with it, and, where nothing is, the plan. */
export type ResolvedConnector = {
  /** The class as it is known, whatever short name the config used. */
  readonly class: string;
  readonly type: 'source';
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** For `validate`: common options first, then transforms, the class's own, converters. Values as they may be shown. */
  readonly states: readonly OptionState[];
  isPassword(name: string): boolean;
  readonly plan: ConnectorPlan | null;
};

/** A resolved connector with faults that were found later: it has no plan. */
export function withFaults(resolved: ResolvedConnector, faults: readonly ConfigFault[]): ResolvedConnector {
  const of = (name: string) => faults.filter(({ option }) => option === name).map(({ message }) => message);
  return {
    ...resolved,
    faults: [...resolved.faults, ...faults],
    states: resolved.states.map(state => ({ ...state, errors: [...state.errors, ...of(state.name)] })),
    plan: null,
  };
}

/** Longest pause between retries where the plugin has no option for it. */
const retryDelayMsMax = 10_000;

/** The class a config names, and the source behind it. Throws SluiceError BAD_REQUEST, with the nearest known name. */
export async function loadSource(
  className: string,
  registry: PluginRegistry,
): Promise<{ readonly class: string; readonly plugin: PluginOf<'source'> }> {
  const classes = registry
    .list()
    .filter(({ type }) => type === 'source')
    .map(listing => listing.class);
  // Connect knows a class by its last name too, with or without "Connector".
  const simple = (name: string) => name.slice(name.lastIndexOf('.') + 1).replace(/(?<=.)Connector$/, '');
  const byAlias = className.includes('.') ? undefined : classes.find(known => simple(known) === simple(className));
  const wanted = byAlias ?? className;
  try {
    const plugin = await registry.load('source', wanted);
    return { class: classes.includes(wanted) ? wanted : await nameOf(plugin), plugin };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'PLUGIN_UNKNOWN') throw error;
    const near = nearest(className, classes) ?? nearest(simple(className), classes.map(simple));
    throw new SluiceError(
      'BAD_REQUEST',
      `Failed to find any class that implements Connector and which name matches ${className}${near ? `; did you mean '${near}'?` : ','} available connectors are: ${classes.join(', ')}`,
      { cause: error },
    );
  }

  async function nameOf(plugin: PluginOf<'source'>): Promise<string> {
    for (const known of classes) if ((await registry.load('source', known)) === plugin) return known;
    return className;
  }
}

function passwordsOf({ spec }: PluginOf<'source'>): IsPasswordOption {
  const passwords = new Set(
    Object.entries(spec.options).flatMap(([name, option]) => (option.type === 'PASSWORD' ? [name, ...option.aliases] : [])),
  );
  return name => passwords.has(name);
}

/** Which options of a class are secrets by their type; none where there is no such class. */
export async function passwordOptions(className: string | null | undefined, registry: PluginRegistry): Promise<IsPasswordOption> {
  if (typeof className !== 'string') return () => false;
  try {
    return passwordsOf((await loadSource(className.trim(), registry)).plugin);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'BAD_REQUEST') return () => false;
    throw error;
  }
}

/**
 * Looks at a connector's config as a whole: placeholders, common options, converters, transforms, topic creation, overrides and the class's own
 * options, and finds all faults at once. `raw` is the config as it is stored; null stands for a JSON null, which is a fault as in Connect.
 * Throws SluiceError BAD_REQUEST where the config names no class or one there is not.
 */
export async function resolveConnector(
  raw: Readonly<Record<string, string | null>>,
  resolving: ConnectorResolving,
): Promise<ResolvedConnector> {
  const { registry, defaults } = resolving;
  const given: RawConfig = Object.fromEntries(Object.entries(raw).filter((entry): entry is [string, string] => entry[1] !== null));
  const { config, faults: unresolved, warnings: unknownProviders } = await resolving.placeholders(given);
  const className = config['connector.class']?.trim();
  if (className === undefined || className === '')
    throw new SluiceError('BAD_REQUEST', `Connector config ${given['name'] ? `of ${given['name']} ` : ''}contains no connector type`);
  const source = await loadSource(className, registry);
  const { spec } = source.plugin;
  const isPassword = passwordsOf(source.plugin);

  const common = commonSpec.parse(config, () => true);
  const own = spec.parse(config, isCommonOption);
  const names = common.config ?? { 'topic.creation.groups': [] };
  const chain = await compileTransforms(config, registry, resolving.context(config['name'] ?? ''));
  // The lists of aliases are common options, and told of as such.
  const foreign = ({ option }: ConfigFault) => option !== 'transforms' && option !== 'predicates';
  const transforms = {
    faults: chain.faults.filter(foreign),
    warnings: chain.warnings.filter(foreign),
    states: chain.states.filter(({ name }) => foreign({ option: name, message: '' })),
  };
  const converters = await resolveConverters(config, defaults.converters, registry);
  const topics = parseTopicCreation(config, names['topic.creation.groups']);
  const transactional = defaults.exactlyOnce;
  const producer = parseOverrides(config, defaults.overridePolicy, transactional, defaults.checkOverrides);

  /** A message about an option names its value as it may be shown, not as it was resolved. */
  const concealed = (fault: ConfigFault): ConfigFault => {
    const [text, written] = [config[fault.option], given[fault.option]];
    if (text === undefined || written === undefined || text === '') return fault;
    const shown = shownValue(fault.option, written, isPassword);
    return shown === text ? fault : { ...fault, message: fault.message.replaceAll(text, shown) };
  };
  const unavailable = new Set(unresolved.map(({ option }) => option));
  const parts = [common, own, transforms, converters, topics, producer];
  const faults = [
    ...Object.entries(raw).flatMap(([option, value]) =>
      value === null ? [{ option, message: `Null value can not be supplied as the configuration value of ${option}.` }] : [],
    ),
    ...unresolved,
    // A value that could not be looked up is wrong in one way only.
    ...parts.flatMap(part => part.faults).filter(({ option }) => !unavailable.has(option)),
    ...(config['exactly.once.support']?.trim().toLowerCase() === 'required' && !transactional
      ? [{ option: 'exactly.once.support', message: 'This worker does not have exactly-once source support enabled.' }]
      : []),
  ].map(concealed);
  const known = [...Object.keys(commonOptions), ...Object.entries(spec.options).flatMap(([name, { aliases }]) => [name, ...aliases])];
  const warnings = [...unknownProviders, ...parts.flatMap(part => part.warnings)].map(concealed).map(warning => {
    // The class's spec knows its own names only; the nearest may be one that all connectors have.
    if (known.includes(warning.option) || !own.warnings.some(({ option }) => option === warning.option)) return warning;
    const near = nearest(warning.option, known);
    return { ...warning, message: `Unknown option '${warning.option}' has no effect${near ? `; did you mean '${near}'?` : '.'}` };
  });
  const shownStates = [...common.states, ...transforms.states, ...own.states, ...converters.states].map(state => ({
    ...state,
    value: state.value === null ? null : shownValue(state.name, given[state.name] ?? state.value, isPassword),
    errors: faults.filter(({ option }) => option === state.name || state.option.aliases.includes(option)).map(({ message }) => message),
  }));
  const valid = faults.length === 0 && common.config !== null && own.config !== null;
  return {
    class: source.class,
    type: 'source',
    faults,
    warnings,
    states: shownStates,
    isPassword,
    plan: valid ? plan(common.config, own.config) : null,
  };

  function plan(options: ConfigOf<typeof commonOptions>, pluginConfig: unknown): ConnectorPlan {
    const text = (name: string) => own.states.find(state => state.name === name)?.value ?? null;
    const attempts = Number(text('errors.max.retries') ?? -1);
    const delay = Number(text('retriable.restart.connector.wait.ms') ?? retryDelayMsMax);
    const createSource = (context: PluginContext) => source.plugin.create(pluginConfig, context);
    return {
      name: options.name,
      tasks: 1,
      retry: { attemptsMax: attempts < 0 ? null : attempts, delayMsMax: delay > 0 ? delay : retryDelayMsMax },
      createSource,
      createTask(task, { log, logger, clock, observer }) {
        const context: PluginContext = { connector: options.name, task, logger, clock };
        return {
          id: { connector: options.name, task },
          transform: chain.apply,
          ...converters.make(context),
          source: createSource(context),
          topicSpec: topic => (defaults.topicCreation ? topics.topicSpec(topic) : null),
          writer: { producerOverrides: producer.overrides, transactional },
          errors: {
            tolerance: options['errors.tolerance'],
            logEnable: options['errors.log.enable'],
            logIncludeMessages: options['errors.log.include.messages'],
          },
          log,
          logger,
          clock,
          observer,
        };
      },
    };
  }
}
