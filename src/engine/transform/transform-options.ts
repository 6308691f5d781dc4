import { type ConfigFault, configSpec, type OptionState, options, type ParsedConfig, type RawConfig } from '../../contract/index.ts';

/** The aliases of transforms, in the order in which they run, and of predicates. */
export const chainSpec = configSpec({
  options: {
    transforms: options.list({
      default: '',
      importance: 'LOW',
      group: 'Transforms',
      displayName: 'Transforms',
      doc: 'Aliases for the transformations to be applied to records.',
    }),
    predicates: options.list({
      default: '',
      importance: 'LOW',
      group: 'Predicates',
      displayName: 'Predicates',
      doc: 'Aliases for the predicates used by transformations.',
    }),
  },
});

/** What every transform takes beside its own options. */
export const stageSpec = configSpec({
  options: {
    type: options.className({ importance: 'HIGH', doc: 'Class of the transform: a Java class name or a short one.' }),
    predicate: options.string({
      default: null,
      doc: 'The name of a predicate: only records that it chooses are transformed, others pass as they are.',
    }),
    negate: options.boolean({
      default: 'false',
      doc: 'Whether the predicate is turned round: only records that it does not choose are transformed.',
    }),
  },
});

export const predicateSpec = configSpec({
  options: { type: options.className({ importance: 'HIGH', doc: 'Class of the predicate: a Java class name or a short one.' }) },
});

/** The options under a prefix, without it. */
export function withoutPrefix(raw: RawConfig, prefix: string): RawConfig {
  const inner: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) if (name.startsWith(prefix)) inner[name.slice(prefix.length)] = value;
  return inner;
}

/** A plugin's fault in the words of the whole connector: `regex` becomes `transforms.route.regex`, in the text as well. */
function qualified({ option, message }: ConfigFault, prefix: string): ConfigFault {
  const full = prefix + option;
  const text = message
    .replace(`configuration "${option}"`, () => `configuration "${full}"`)
    .replace(`for configuration ${option}:`, () => `for configuration ${full}:`)
    .replace(`ption '${option}'`, () => `ption '${full}'`)
    .replace(/(Unknown option .*; did you mean ')([^']+'\?)$/, (_, before: string, near: string) => before + prefix + near);
  return { option: full, message: text };
}

/** What parsing one plugin's options said, with full names and the plugin's own group. */
export function withPrefix<Config>(parsed: ParsedConfig<Config>, prefix: string, group: string): ParsedConfig<Config> {
  const states = parsed.states.map(
    (state): OptionState => ({
      ...state,
      name: prefix + state.name,
      option: { ...state.option, group },
      errors: state.errors.map(message => qualified({ option: state.name, message }, prefix).message),
    }),
  );
  const faults = parsed.faults.map(fault => qualified(fault, prefix));
  const warnings = parsed.warnings.map(warning => qualified(warning, prefix));
  return { config: parsed.config, faults, warnings, states };
}
