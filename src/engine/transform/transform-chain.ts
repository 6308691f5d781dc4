import {
  type ConfigFault,
  nearest,
  type OptionState,
  type ParsedConfig,
  type PluginContext,
  type PluginOf,
  type PluginRegistry,
  type Predicate,
  type RawConfig,
  SluiceError,
  type Transform,
} from '../../contract/index.ts';
import { chainSpec, predicateSpec, stageSpec, withoutPrefix, withPrefix } from './transform-options.ts';
import { chainOf, type Stage } from './transform-stages.ts';

/** Gathers what is wrong, so that all of it is told at once. */
class Findings {
  readonly faults: ConfigFault[] = [];
  readonly warnings: ConfigFault[] = [];
  readonly #states: OptionState[] = [];

  add<Config>(parsed: ParsedConfig<Config>): Config | null {
    this.faults.push(...parsed.faults);
    this.warnings.push(...parsed.warnings);
    this.#states.push(...parsed.states);
    return parsed.config;
  }

  fault(option: string, message: string): void {
    this.faults.push({ option, message });
  }

  /** The options as they stand, with every fault found meanwhile. */
  states(): readonly OptionState[] {
    return this.#states.map(state => ({
      ...state,
      errors: this.faults.filter(({ option }) => option === state.name).map(({ message }) => message),
    }));
  }
}

type Kind = 'transforms' | 'predicates';

/** The aliases of a list, each once; a second mention is a fault. */
function aliasesOf(kind: Kind, list: readonly string[], findings: Findings): readonly string[] {
  const unique = [...new Set(list)];
  if (unique.length < list.length)
    findings.fault(kind, `Invalid value [${list.join(', ')}] for configuration ${kind}: Duplicate alias provided.`);
  return unique;
}

/** Options of an alias that the list does not name have no effect: most likely a slip of the pen. */
function warnOfStrangers(kind: Kind, aliases: readonly string[], raw: RawConfig, findings: Findings): void {
  for (const option of Object.keys(raw)) {
    if (!option.startsWith(`${kind}.`)) continue;
    const rest = option.slice(kind.length + 1);
    if (aliases.some(alias => rest.startsWith(`${alias}.`))) continue;
    const alias = rest.includes('.') ? rest.slice(0, rest.indexOf('.')) : rest;
    const near = nearest(alias, aliases);
    findings.warnings.push({
      option,
      message: `Option '${option}' has no effect: '${kind}' does not list '${alias}'${near ? `; did you mean '${near}'?` : '.'}`,
    });
  }
}

/** A plugin with its valid config. */
type Resolved<T extends 'transformation' | 'predicate'> = { readonly plugin: PluginOf<T>; readonly config: unknown };

/** Loads the plugin that `type` names and reads its options. null where either is faulty. */
async function resolvePlugin<T extends 'transformation' | 'predicate'>(
  kind: T,
  registry: PluginRegistry,
  place: { readonly prefix: string; readonly group: string; readonly type: string; readonly own: RawConfig },
  findings: Findings,
): Promise<Resolved<T> | null> {
  const { prefix, group, type, own } = place;
  let plugin: PluginOf<T>;
  try {
    plugin = await registry.load(kind, type);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'PLUGIN_UNKNOWN') throw error;
    findings.fault(`${prefix}type`, `Invalid value ${type} for configuration ${prefix}type: ${error.message}`);
    return null;
  }
  const parsed = withPrefix(plugin.spec.parse(own), prefix, group);
  const config = findings.add(parsed);
  return parsed.faults.length > 0 ? null : { plugin, config };
}

async function resolvePredicate(
  alias: string,
  raw: RawConfig,
  registry: PluginRegistry,
  findings: Findings,
): Promise<Resolved<'predicate'> | null> {
  const prefix = `predicates.${alias}.`;
  const group = `Predicates: ${alias}`;
  const { type: given, ...own } = withoutPrefix(raw, prefix);
  const implicit = findings.add(withPrefix(predicateSpec.parse(given === undefined ? {} : { type: given }), prefix, group));
  return implicit && resolvePlugin('predicate', registry, { prefix, group, type: implicit.type, own }, findings);
}

/** What a stage's `predicate` and `negate` say is checked even where the rest of the stage is faulty. */
function checkCondition(prefix: string, given: RawConfig, predicates: readonly string[], findings: Findings): void {
  const name = given['predicate'];
  if (name === undefined) {
    if (given['negate'] === undefined) return;
    findings.fault(
      `${prefix}negate`,
      `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
    );
  } else if (!predicates.includes(name)) {
    const near = nearest(name, predicates);
    findings.fault(
      `${prefix}predicate`,
      `Invalid value ${name} for configuration ${prefix}predicate: 'predicates' does not list it${near ? `; did you mean '${near}'?` : '.'}`,
    );
  }
}

type ResolvedStage = Resolved<'transformation'> & {
  readonly alias: string;
  readonly type: string;
  readonly predicate: string | null;
  readonly negate: boolean;
};

async function resolveStage(
  alias: string,
  raw: RawConfig,
  predicates: readonly string[],
  registry: PluginRegistry,
  findings: Findings,
): Promise<ResolvedStage | null> {
  const prefix = `transforms.${alias}.`;
  const group = `Transforms: ${alias}`;
  const given = Object.entries(withoutPrefix(raw, prefix));
  const isImplicit = (name: string) => Object.hasOwn(stageSpec.options, name);
  const ofStage = Object.fromEntries(given.filter(([name]) => isImplicit(name)));
  const own = Object.fromEntries(given.filter(([name]) => !isImplicit(name)));
  const implicit = findings.add(withPrefix(stageSpec.parse(ofStage), prefix, group));
  checkCondition(prefix, ofStage, predicates, findings);
  const type = ofStage['type']?.trim();
  const resolved = type === undefined ? null : await resolvePlugin('transformation', registry, { prefix, group, type, own }, findings);
  if (type === undefined || implicit === null || resolved === null) return null;
  return { ...resolved, alias, type, predicate: implicit.predicate, negate: implicit.negate };
}

/** A connector's transforms, checked and compiled. */
export type TransformChain = {
  /** The whole chain as one function; null where there are no transforms, or where there are faults. */
  readonly apply: Transform | null;
  /** How many records each transform has dropped so far, by its alias. */
  readonly dropped: ReadonlyMap<string, number>;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** Every option of the chain by its full name, for `validate` answers. */
  readonly states: readonly OptionState[];
};

/** Makes the stages of a chain without faults. */
function makeStages(
  stages: readonly ResolvedStage[],
  predicates: ReadonlyMap<string, Resolved<'predicate'>>,
  context: PluginContext,
): readonly Stage[] {
  const made = new Map<string, Predicate>();
  for (const [alias, { plugin, config }] of predicates) made.set(alias, plugin.create(config, context));
  return stages.map(({ plugin, config, predicate, ...stage }) => ({
    ...stage,
    transform: plugin.create(config, context),
    sharedHeaders: plugin.sharedHeaders,
    predicate: predicate === null ? null : (made.get(predicate) ?? null),
  }));
}

/**
 * Reads `transforms`, `predicates` and what belongs to them in a connector's config and compiles the chain. All faults are found at once,
 * named by their full options. Throws only what a plugin's module throws while it is loaded.
 */
export async function compileTransforms(raw: RawConfig, registry: PluginRegistry, context: PluginContext): Promise<TransformChain> {
  const findings = new Findings();
  const lists = findings.add(chainSpec.parse(raw, () => true));
  const aliases = aliasesOf('transforms', lists?.transforms ?? [], findings);
  const predicateAliases = aliasesOf('predicates', lists?.predicates ?? [], findings);
  warnOfStrangers('transforms', aliases, raw, findings);
  warnOfStrangers('predicates', predicateAliases, raw, findings);
  const stages: ResolvedStage[] = [];
  for (const alias of aliases) {
    const stage = await resolveStage(alias, raw, predicateAliases, registry, findings);
    if (stage) stages.push(stage);
  }
  const predicates = new Map<string, Resolved<'predicate'>>();
  for (const alias of predicateAliases) {
    const predicate = await resolvePredicate(alias, raw, registry, findings);
    if (predicate) predicates.set(alias, predicate);
  }
  const { faults, warnings } = findings;
  const dropped = new Map(stages.map(({ alias }) => [alias, 0]));
  const isUsable = faults.length === 0 && stages.length > 0;
  const apply = isUsable ? chainOf(makeStages(stages, predicates, context), dropped) : null;
  return { apply, dropped, faults, warnings, states: findings.states() };
}
