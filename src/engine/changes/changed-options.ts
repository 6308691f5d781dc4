import type { OptionEffect, Plugin, RawConfig } from '../../contract/index.ts';
import type { ResolvedConnector } from '../connector/connector-plan.ts';
import { shownValue } from '../connector/connector-secrets.ts';
import type { ChangedOption } from './connector-change.ts';

/** What a config is compared with: its texts, and, where it could be resolved, what they mean. */
export type ComparedConfig = { readonly config: RawConfig; readonly resolved: ResolvedConnector | null };

/** Converters, transforms and predicates make the records of any connector. */
const ofRecords = /^(?:key|value|header)\.converter(?:\.|$)|^(?:transforms|predicates)(?:\.|$)/;
const ofSinks: Readonly<Record<string, OptionEffect>> = {
  'consumer.override.group.id': 'position',
  topics: 'topics',
  'topics.regex': 'topics',
};

/** What changing an option of a connector does, by its class and by what all have. */
function effectOf(
  option: string,
  type: ResolvedConnector['type'],
  plugin: Pick<Plugin<unknown, unknown>, 'effectOf'>,
): ChangedOption['effect'] {
  if (ofRecords.test(option)) return 'records';
  return (type === 'sink' ? ofSinks[option] : undefined) ?? plugin.effectOf?.(option) ?? 'restart';
}

/**
 * The options that differ, in the order of their names. What was said by default and is now said in so many words, or the other way round,
 * is no more than a restart; so is another name of the same class.
 */
export function changedOptions(
  before: ComparedConfig,
  after: ComparedConfig,
  plugin: Pick<Plugin<unknown, unknown>, 'effectOf'>,
): readonly ChangedOption[] {
  const names = [...new Set([...Object.keys(before.config), ...Object.keys(after.config)])].sort();
  const isPassword = (name: string) => (after.resolved?.isPassword(name) ?? false) || (before.resolved?.isPassword(name) ?? false);
  return names.flatMap(option => {
    const [was, is] = [before.config[option], after.config[option]];
    if (was === is) return [];
    const shown = (value: string | undefined) => (value === undefined ? null : shownValue(option, value, isPassword));
    const means = ({ resolved }: ComparedConfig) =>
      resolved?.states.find(state => state.name === option || state.option.aliases.includes(option))?.value;
    const unsaid = (was === undefined || is === undefined) && means(before) !== undefined && means(before) === means(after);
    const sameClass = option === 'connector.class' && before.resolved?.class === after.resolved?.class;
    const type = after.resolved?.type ?? before.resolved?.type ?? 'source';
    const effect = unsaid || sameClass ? 'restart' : option === 'connector.class' ? 'position' : effectOf(option, type, plugin);
    return [{ option, before: shown(was), after: shown(is), effect }];
  });
}
