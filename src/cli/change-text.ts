import { relative } from 'node:path';
import type { ChangedOption, ChangePlan, ConnectorChange } from '../engine/changes/connector-change.ts';
import type { Paint } from './terminal.ts';

const actions = { add: 'is made', change: 'is changed', remove: 'is removed', none: 'stays as it is' } as const;
/** What an option's effect is called behind it; a mere restart is said once for the connector. */
const effects: Readonly<Record<ChangedOption['effect'], string>> = {
  restart: '',
  position: 'its position does not count under the new value',
  server: 'another server or database',
  tables: 'which tables',
  topics: 'which topics',
  records: 'form of records',
};
/** Classes that read tables again when they are told. */
const snapshots = /Postgres/;
/** Names of one line; the rest is counted. */
const namesShown = 20;

/** Whether there is something that keeps a plan from being applied as a whole. */
export function isFaulty({ changes, faults }: ChangePlan): boolean {
  return faults.length > 0 || changes.some(change => change.refused !== null || change.faults.length > 0);
}

export function changed({ changes }: ChangePlan): readonly ConnectorChange[] {
  return changes.filter(({ action }) => action !== 'none');
}

/** A plan as a person reads it. */
export function planText(plan: ChangePlan, paint: Paint): string {
  const lines = plan.faults.map(({ message }) => `${paint.red('fault')}    ${message}\n`);
  for (const change of changed(plan)) lines.push(changeText(change, paint));
  const kept = plan.changes.length - changed(plan).length;
  if (kept > 0) lines.push(paint.dim(`${kept} connector${kept === 1 ? ' is' : 's are'} as wanted.`), '\n');
  return lines.join('');
}

function changeText(change: ConnectorChange, paint: Paint): string {
  const { name, action, type, file, refused, faults, warnings, options, restarts } = change;
  const sign = { add: paint.green('+'), change: paint.yellow('~'), remove: paint.red('-'), none: ' ' }[action];
  const where = file === null ? '' : paint.dim(`  (${shortest(file)})`);
  const lines = [`${sign} ${paint.bold(name)} ${actions[action]}${restarts ? '; its tasks start anew' : ''}${where}`];
  const about = (label: string, text: string) => lines.push(`    ${label.padEnd(10)} ${text}`);
  if (refused !== null) about(paint.red('refused   '), refused);
  for (const { option, message } of faults) about(paint.red('fault     '), `${option}: ${message}`);
  for (const { option, message } of warnings) about(paint.yellow('warning   '), `${option}: ${message}`);
  for (const { subject, status, message, remedy } of change.findings)
    about(
      status === 'fault' ? paint.red('at start  ') : paint.yellow('at start  '),
      `${subject}: ${message}${remedy === null ? '' : paint.dim(`  ${remedy}`)}`,
    );
  for (const option of options) about('option', optionText(option, paint));
  about('position', positionText(change, paint));
  if (change.tables === null) about('tables', paint.yellow(`not known: ${change.unknown}`));
  else tablesText(change, about);
  for (const topic of change.topics?.added ?? []) about('topic', `+ ${topic}${type === 'sink' ? ' is read' : ''}`);
  for (const topic of change.topics?.removed ?? [])
    about('topic', `- ${topic} ${type === 'sink' ? 'is not read' : 'is not written'} any more; it stays`);
  if (change.records.length > 0) about('records', `take another form from here on, by ${change.records.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function optionText({ option, before, after, effect }: ChangedOption, paint: Paint): string {
  const [was, is] = [before === null ? paint.dim('(not given)') : before, after === null ? paint.dim('(not given)') : after];
  return `${option}: ${was} -> ${is}${effects[effect] === '' ? '' : paint.dim(`   [${effects[effect]}]`)}`;
}

function positionText({ position, position_because: by, snapshot, type }: ConnectorChange, paint: Paint): string {
  switch (position) {
    case 'kept':
      return by === null ? 'kept: it goes on where it was' : `kept: ${by}`;
    case 'checked':
      return paint.yellow(`kept, if it is of the server that ${by} names; if not, the task stops with POSITION_LOST`);
    case 'lost':
      return paint.red(`LOST by ${by}: it begins anew${snapshot.length > 0 ? ', with a snapshot' : ', where the database is then'}`);
    case 'new':
      return type === 'sink' ? 'none yet: it begins by auto.offset.reset' : 'none yet';
    case 'left':
      return 'its offsets stay: made again under this name, it goes on there; so do its topics and, in the database, its slot';
  }
}

function tablesText(change: ConnectorChange, about: (label: string, text: string) => void): void {
  const { name, tables, snapshot, type, position } = change;
  const snapped = new Set(snapshot);
  const added = tables!.added.filter(table => !snapped.has(table));
  const goesOn = position === 'kept' || position === 'checked';
  if (snapshot.length > 0) about('snapshot', `${listed(snapshot)}: read in full${goesOn ? ', beside the stream' : ''}`);
  if (added.length > 0 && type === 'source') {
    const later = `sluice snapshot ${name} ${added.slice(0, namesShown).join(' ')}`;
    const what = goesOn ? 'read from here on; rows that are there already are not read' : 'its changes are read, not its rows';
    about('tables', `+ ${listed(added)}: ${what}${snapshots.test(change.class) ? ` (afterwards: ${later})` : ''}`);
  }
  if (tables!.removed.length > 0) about('tables', `- ${listed(tables!.removed)}: not read any more`);
}

function listed(names: readonly string[]): string {
  const more = names.length - namesShown;
  return `${names.slice(0, namesShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function shortest(file: string): string {
  const from = relative('', file);
  return from.length < file.length && !from.startsWith('..') ? from : file;
}
