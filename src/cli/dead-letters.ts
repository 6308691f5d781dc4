import { SluiceError } from '../contract/index.ts';
import type { Redelivered } from '../engine/sink/redelivery.ts';
import type { ShownLetter, ShownLetters } from '../engine/supervisor/supervisor-dead-letters.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import type { Paint, Terminal } from './terminal.ts';

/** How long a redelivery may take; a sink may have many letters. */
const redeliverMsMax = 600_000;
/** Looked through for the one that `show` is asked for. */
const lettersMax = 10_000;

type Action = (path: string, input: CommandInput, url: WorkerAddress) => Promise<number>;

const actions: Readonly<Record<string, Action>> = { list, show, redeliver, discard };

/** `sluice dead-letters NAME [ACTION]`: lists, shows, redelivers or discards the dead letters of a sink. */
export async function deadLetters(input: CommandInput): Promise<number> {
  const [name = '', action = 'list'] = input.positionals;
  const act = actions[action];
  if (act === undefined)
    throw new SluiceError('BAD_REQUEST', `There is nothing like '${action}' to do with dead letters.`, {
      remedy: `Say one of ${Object.keys(actions).join(', ')}.`,
    });
  return act(`/sluice/connectors/${encodeURIComponent(name)}/dead-letters`, input, await workerUrl(input));
}

async function list(path: string, { terminal, on }: CommandInput, url: WorkerAddress): Promise<number> {
  const found = (await callWorker(url, 'GET', path)) as ShownLetters;
  if (on('json')) terminal.out(`${JSON.stringify(found, null, 2)}\n`);
  else if (found.waiting === 0) terminal.out('No dead letters wait.\n');
  else {
    for (const letter of found.letters) terminal.out(line(letter, terminal.paint));
    const more = found.waiting - found.letters.length;
    terminal.out(`${more > 0 ? `... and ${more} more; ` : ''}${found.waiting} wait in the topic ${found.topic}.\n`);
  }
  return 0;
}

function line({ partition, offset, record, stage, message }: ShownLetter, paint: Paint): string {
  const place = partition === 0 ? String(offset) : `${partition}:${offset}`;
  return `${paint.bold(place.padStart(6))}  ${record.topic}-${record.partition} offset ${record.offset}  ${paint.dim(stage)}\n        ${message.split('\n')[0]}\n`;
}

async function show(path: string, { terminal, positionals }: CommandInput, url: WorkerAddress): Promise<number> {
  const offset = Number(positionals[2] ?? Number.NaN);
  if (!Number.isInteger(offset))
    throw new SluiceError('BAD_REQUEST', 'Which one? sluice dead-letters NAME show OFFSET, as the list has it.');
  const { letters, topic } = (await callWorker(url, 'GET', `${path}?max=${lettersMax}`)) as ShownLetters;
  const letter = letters.find(one => one.offset === offset);
  if (letter === undefined)
    throw new SluiceError('NOT_FOUND', `No dead letter that waits has the offset ${offset}.`, {
      remedy: 'sluice dead-letters NAME lists them.',
    });
  tell(terminal, letter, topic);
  return 0;
}

/** Where and why; what is in it stays in the log, which `sluice log` reads. */
function tell(
  { out, paint }: Terminal,
  { offset, partition, record, stage, class: className, exception, message, task, timestamp }: ShownLetter,
  topic: string,
): void {
  const rows: readonly (readonly [string, string])[] = [
    ['record', `${record.topic}, partition ${record.partition}, offset ${record.offset}, of ${timestamp}`],
    ['failed at', `${stage} in ${className}, task ${task}`],
    ['because', `${exception}: ${message}`],
    ['lies in', `${topic}, partition ${partition}, offset ${offset}`],
  ];
  for (const [title, text] of rows) out(`${paint.dim(title.padEnd(10))} ${text}\n`);
  out(`\n${paint.dim(`sluice log ${topic} -c FILE --from ${offset} -n 1    shows what is in it`)}\n`);
}

function upTo({ text }: CommandInput): string {
  const to = text('to');
  return to === null ? '' : `?to=${encodeURIComponent(to)}`;
}

async function redeliver(path: string, input: CommandInput, url: WorkerAddress): Promise<number> {
  const answer = (await callWorker(url, 'POST', `${path}/redeliver${upTo(input)}`, { withinMs: redeliverMsMax })) as Redelivered;
  const again = answer.failed_again === 0 ? '' : ` ${answer.failed_again} failed again and wait anew.`;
  input.terminal.out(`${answer.redelivered} redelivered.${again}\n`);
  return answer.failed_again === 0 ? 0 : 1;
}

async function discard(path: string, input: CommandInput, url: WorkerAddress): Promise<number> {
  if (input.text('to') === null)
    throw new SluiceError('BAD_REQUEST', 'Which ones? discard needs --to OFFSET: the last one that is not to be sent again.');
  const { discarded } = (await callWorker(url, 'POST', `${path}/discard${upTo(input)}`)) as { readonly discarded: number };
  input.terminal.out(`${discarded} discarded; they stay in their topic, and are not sent again.\n`);
  return 0;
}
