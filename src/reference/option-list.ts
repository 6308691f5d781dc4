import type { Option, OptionMap, OptionPattern, OptionType } from '../contract/index.ts';
import { capitalised, cell, code, inline, type Links, sentence } from './inline.ts';

type AnyOption = Option<unknown>;

/** Options as a page lists them: under a prefix that names are written with (`producer.`), and with anchors that are the page's own. */
export type OptionSet = {
  readonly options: OptionMap;
  readonly patterns?: readonly OptionPattern[];
  /** Before every name, as it is written. */
  readonly prefix?: string;
  /** Before every anchor, where a page has the same name twice. */
  readonly scope?: string;
  /** Groups that come first, in this order; the others follow as the spec has them. */
  readonly groups?: readonly string[];
};

const typeNames: Readonly<Record<OptionType, string>> = {
  STRING: 'text',
  INT: 'integer',
  SHORT: 'integer',
  LONG: 'integer',
  DOUBLE: 'number',
  BOOLEAN: 'true or false',
  LIST: 'list',
  PASSWORD: 'password',
  CLASS: 'class',
};

export function anchorOf({ scope = '', prefix = '' }: OptionSet, name: string): string {
  return scope + prefix + name;
}

function defaultOf({ default: value }: AnyOption): string {
  if (value === undefined) return 'required';
  if (value === null) return 'no default';
  return value === '' ? 'empty by default' : `default ${code(value)}`;
}

function rangeOf({ min, max }: AnyOption['range']): string {
  if (min !== undefined && max !== undefined) return ` From ${min} to ${max}.`;
  if (min !== undefined) return ` At least ${min}.`;
  return max === undefined ? '' : ` At most ${max}.`;
}

/** One option: name, type and default in the first line, what it does below, then values and older names. */
function entry(set: OptionSet, name: string, option: AnyOption, links: Links): string {
  const { values, refusedValues, aliases } = option;
  const self = { name, values: values ?? [] };
  const refused = [...Map.groupBy(Object.entries(refusedValues), ([, reason]) => reason)].map(
    ([reason, known]) => `${known.map(([value]) => code(value)).join(', ')} (${inline(reason, links, self)})`,
  );
  const lines = [
    sentence(inline(option.doc, links, self)) + rangeOf(option.range),
    ...(values === null
      ? []
      : [`${values.length === 1 ? 'Only' : 'One of'} ${values.map(value => (value === '' ? '(empty)' : code(value))).join(', ')}.`]),
    ...(refused.length === 0 ? [] : [`Refused: ${refused.join('; ')}.`]),
    ...(aliases.length === 0 ? [] : [`Older ${aliases.length === 1 ? 'name' : 'names'}: ${aliases.map(code).join(', ')}.`]),
  ];
  const head = `- <a id="${anchorOf(set, name)}"></a>**${code((set.prefix ?? '') + name)}** (${typeNames[option.type]}, ${defaultOf(option)})`;
  return [head, ...lines].join('<br>\n  ');
}

/** The options that are supported, in their groups. `level`: the hashes of a group's heading; null: one list without headings. */
export function supportedOptions(set: OptionSet, links: Links, level: string | null): string {
  const supported = Object.entries(set.options).filter(([, option]) => option.unsupported === null);
  // What every reader needs comes first; the rest stays in the order of the spec.
  const rank = ([, { importance }]: (typeof supported)[number]) => (importance === 'HIGH' ? 0 : 1);
  const list = (entries: typeof supported) =>
    entries
      .toSorted((a, b) => rank(a) - rank(b))
      .map(([name, option]) => entry(set, name, option, links))
      .join('\n');
  if (level === null) return list(supported);
  const groups = Map.groupBy(supported, ([, option]) => option.group);
  return groupNames(set)
    .map(group => `${level} ${group}\n${list(groups.get(group) ?? [])}`)
    .join('\n\n');
}

function groupNames({ options, groups = [] }: OptionSet): readonly string[] {
  const used = new Set(Object.values(options).flatMap(({ group, unsupported }) => (unsupported === null ? [group] : [])));
  return [...new Set([...groups.filter(group => used.has(group)), ...used])];
}

/** Links to headings of the page. */
export function contents(headings: readonly string[]): string {
  return headings
    .map(
      heading =>
        `[${heading}](#${heading
          .toLowerCase()
          .replaceAll(/[^a-z0-9 ]/g, '')
          .replaceAll(' ', '-')})`,
    )
    .join(' · ');
}

/** The headings that `supportedOptions` makes. */
export function groupContents(set: OptionSet, further: readonly string[]): string {
  return contents([...groupNames(set), ...further]);
}

/** Options with a variable part in their names; empty where there are none. */
export function variableOptions({ patterns = [] }: OptionSet, links: Links): string {
  return patterns
    .filter(({ unsupported }) => unsupported === undefined)
    .map(({ example, doc }) => `- **${code(example)}**<br>\n  ${sentence(inline(doc, links))}`)
    .join('\n');
}

/** A table of names and the reason why they are refused, one row a reason; empty where there are none. */
export function reasonTable(heading: string, reasons: Iterable<readonly [name: string, reason: string]>, links: Links): string {
  const rows = Map.groupBy(reasons, ([, reason]) => reason);
  if (rows.size === 0) return '';
  const lines = [...rows].map(
    ([reason, names]) =>
      `| ${cell(names.map(([name]) => code(name)).join(', '))} | ${cell(sentence(capitalised(inline(reason, links))))} |`,
  );
  return [`| ${heading} | Why |`, '| --- | --- |', ...lines].join('\n');
}

/** What is refused of a set: names and reasons. */
export function refusedOf({ options, patterns = [], prefix = '' }: OptionSet): (readonly [name: string, reason: string])[] {
  return [
    ...Object.entries(options).flatMap(([name, { unsupported }]) => (unsupported === null ? [] : [[prefix + name, unsupported] as const])),
    ...patterns.flatMap(({ example, unsupported }) => (unsupported === undefined ? [] : [[prefix + example, unsupported] as const])),
  ];
}

/** Links to the options of sets on one page; `page` is empty for the page itself. */
export function linksTo(page: string, sets: readonly OptionSet[]): Links {
  const links = new Map<string, string>();
  for (const set of sets)
    for (const [name, { aliases, unsupported }] of Object.entries(set.options))
      if (unsupported === null)
        for (const known of [name, ...aliases]) links.set((set.prefix ?? '') + known, `${page}#${anchorOf(set, name)}`);
  return links;
}
