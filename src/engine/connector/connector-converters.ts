import type {
  ConfigFault,
  Converter,
  ConverterRole,
  HeaderConverter,
  OptionPattern,
  OptionState,
  PluginContext,
  PluginRegistry,
  RawConfig,
} from '../../contract/index.ts';
import { toSluiceError } from '../../contract/index.ts';
import { knownName } from './connector-class.ts';

/** What became of the converter options of a connector. */
export type ResolvedConverters = {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** States of the options of converters that the connector itself names, by their full names. */
  readonly states: readonly OptionState[];
  /** Their classes, as error headers name them. */
  readonly classes: { readonly key: string; readonly value: string; readonly header: string };
  /** New converters, one set a task: they hold caches. Only where there are no faults. */
  make(context: PluginContext): { readonly key: Converter; readonly value: Converter; readonly header: HeaderConverter };
};

const roles = ['key', 'value', 'header'] as const satisfies readonly ConverterRole[];

/**
 * Resolves the three converters. As in Connect, a connector that names a converter's class brings that converter's options with it;
 * one that does not gets the worker's class with the worker's options, and options of its own have no effect (a warning says so).
 */
export async function resolveConverters(raw: RawConfig, worker: RawConfig, registry: PluginRegistry): Promise<ResolvedConverters> {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  const states: OptionState[] = [];
  const resolve = async <T extends 'converter' | 'header_converter'>(role: ConverterRole, type: T) => {
    const option = `${role}.converter`;
    const named = raw[option] !== undefined;
    const from = named ? raw : worker;
    const prefix = `${option}.`;
    const config = Object.fromEntries(
      Object.entries(from)
        .filter(([name]) => name.startsWith(prefix) && name !== `${prefix}plugin.version`)
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
    if (!named)
      for (const name of Object.keys(raw))
        if (name.startsWith(prefix) && name !== `${prefix}plugin.version`)
          warnings.push({
            option: name,
            message: `'${name}' has no effect: without '${option}' the worker's converter is used, with the worker's options.`,
          });
    try {
      const plugin = await registry.load(type, (from[option] ?? '').trim());
      const parsed = plugin.spec.parse(config, name => name === 'converter.type');
      const rename = (fault: ConfigFault): ConfigFault => ({
        option: prefix + fault.option,
        message: fault.message.replaceAll(fault.option, prefix + fault.option),
      });
      faults.push(...parsed.faults.map(rename));
      warnings.push(...parsed.warnings.map(rename));
      if (named) states.push(...parsed.states.map(state => ({ ...state, name: prefix + state.name })));
      return {
        class: await knownName(type, (from[option] ?? '').trim(), registry),
        create: (context: PluginContext) => plugin.create(parsed.config, context),
      };
    } catch (error) {
      faults.push({ option, message: `Invalid value ${from[option]} for configuration ${option}: ${toSluiceError(error).message}` });
      return null;
    }
  };
  const key = await resolve(roles[0], 'converter');
  const value = await resolve(roles[1], 'converter');
  const header = await resolve(roles[2], 'header_converter');
  return {
    faults,
    warnings,
    states,
    classes: { key: key?.class ?? '', value: value?.class ?? '', header: header?.class ?? '' },
    make(context) {
      if (key === null || value === null || header === null) throw new Error('the converters are invalid');
      return { key: key.create(context), value: value.create(context), header: header.create(context) };
    },
  };
}

const publishPrefix = 'publish.';
const publishOption = /^publish\.((key|value|header)\.converter)(?:\..+)?$/;

/**
 * The converters of what a sink publishes: those that `publish.key.converter` and its like name, with the options that stand behind them; for
 * the others those of what it reads. Null where the connector names none, or its class publishes nothing.
 *
 * @param patterns of the class's own options: one that publishes has these among them
 */
export async function resolvePublishConverters(
  raw: RawConfig,
  worker: RawConfig,
  registry: PluginRegistry,
  patterns: readonly OptionPattern[],
): Promise<ResolvedConverters | null> {
  const named = Object.keys(raw).filter(name => publishOption.test(name));
  if (named.length === 0 || !patterns.some(({ pattern }) => pattern.test(named[0]!))) return null;
  const own = Object.fromEntries(named.map(name => [name.slice(publishPrefix.length), raw[name]!]));
  const read = roles.flatMap(role => {
    const from = raw[`${role}.converter`] === undefined ? worker : raw;
    return Object.entries(from).filter(([name]) => name === `${role}.converter` || name.startsWith(`${role}.converter.`));
  });
  const resolved = await resolveConverters(own, Object.fromEntries(read), registry);
  const lacking = named.filter(name => raw[publishPrefix + roleOption(name)] === undefined);
  // What of the others is wrong is told of where they are named.
  const isOwn = ({ option }: ConfigFault) => raw[publishPrefix + roleOption(publishPrefix + option)] !== undefined;
  const renamed = ({ option, message }: ConfigFault): ConfigFault => {
    const role = roleOption(publishPrefix + option);
    return { option: publishPrefix + option, message: message.replaceAll(role, publishPrefix + role) };
  };
  return {
    ...resolved,
    faults: [
      ...resolved.faults.filter(isOwn).map(renamed),
      ...lacking.map(option => ({
        option,
        message: `'${option}' needs '${publishPrefix}${roleOption(option)}', the converter it is an option of.`,
      })),
    ],
    warnings: resolved.warnings.filter(isOwn).map(renamed),
    states: resolved.states.map(state => ({ ...state, name: publishPrefix + state.name })),
  };
}

/** `key.converter` of `publish.key.converter.schemas.enable`. */
function roleOption(name: string): string {
  return publishOption.exec(name)?.[1] ?? '';
}
