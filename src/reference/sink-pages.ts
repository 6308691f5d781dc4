import { sinkSpec } from '../engine/sink/sink-options.ts';
import { namedPlugins, registry } from '../registry.ts';
import { inline } from './inline.ts';
import { groupContents, linksTo, reasonTable, refusedOf, supportedOptions, variableOptions } from './option-list.ts';

const commonPath = 'sink-common.md';

/** The sinks of this build by the paths of their pages, which are named after their short names. */
function sinks(): readonly { readonly path: string; readonly class: string; readonly short: string }[] {
  return namedPlugins().flatMap(({ type, class: className, aliases }) => {
    const short = aliases[0] ?? className;
    return type === 'sink' ? [{ path: `sink-${short}.md`, class: className, short }] : [];
  });
}

/** What every sink takes, whatever its class. */
export function sinkCommonPage(): string {
  const links = linksTo('', [sinkSpec]);
  const list = sinks().map(({ path, short }) => `[${short}](${path})`);
  return `# Options of every sink

${inline(sinkSpec.doc)} Those of a class stand on its page: ${list.join(', ')}. How a sink runs, and what it promises, is told in
[sinks](../sinks.md). A connector is a file that the [worker](worker.md#connectors) names, or is made by [REST](../rest.md).

${supportedOptions(sinkSpec, links, '##')}

## Options with names of your own
See also [transforms](transforms.md), [predicates](predicates.md) and [converters](converters.md).

${variableOptions(sinkSpec, links)}

## Refused
${reasonTable('Option', refusedOf(sinkSpec), links)}
`;
}

/** A page a sink, by its path below docs. */
export async function sinkPages(): Promise<readonly (readonly [path: string, text: string])[]> {
  return Promise.all(
    sinks().map(async ({ path, class: className, short }) => {
      const { spec } = await registry.load('sink', className);
      const links = new Map([...linksTo(commonPath, [sinkSpec]), ...linksTo('', [spec])]);
      const refused = refusedOf(spec);
      const variable =
        spec.patterns.length === 0 ? '' : `\n## Options with a variable part in their names\n${variableOptions(spec, links)}\n`;
      const refusals = refused.length === 0 ? '' : `\n## Refused\n${reasonTable('Option', refused, links)}\n`;
      const sections = [
        ...(variable === '' ? [] : ['Options with a variable part in their names']),
        ...(refusals === '' ? [] : ['Refused']),
      ];
      return [
        `reference/${path}`,
        `# The ${short} sink

${inline(spec.doc)} Its class is \`${className}\`, short \`${short}\`. Beside these options it takes [what every sink takes](${commonPath}), and
[transforms](transforms.md). \`sluice check FILE\` tries its target: every fault at once, each with its remedy.

${groupContents(spec, sections)}

${supportedOptions(spec, links, '##')}
${variable}${refusals}`,
      ] as const;
    }),
  );
}
