import type { Option, OptionMap, OptionState } from '../contract/index.ts';
import type { OptionPlace, OptionWidth } from '../engine/connector/connector-options.ts';
import type { ConnectorType, ResolvedConnector } from '../engine/connector/connector-plan.ts';
import { sinkLayout, sinkOptions } from '../engine/sink/sink-options.ts';
import { sourceLayout, sourceOptions } from '../engine/source/source-options.ts';

/** Connect's ConfigKeyInfo. */
type Definition = {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: string;
  readonly documentation: string;
  readonly group: string | null;
  readonly width: OptionWidth;
  readonly display_name: string;
  readonly dependents: readonly string[];
  readonly order: number;
};

/** Connect's ConfigValueInfo. */
type ValueInfo = {
  readonly name: string;
  readonly value: string | null;
  readonly recommended_values: readonly string[];
  readonly errors: readonly string[];
  readonly visible: boolean;
};

const widths: Readonly<Record<Option<unknown>['type'], OptionWidth>> = {
  STRING: 'MEDIUM',
  INT: 'SHORT',
  SHORT: 'SHORT',
  LONG: 'SHORT',
  DOUBLE: 'SHORT',
  BOOLEAN: 'SHORT',
  LIST: 'LONG',
  PASSWORD: 'MEDIUM',
  CLASS: 'LONG',
};

/** Options that all connectors of a kind have, with their places. */
const ofKind: Readonly<Record<ConnectorType, { readonly options: OptionMap; readonly layout: Readonly<Record<string, OptionPlace>> }>> = {
  source: { options: sourceOptions, layout: sourceLayout },
  sink: { options: sinkOptions, layout: sinkLayout },
};

function definition(name: string, option: Option<unknown>, order: number): Definition {
  const kind = Object.values(ofKind).find(({ options }) => options[name] === option);
  const [width, place] = kind?.layout[name] ?? [widths[option.type], order];
  return {
    name,
    type: option.type,
    required: option.default === undefined,
    default_value:
      option.default === null || option.default === undefined ? null : option.type === 'PASSWORD' ? '[hidden]' : option.default,
    importance: option.importance,
    documentation: option.unsupported === null ? option.doc : `${option.doc} Not supported: ${option.unsupported}`,
    group: option.group,
    width,
    display_name: option.displayName === '' ? name : option.displayName,
    dependents: [],
    order: place,
  };
}

/** Counts places within groups, from 1, as forms list them. */
function orders(): (group: string) => number {
  const counts = new Map<string, number>();
  return group => {
    const order = (counts.get(group) ?? 0) + 1;
    counts.set(group, order);
    return order;
  };
}

/** GET /connector-plugins/CLASS/config: the class's own options, for a connector followed by those that all have. */
export function pluginConfig(options: OptionMap, kind: ConnectorType | null): readonly Definition[] {
  const orderIn = orders();
  const own = Object.entries(options).map(([name, option]) => definition(name, option, orderIn(option.group)));
  return kind === null ? own : [...own, ...Object.entries(ofKind[kind].options).map(([name, option]) => definition(name, option, 0))];
}

/** PUT /connector-plugins/CLASS/config/validate: Connect's ConfigInfos. */
export function validationAnswer(resolved: ResolvedConnector) {
  const orderIn = orders();
  const told = new Set(resolved.states.flatMap(state => state.errors));
  // What has no definition, such as options with a variable part, is listed first, with its faults only.
  const loose = Map.groupBy(
    resolved.faults.filter(({ message }) => !told.has(message)),
    ({ option }) => option,
  );
  const configs: { definition: Definition | null; value: ValueInfo }[] = [...loose].map(([name, faults]) => ({
    definition: null,
    value: { name, value: null, recommended_values: [], errors: faults.map(({ message }) => message), visible: true },
  }));
  for (const state of resolved.states) {
    const { name, option } = state;
    configs.push({ definition: definition(name, option, orderIn(option.group)), value: valueInfo(state) });
  }
  return {
    name: resolved.class,
    error_count: configs.reduce((sum, { value }) => sum + value.errors.length, 0),
    groups: [...new Set(resolved.states.map(({ option }) => option.group))],
    configs,
  };
}

function valueInfo({ name, option, value, errors }: OptionState): ValueInfo {
  const shown = option.type === 'PASSWORD' && value !== null && !value.startsWith('${') ? '[hidden]' : value;
  return { name, value: shown, recommended_values: option.values ?? [], errors, visible: true };
}
