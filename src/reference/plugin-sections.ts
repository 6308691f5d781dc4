import type { ConfigSpec, PluginType } from '../contract/index.ts';
import { namedPlugins, registry } from '../registry.ts';
import { code, inline } from './inline.ts';
import { linksTo, type OptionSet, reasonTable, refusedOf, supportedOptions, variableOptions } from './option-list.ts';

/** A plugin as a page shows it: all classes that share one spec (`$Key` and `$Value`; a converter for values and for headers) are one. */
export type PluginSection = {
  /** Its class without package and `$Key`: `Cast`. */
  readonly title: string;
  readonly classes: readonly string[];
  readonly aliases: readonly string[];
  readonly spec: ConfigSpec<unknown>;
};

/** The plugins of some types, in the registry's order. */
export async function pluginSections(types: readonly PluginType[]): Promise<readonly PluginSection[]> {
  const sections = new Map<ConfigSpec<unknown>, { title: string; classes: Set<string>; aliases: Set<string> }>();
  for (const { type, class: className, aliases } of namedPlugins()) {
    if (!types.includes(type)) continue;
    const { spec } = await registry.load(type, className);
    const title = className.replace(/^.*\./, '').replace(/\$.*$/, '');
    const section = sections.get(spec) ?? { title, classes: new Set(), aliases: new Set() };
    sections.set(spec, section);
    section.classes.add(className);
    for (const alias of aliases) section.aliases.add(alias);
  }
  return [...sections].map(([spec, { title, classes, aliases }]) => ({ title, classes: [...classes], aliases: [...aliases], spec }));
}

/** What a plugin does, the names a config may use for it, and its options. */
export function pluginSection({ title, classes, aliases, spec }: PluginSection): string {
  const set: OptionSet = { options: spec.options, patterns: spec.patterns, scope: `${title}.` };
  const links = linksTo('', [set]);
  const short = aliases.length === 0 ? '' : `; short ${aliases.map(code).join(', ')}`;
  const refused = reasonTable('Refused option', refusedOf(set), links);
  const options = supportedOptions(set, links, null);
  return [
    `### ${title}\n${inline(spec.doc, links)}`,
    `Class ${classes.map(code).join(' or ')}${short}.`,
    ...[options === '' ? 'It has no options.' : options, variableOptions(set, links), refused].filter(part => part !== ''),
  ].join('\n\n');
}
