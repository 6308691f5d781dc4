import { setTimeout as pause } from 'node:timers/promises';
import { SluiceError } from '../contract/index.ts';
import type { ReplayView } from '../engine/replay/replay-view.ts';
import type { ReplayMeasure } from '../engine/replay/replays.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import type { Terminal } from './terminal.ts';

/** Before a replay begins, and for a dry run, the log is read: how long that may take. */
const readMsMax = 3_600_000;
/** How often a replay is looked at, and how often that is shown where no person watches. */
const watchedMs = 500;
const loggedMs = 10_000;

/** `sluice replay SINK`: begins a replay and shows how it goes; `list`, `watch ID` and `stop ID` are about those there are. */
export async function replay(input: CommandInput): Promise<number> {
  const [name = '', action = 'start', id = ''] = input.positionals;
  const path = `/connectors/${encodeURIComponent(name)}/replays`;
  // Here --key is a record's; the key of a client certificate is SLUICE_KEY.
  const url = await workerUrl({ ...input, text: flag => (flag === 'key' ? null : input.text(flag)) });
  switch (action) {
    case 'start':
      return start(path, input, url);
    case 'list':
      return list(path, input, url);
    case 'watch':
      return watch(`${path}/${which(id)}`, input.terminal, url);
    case 'stop': {
      const stopped = (await callWorker(url, 'DELETE', `${path}/${which(id)}`)) as ReplayView;
      input.terminal.out(`${lineOf(stopped)}\n`);
      return 0;
    }
    default:
      throw new SluiceError('BAD_REQUEST', `There is nothing like '${action}' to do with replays.`, {
        remedy: 'Say list, watch ID or stop ID; without a word a replay is begun.',
      });
  }
}

function which(id: string): string {
  if (id !== '') return encodeURIComponent(id);
  throw new SluiceError('BAD_REQUEST', 'Which one?', { remedy: 'sluice replay SINK list shows the replays and their ids.' });
}

/** The body of the request; what is wrong with it the worker says. */
function requestOf({ text, on }: CommandInput) {
  const [from, to, table, key, rate] = [text('from'), text('to'), text('table'), text('key'), text('rate')];
  if (from === null)
    throw new SluiceError('BAD_REQUEST', 'From where? A replay needs --from: start, a time, offsets, or a position of the source.', {
      remedy: 'sluice replay --help shows examples.',
    });
  if (rate !== null && !/^\d+$/.test(rate)) throw new SluiceError('BAD_REQUEST', `--rate is a number of records a second, not '${rate}'.`);
  return {
    from,
    ...(to !== null && { to }),
    ...(table !== null && { tables: table.split(',').map(one => one.trim()) }),
    ...(key !== null && { keys: keysOf(key) }),
    ...(rate !== null && { rate: Number(rate) }),
    dryRun: on('dry-run'),
  };
}

/** A JSON object, a JSON list, or values with commas. */
function keysOf(text: string): readonly unknown[] {
  if (text.startsWith('{')) return [text];
  if (!text.startsWith('[')) return text.split(',').map(one => one.trim());
  try {
    const keys: unknown = JSON.parse(text);
    if (Array.isArray(keys)) return keys;
  } catch {
    // Told of below.
  }
  throw new SluiceError('BAD_REQUEST', '--key is no list in JSON.', { remedy: 'Such as --key 42, --key 42,43 or --key \'[{"id": 42}]\'.' });
}

async function start(path: string, input: CommandInput, url: WorkerAddress): Promise<number> {
  const { terminal, on } = input;
  const answer = (await callWorker(url, 'POST', path, { body: requestOf(input), withinMs: readMsMax })) as ReplayView | ReplayMeasure;
  if (on('json')) {
    terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
    return 0;
  }
  if ('dry_run' in answer) {
    for (const { topic, partition, from, to } of answer.partitions) terminal.out(`${topic}-${partition}  offsets ${from} to ${to}\n`);
    terminal.out(`${answer.records} records, ${bytesText(answer.bytes)} would be sent.\n`);
    return 0;
  }
  if (!on('detach')) return watch(`${path}/${answer.id}`, terminal, url);
  terminal.out(`Replay ${answer.id} has begun; sluice replay ${answer.connector} watch ${answer.id} shows how it goes.\n`);
  return 0;
}

async function list(path: string, { terminal, on }: CommandInput, url: WorkerAddress): Promise<number> {
  const found = (await callWorker(url, 'GET', path)) as readonly ReplayView[];
  if (on('json')) terminal.out(`${JSON.stringify(found, null, 2)}\n`);
  else if (found.length === 0) terminal.out('There are no replays.\n');
  else for (const one of found) terminal.out(`${terminal.paint.bold(one.id.padStart(4))}  ${one.created}  ${lineOf(one)}\n`);
  return 0;
}

/** Shows a replay until it has ended: a line that changes where a person looks. Ctrl-C leaves it running. */
async function watch(path: string, terminal: Terminal, url: WorkerAddress): Promise<number> {
  const { out, err, interactive } = terminal;
  let [width, shownMs] = [0, Number.NEGATIVE_INFINITY];
  for (;;) {
    const view = (await callWorker(url, 'GET', path)) as ReplayView;
    const line = lineOf(view);
    const ended = view.state !== 'RUNNING';
    if (interactive) out(`\r${line.padEnd(width)}${ended ? '\n' : ''}`);
    else if (ended || performance.now() - shownMs >= loggedMs) {
      out(`${line}\n`);
      shownMs = performance.now();
    }
    width = line.length;
    if (!ended) {
      await pause(watchedMs);
      continue;
    }
    if (view.error !== null) err(`${view.error.message}\n${view.error.remedy}\n`);
    return view.state === 'COMPLETED' ? 0 : 1;
  }
}

function lineOf(view: ReplayView): string {
  const { state, phase, records, records_total: total, bytes, records_per_second: rate, estimated_end: end, retrying } = view;
  const counted = total === null ? `${records} records` : `${records} of ${total} records`;
  const parts = [state === 'RUNNING' ? (phase ?? 'running') : state.toLowerCase(), `${counted}, ${bytesText(bytes)}`];
  if (state === 'RUNNING' && phase === 'sending') parts.push(`${Math.floor(view.done * 100)} %`, `${rate} records/s`);
  if (end !== null) parts.push(`until about ${end.slice(11, 19)} UTC`);
  if (view.dead_letters > 0) parts.push(`${view.dead_letters} dead letters`);
  if (view.skipped > 0) parts.push(`${view.skipped} skipped`);
  if (retrying !== null) parts.push(`tried again (${retrying.attempts}): ${retrying.reason}`);
  return parts.join('  ');
}

function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
