import { type ConfigFault, nearest, type RawConfig, SluiceError } from '../../contract/index.ts';
import { sinkKind } from '../sink/sink-connector.ts';
import { sourceKind } from '../source/source-connector.ts';
import { compileTransforms } from '../transform/transform-chain.ts';
import { loadConnectorClass, passwordsOf } from './connector-class.ts';
import { resolveConverters, resolvePublishConverters } from './connector-converters.ts';
import type { ConnectorResolving, ResolvedConnector } from './connector-plan.ts';
import { shownValue } from './connector-secrets.ts';

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
  const known = await loadConnectorClass(className, registry);
  const isPassword = passwordsOf(known.plugin);
  const kind = known.type === 'source' ? sourceKind(config, known.plugin, defaults) : sinkKind(config, known.plugin, defaults);

  const { common } = kind;
  const own = known.plugin.spec.parse(config, kind.isCommon);
  const chain = await compileTransforms(config, registry, resolving.context(config['name'] ?? ''));
  // The lists of aliases are common options, and told of as such.
  const foreign = ({ option }: ConfigFault) => option !== 'transforms' && option !== 'predicates';
  const transforms = {
    faults: chain.faults.filter(foreign),
    warnings: chain.warnings.filter(foreign),
    states: chain.states.filter(({ name }) => foreign({ option: name, message: '' })),
  };
  const converters = await resolveConverters(config, defaults.converters, registry);
  const publishing = await resolvePublishConverters(config, defaults.converters, registry, known.plugin.spec.patterns);

  /** A message about an option names its value as it may be shown, not as it was resolved. */
  const concealed = (fault: ConfigFault): ConfigFault => {
    const [text, written] = [config[fault.option], given[fault.option]];
    if (text === undefined || written === undefined || text === '') return fault;
    const shown = shownValue(fault.option, written, isPassword);
    return shown === text ? fault : { ...fault, message: fault.message.replaceAll(text, shown) };
  };
  const unavailable = new Set(unresolved.map(({ option }) => option));
  const parts = [common, own, transforms, converters, ...(publishing === null ? [] : [publishing]), ...kind.parts];
  const faults = [
    ...Object.entries(raw).flatMap(([option, value]) =>
      value === null ? [{ option, message: `Null value can not be supplied as the configuration value of ${option}.` }] : [],
    ),
    ...unresolved,
    // A value that could not be looked up is wrong in one way only.
    ...parts.flatMap(part => part.faults).filter(({ option }) => !unavailable.has(option)),
  ].map(concealed);
  const names = [
    ...Object.keys(kind.options),
    ...Object.entries(known.plugin.spec.options).flatMap(([name, { aliases }]) => [name, ...aliases]),
  ];
  const warnings = [...unknownProviders, ...parts.flatMap(part => part.warnings)].map(concealed).map(warning => {
    // The class's spec knows its own names only; the nearest may be one that all connectors have. What it knows by a pattern it says more of.
    if (
      !warning.message.startsWith('Unknown option') ||
      names.includes(warning.option) ||
      !own.warnings.some(({ option }) => option === warning.option)
    )
      return warning;
    const near = nearest(warning.option, names);
    return { ...warning, message: `Unknown option '${warning.option}' has no effect${near ? `; did you mean '${near}'?` : '.'}` };
  });
  const converterStates = [...converters.states, ...(publishing?.states ?? [])];
  const shownStates = [...common.states, ...transforms.states, ...own.states, ...converterStates].map(state => ({
    ...state,
    value: state.value === null ? null : shownValue(state.name, given[state.name] ?? state.value, isPassword),
    errors: faults.filter(({ option }) => option === state.name || state.option.aliases.includes(option)).map(({ message }) => message),
  }));
  const valid = faults.length === 0 && common.config !== null && own.config !== null;
  return {
    class: known.class,
    type: known.type,
    faults,
    warnings,
    states: shownStates,
    isPassword,
    plan: valid ? kind.plan({ config: own.config, states: own.states, chain, converters, publishing }) : null,
  };
}
