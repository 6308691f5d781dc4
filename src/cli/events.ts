import { nearest, parseExactIntegers, SluiceError, writeExactIntegers } from '../contract/index.ts';
import type { PublishedEvent } from '../services/event-store/event-store.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, workerUrl } from './rest-client.ts';
import type { Paint } from './terminal.ts';

/** An event as REST shows it. */
type Shown = PublishedEvent & { readonly position: number | bigint };
type Appended = { readonly stream: string; readonly version: number; readonly repeated: boolean };

const actions = { append, read, all, state };

/** `sluice events ACTION`: the event store of a running worker. */
export async function events(input: CommandInput): Promise<number> {
  const [action = ''] = input.positionals;
  if (Object.hasOwn(actions, action)) return actions[action as keyof typeof actions](input);
  const known = Object.keys(actions);
  const near = nearest(action, known);
  throw new SluiceError('BAD_REQUEST', `There is nothing like '${action}' to do with events${near ? `; did you mean '${near}'?` : '.'}`, {
    remedy: `Say one of ${known.join(', ')}.`,
  });
}

/** Throws SluiceError BAD_REQUEST where fewer words were given. */
function streamPath({ positionals }: CommandInput, words: readonly string[]): string {
  const [action, stream] = positionals;
  if (positionals.length < words.length + 1)
    throw new SluiceError('BAD_REQUEST', `sluice events ${action} needs ${words.join(' and ')}.`, {
      remedy: 'A stream is type:id, such as order:4711. sluice events --help shows examples.',
    });
  return `/event-store/streams/${encodeURIComponent(stream!)}`;
}

/** What of these flags was given, as the query of a path. */
function queryOf({ text }: CommandInput, names: readonly string[]): string {
  const query = new URLSearchParams(names.flatMap((name): [string, string][] => (text(name) === null ? [] : [[name, text(name)!]])));
  return query.size === 0 ? '' : `?${query}`;
}

/** `append STREAM TYPE [DATA]`. */
async function append(input: CommandInput): Promise<number> {
  const { terminal, positionals, text } = input;
  const path = streamPath(input, ['STREAM', 'TYPE']);
  const [, , type, data = '{}'] = positionals;
  const [expected, id] = [text('expect'), text('id')];
  const body = {
    events: [{ type, data: jsonOf(data), ...(id !== null && { id }) }],
    ...(expected !== null && { expectedVersion: /^\d+$/.test(expected) ? Number(expected) : expected }),
  };
  const { stream, version, repeated } = (await callWorker(await workerUrl(input), 'POST', path, { body })) as Appended;
  terminal.out(`${stream} is at version ${version}.${repeated ? ' The event was there before.' : ''}\n`);
  return 0;
}

function jsonOf(text: string): unknown {
  try {
    return parseExactIntegers(text);
  } catch {
    throw new SluiceError('BAD_REQUEST', 'The event’s data is no JSON.', { remedy: `Quote it for the shell: '{"sku": "mug"}'.` });
  }
}

/** `read STREAM`. */
async function read(input: CommandInput): Promise<number> {
  const path = streamPath(input, ['STREAM']);
  const query = queryOf(input, ['from', 'limit']);
  const backwards = input.on('backwards') ? `${query === '' ? '?' : '&'}direction=backwards` : '';
  const { events } = (await callWorker(await workerUrl(input), 'GET', path + query + backwards, { exact: true })) as {
    readonly events: readonly Shown[];
  };
  return show(input, events);
}

/** `all`. */
async function all(input: CommandInput): Promise<number> {
  const path = `/event-store/events${queryOf(input, ['after', 'limit'])}`;
  const { events } = (await callWorker(await workerUrl(input), 'GET', path, { exact: true })) as { readonly events: readonly Shown[] };
  return show(input, events);
}

/** `state STREAM`. */
async function state(input: CommandInput): Promise<number> {
  const path = `${streamPath(input, ['STREAM'])}/state${queryOf(input, ['at'])}`;
  const { state: shown, version } = (await callWorker(await workerUrl(input), 'GET', path, { exact: true })) as {
    state: unknown;
    version: number;
  };
  const { out, paint } = input.terminal;
  out(input.on('json') ? `${writeExactIntegers(shown)}\n` : `${paint.dim(`version ${version}`)}\n${writeExactIntegers(shown, 2)}\n`);
  return 0;
}

function show({ terminal, on }: CommandInput, events: readonly Shown[]): number {
  if (on('json')) for (const event of events) terminal.out(`${writeExactIntegers(event)}\n`);
  else for (const event of events) terminal.out(line(event, terminal.paint));
  return 0;
}

function line({ position, aggregateType, aggregateId, version, type, timestamp, data }: Shown, { bold, dim }: Paint): string {
  const place = `${String(position).padStart(8)}  ${aggregateType}:${aggregateId} ${version}`;
  return `${place}  ${bold(type)}  ${dim(timestamp)}  ${writeExactIntegers(data)}\n`;
}
