import type { Change } from './history.ts';

const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

const operations = {
  r: paint(36, 'read  '),
  c: paint(32, 'create'),
  u: paint(33, 'update'),
  d: paint(31, 'delete'),
} as const;

/** Columns of a row that are shown. */
const columnsShown = 4;

export const bold = (text: string) => paint(1, text);
export const faint = (text: string) => paint(2, text);
export const good = (text: string) => paint(32, text);
export const bad = (text: string) => paint(31, text);

/** One line on standard output. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A whole number, its thousands apart. */
export const grouped = (count: number) => count.toLocaleString('en-US');

/** What an update changed; of other changes the row. */
function details({ op, before, after }: Change): string {
  const row = after ?? before ?? {};
  const names = Object.keys(row).filter(name => name !== 'id');
  if (op !== 'u' || before === null)
    return names
      .slice(0, columnsShown)
      .map(name => `${name}=${String(row[name])}`)
      .join(' ');
  const changed = names.filter(name => before[name] !== row[name]);
  return changed.map(name => `${name}: ${String(before[name])} -> ${String(row[name])}`).join('  ') || '(no column changed)';
}

/** How long it took until each target showed a change, or that it has not. */
export function journeyLine(customer: number, times: ReadonlyMap<string, number | null>): string {
  const shown = [...times].map(([name, ms]) => (ms === null ? bad(`${name} not yet`) : `${name} ${Math.round(ms)} ms`));
  return `${paint(35, 'journey')} customer ${bold(String(customer))} ordered, and moved: ${shown.join(faint(' · '))}`;
}

/** One change on one line. */
export function changeLine(change: Change, latencyMs: number | null): string {
  const id = String((change.after ?? change.before)?.['id']);
  const late = change.op === 'r' || latencyMs === null ? '' : faint(`  ${latencyMs} ms`);
  return `${operations[change.op]} ${change.table.padEnd(9)} ${bold(id.padStart(5))}  ${details(change)}${late}`;
}
