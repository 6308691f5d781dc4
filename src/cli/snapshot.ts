import { setTimeout } from 'node:timers/promises';
import { SluiceError } from '../contract/index.ts';
import type { ShownSnapshot } from '../engine/supervisor/supervisor-snapshots.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import type { Paint, Terminal } from './terminal.ts';

/** Between two looks at how far it is. */
const lookEveryMs = 1_000;

type Answered = { readonly snapshot: ShownSnapshot | null };

/** `sluice snapshot NAME [TABLE ...]`: reads tables of a running source again, shows how far that is, pauses or stops it. */
export async function snapshot(input: CommandInput): Promise<number> {
  const { positionals, on, text, terminal } = input;
  const [name = '', ...tables] = positionals;
  const worker = await workerUrl(input);
  const path = `/connectors/${encodeURIComponent(name)}/snapshots`;
  const asked = ['stop', 'pause', 'resume'].filter(flag => on(flag));
  if (asked.length > 1) throw new SluiceError('BAD_REQUEST', `Say one of ${asked.map(flag => `--${flag}`).join(', ')}.`);
  const [action] = asked;
  if (action === 'stop') {
    const query = tables.map(table => `table=${encodeURIComponent(table)}`).join('&');
    return show(terminal, await call(worker, 'DELETE', query === '' ? path : `${path}?${query}`), on('json'));
  }
  if (action !== undefined) return show(terminal, await call(worker, 'PUT', `${path}/${action}`), on('json'));
  if (tables.length === 0) return show(terminal, await call(worker, 'GET', path), on('json'));
  const body = { tables, type: text('type') ?? 'incremental', where: text('where'), surrogate_key: text('surrogate-key') };
  const taken = await call(worker, 'POST', path, body);
  if (on('detach')) return show(terminal, taken, on('json'));
  return follow(terminal, worker, path, taken, on('json'));
}

async function call(worker: WorkerAddress, method: string, path: string, body?: unknown): Promise<ShownSnapshot | null> {
  const answer = (await callWorker(worker, method, path, body === undefined ? {} : { body })) as Answered;
  return answer.snapshot;
}

/** Until it has ended; a line of progress a second, in one place on a terminal. */
async function follow(
  terminal: Terminal,
  worker: WorkerAddress,
  path: string,
  taken: ShownSnapshot | null,
  json: boolean,
): Promise<number> {
  let last = taken;
  while (last !== null && last.state !== 'finished') {
    if (terminal.interactive && !json) terminal.out(`\r\u001b[K${line(last)}`);
    await setTimeout(lookEveryMs);
    last = await call(worker, 'GET', path);
  }
  if (terminal.interactive && !json) terminal.out('\r\u001b[K');
  // The task was restarted meanwhile: it goes on, and what it did before is not known any more.
  if (last === null) throw new SluiceError('NOT_FOUND', 'The task has been restarted; nothing is under way in it any more.');
  return show(terminal, last, json);
}

function line({ state, rows, chunks, rows_per_second: rate, ends_at: end, waits_for: wait, tables }: ShownSnapshot): string {
  const reading = tables.find(table => table.state === 'reading')?.name;
  const parts = [
    reading === undefined ? state : `${state === 'paused' ? 'paused in' : 'reading'} ${reading}`,
    chunks === 0 ? `${rows} rows` : `${rows} rows in ${chunks} chunks`,
    ...(rate === null ? [] : [`${rate} rows a second`]),
    ...(end === null ? [] : [`${state === 'finished' ? 'ended' : 'ends about'} ${end}`]),
    ...(wait === undefined ? [] : [`waits for ${wait}`]),
  ];
  return parts.join(', ');
}

/** Exit code 1 where a table was left out. */
function show({ out, paint }: Terminal, found: ShownSnapshot | null, json: boolean): number {
  if (json) out(`${JSON.stringify({ snapshot: found }, null, 2)}\n`);
  else if (found === null) out('No snapshot was asked for since the task was started.\n');
  else {
    out(`${line(found)}\n`);
    const width = Math.max(...found.tables.map(({ name }) => name.length));
    for (const { name, state, rows, rows_estimated: estimated, reason } of found.tables) {
      const of = estimated === null || state === 'done' ? '' : ` of about ${estimated}`;
      out(`  ${name.padEnd(width)}  ${colored(state, paint)}  ${rows}${of} rows${reason === null ? '' : `  ${reason}`}\n`);
    }
  }
  return found?.tables.some(({ state }) => state === 'skipped') ? 1 : 0;
}

function colored(state: string, paint: Paint): string {
  if (state === 'done') return paint.green(state);
  return state === 'skipped' ? paint.red(state) : state === 'reading' ? paint.cyan(state) : paint.dim(state);
}
