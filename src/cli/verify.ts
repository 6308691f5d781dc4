import { setTimeout } from 'node:timers/promises';
import { SluiceError } from '../contract/index.ts';
import type { ShownDifference, ShownVerification, TableProgress } from '../engine/verification/progress.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, workerUrl } from './rest-client.ts';
import type { Paint, Terminal } from './terminal.ts';

/** How often the worker is asked how far it is. */
const askMs = 500;

/** `sluice verify SOURCE --against SINK`: starts a verification, waits for its end and tells what differs. Exit code 1 where something still does. */
export async function verify(input: CommandInput): Promise<number> {
  const [source = ''] = input.positionals;
  const against = input.text('against');
  if (against === null)
    throw new SluiceError('BAD_REQUEST', 'Against what? verify needs --against SINK, or --against log.', {
      remedy: 'sluice status lists the sinks there are.',
    });
  const worker = await workerUrl(input);
  const path = `/connectors/${encodeURIComponent(source)}/verifications`;
  const tables = (input.text('table') ?? '').split(',').flatMap(table => table.trim() || []);
  const body = {
    against,
    tables,
    repair: input.on('repair'),
    ...numberOf(input, 'rate'),
    ...numberOf(input, 'chunk'),
    ...numberOf(input, 'keys'),
    ...numberOf(input, 'differences'),
  };
  let shown = (await callWorker(worker, 'POST', path, { body })) as ShownVerification;
  if (input.on('detach')) {
    input.terminal.out(`Verification ${shown.id} of ${source} against ${against} has begun.\n`);
    return 0;
  }
  while (shown.state === 'RUNNING') {
    await setTimeout(askMs);
    shown = (await callWorker(worker, 'GET', `${path}/${encodeURIComponent(shown.id)}`)) as ShownVerification;
  }
  if (input.on('json')) input.terminal.out(`${JSON.stringify(shown, null, 2)}\n`);
  else tell(shown, input.terminal);
  const undecided = shown.tables.some(table => table.undecided > 0);
  return shown.state === 'COMPLETED' && shown.differences === shown.repaired && !undecided ? 0 : 1;
}

function numberOf(input: CommandInput, name: string): Readonly<Record<string, number>> {
  const text = input.text(name);
  if (text === null) return {};
  if (!/^\d{1,9}$/.test(text)) throw new SluiceError('BAD_REQUEST', `--${name} takes a whole number.`);
  return { [name]: Number(text) };
}

function tell(shown: ShownVerification, { out, paint }: Terminal): void {
  for (const table of shown.tables) {
    out(`${paint.bold(table.table)}  ${summary(table, paint)}\n`);
    for (const difference of table.differences) out(`  ${line(difference, paint)}\n`);
    const more = table.missing + table.extra + table.stale + table.changed - table.differences.length;
    if (more > 0) out(`  ${paint.dim(`... and ${more} more`)}\n`);
    for (const note of table.notes) out(`  ${paint.dim(note)}\n`);
  }
  const repaired = shown.repair ? `, ${shown.repaired} repaired` : '';
  out(`${shown.state}: ${shown.rows} rows compared, ${shown.differences} differ${repaired}.\n`);
  if (shown.error !== null) out(`${paint.red(shown.error)}\n`);
}

function summary({ state, rows, missing, extra, stale, changed, undecided }: TableProgress, paint: Paint): string {
  if (state === 'WAITING') return paint.dim('not looked at');
  const counts = { missing, extra, stale, changed, undecided };
  const found = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
  return `${rows} rows${state === 'DONE' ? '' : ' so far'}: ${found.length === 0 ? 'no difference' : found.join(', ')}`;
}

function line({ kind, key, repaired, reason }: ShownDifference, paint: Paint): string {
  const fate = repaired === null ? '' : repaired ? '  repaired' : `  ${paint.red('not repaired')}: ${reason ?? ''}`;
  return `${kind.padEnd(8)}${key.join(', ')}${fate}`;
}
