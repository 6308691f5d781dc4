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
} from '../contract/index.ts';
import type { ResolvedTransforms } from './connector-transforms.ts';
import { chainOf, type Stage } from './transform-chain.ts';
import { predicateSpec, stageSpec, withoutPrefix, withPrefix } from './transform-options.ts';

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

/** The aliases to resolve, each once. An empty list may also mean that the list itself is faulty: then it is read as well as it can be. */
function aliasesOf(kind: Kind, given: readonly string[], raw: RawConfig): readonly string[] {
  const list = given.length > 0 ? given : (raw[kind] ?? '').split(',').map(alias => alias.trim());
  return [...new Set(list)].filter(alias => alias !== '');
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

/** A connector's transforms, resolved: what can be made of them for each task. */
export type ResolvedChain = ResolvedTransforms & {
  /** The chain as one function (null: no transforms), and how many records each transform has dropped so far, by its alias. */
  create(context: PluginContext): { readonly apply: Transform | null; readonly dropped: ReadonlyMap<string, number> };
};

/**
 * Reads `transforms.NAME.*` and `predicates.NAME.*` of a connector's config. All faults are found at once, named by their full options;
 * nothing may be made of the chain while there are any. Throws only what a plugin's module throws while it is loaded.
 */
export async function resolveTransforms(
  raw: RawConfig,
  aliases: { readonly transforms: readonly string[]; readonly predicates: readonly string[] },
  registry: PluginRegistry,
): Promise<ResolvedChain> {
  const findings = new Findings();
  const stageAliases = aliasesOf('transforms', aliases.transforms, raw);
  const predicateAliases = aliasesOf('predicates', aliases.predicates, raw);
  warnOfStrangers('transforms', stageAliases, raw, findings);
  warnOfStrangers('predicates', predicateAliases, raw, findings);
  const stages: ResolvedStage[] = [];
  for (const alias of stageAliases) {
    const stage = await resolveStage(alias, raw, predicateAliases, registry, findings);
    if (stage) stages.push(stage);
  }
  const predicates = new Map<string, Resolved<'predicate'>>();
  for (const alias of predicateAliases) {
    const predicate = await resolvePredicate(alias, raw, registry, findings);
    if (predicate) predicates.set(alias, predicate);
  }

  function create(context: PluginContext): { apply: Transform | null; dropped: ReadonlyMap<string, number> } {
    if (findings.faults.length > 0) throw new SluiceError('CONFIG_INVALID', findings.faults.map(({ message }) => message).join('\n'));
    const dropped = new Map(stages.map(({ alias }) => [alias, 0]));
    const made = new Map<string, Predicate>();
    for (const [alias, { plugin, config }] of predicates) made.set(alias, plugin.create(config, context));
    const chain = stages.map(
      ({ plugin, config, predicate, ...stage }): Stage => ({
        ...stage,
        transform: plugin.create(config, context),
        predicate: predicate === null ? null : (made.get(predicate) ?? null),
      }),
    );
    return { apply: chain.length === 0 ? null : chainOf(chain, dropped), dropped };
  }

  const { faults, warnings } = findings;
  return { faults, warnings, states: findings.states(), create, make: context => create(context).apply };
}
