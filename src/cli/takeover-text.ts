import type { Comparison, Difference } from '../takeover/compare.ts';
import type { Paint } from './terminal.ts';

/** Places of one kind of difference that are named. */
const placesShown = 3;
const kinds = {
  missing: 'published there and not here',
  surplus: 'published here and not there',
  different: 'published otherwise here',
} as const;

/** What a comparison found; no row's value and no key (invariant 8), so that it can be shown to anybody. */
export function comparisonText({ compared, keys, topics, differences, pending }: Comparison, paint: Paint): string {
  const on = `${compared} records of ${keys} keys on ${topics.length} topic${topics.length === 1 ? '' : 's'}`;
  if (compared === 0)
    return paint.yellow('Nothing was compared: nothing was published while both ran. Run it longer, or while there is traffic.\n');
  const young = pending === 0 ? '' : ` ${pending} more were too young to be at both.`;
  if (differences.length === 0)
    return `${paint.green('The same:')} ${on}, in the same order for each key, with the same headers.${young}\n`;
  const groups = Map.groupBy(differences, ({ kind, topic, fields }) => JSON.stringify([kind, topic, fields]));
  const lines = [...groups.values()].map(group => groupText(group, paint));
  return `${paint.red(`${differences.length} differences`)} in ${on}:\n${lines.join('')}`;
}

function groupText(group: readonly Difference[], paint: Paint): string {
  const { kind, topic, fields } = group[0]!;
  const places = group.slice(0, placesShown).map(({ at, shadowAt }) => [at, shadowAt].filter(place => place !== null).join(' / here '));
  const more = group.length > placesShown ? ' ...' : '';
  const where = fields.length === 0 ? '' : `: ${fields.join(', ')}`;
  return `    ${group.length} ${kinds[kind]}, ${topic}${where}\n        ${paint.dim(`${places.join(', ')}${more}`)}\n`;
}
