import { SluiceError } from '../contract/index.ts';
import type { InstanceList, ListedInstance, ShownInstance } from '../services/sagas/runtime/saga-views.ts';
import type { SagaOverview } from '../services/sagas/runtime/sagas-service.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import type { Paint, Terminal } from './terminal.ts';

/** How long an order may wait for its place among the messages. */
const orderMsMax = 60_000;

/** `sluice saga list [SAGA]`: the sagas of a worker, or the instances of one. */
export async function listSagas(input: CommandInput): Promise<number> {
  const { terminal, positionals, text, on } = input;
  const url = await workerUrl(input);
  const saga = positionals[1];
  if (saga === undefined) {
    const sagas = (await callWorker(url, 'GET', '/sagas')) as readonly SagaOverview[];
    if (on('json')) terminal.out(`${JSON.stringify(sagas, null, 2)}\n`);
    else if (sagas.length === 0) terminal.out('This worker has no sagas.\n');
    else for (const one of sagas) terminal.out(overviewLine(one, terminal.paint));
    return 0;
  }
  const query = new URLSearchParams();
  for (const name of ['state', 'limit']) if (text(name) !== null) query.set(name, text(name)!);
  const suffix = query.size === 0 ? '' : `?${query}`;
  const found = (await callWorker(url, 'GET', `/sagas/${encodeURIComponent(saga)}/instances${suffix}`)) as InstanceList;
  if (on('json')) terminal.out(`${JSON.stringify(found, null, 2)}\n`);
  else if (found.total === 0) terminal.out('There are no such instances.\n');
  else {
    for (const one of found.instances) terminal.out(instanceLine(one, terminal.paint));
    const more = found.total - found.instances.length;
    if (more > 0) terminal.out(`... and ${more} more; --limit shows them.\n`);
  }
  return 0;
}

function overviewLine({ name, state, instances, error }: SagaOverview, paint: Paint): string {
  const counts = Object.entries(instances ?? {}).map(([of, count]) => `${count} ${of}`);
  const reason = error === null ? '' : `\n    ${paint.red(error.message)}\n    ${error.remedy}`;
  return `${paint.bold(name)}  ${state}  ${paint.dim(counts.join(', '))}${reason}\n`;
}

function shade(state: string, paint: Paint): string {
  const padded = state.padEnd(12);
  if (state === 'completed') return paint.green(padded);
  return state === 'stuck' ? paint.red(padded) : padded;
}

function instanceLine({ correlation_id: id, state, started, ended, steps }: ListedInstance, paint: Paint): string {
  const doing = steps.map(step => `${step.name} ${step.state}${step.attempt > 1 ? ` (attempt ${step.attempt})` : ''}`).join(', ');
  const when = ended === null ? `since ${started}` : `${started} to ${ended}`;
  return `${shade(state, paint)}  ${paint.bold(id)}  ${paint.dim(when)}${doing === '' ? '' : `  ${doing}`}\n`;
}

/** `sluice saga show SAGA ID`: one instance with its timeline. */
export async function showSaga(input: CommandInput): Promise<number> {
  const { terminal, on } = input;
  const shown = (await callWorker(await workerUrl(input), 'GET', instancePath(input))) as ShownInstance;
  if (on('json')) terminal.out(`${JSON.stringify(shown, null, 2)}\n`);
  else tell(terminal, shown);
  return 0;
}

function tell({ out, paint }: Terminal, shown: ShownInstance): void {
  out(`${paint.bold(shown.id)}  ${shade(shown.state, paint).trimEnd()}  ${paint.dim(`definition ${shown.definition.slice(0, 12)}`)}\n`);
  const width = Math.max(...shown.steps.map(({ name }) => name.length));
  for (const { name, state, attempt, due } of shown.steps)
    out(`  ${name.padEnd(width)}  ${state}${attempt > 0 ? ` (attempt ${attempt})` : ''}${due === null ? '' : paint.dim(`  due ${due}`)}\n`);
  out('\n');
  for (const [index, { at, step, reason, by }] of shown.timeline.entries()) {
    if (index === 1 && shown.omitted > 0) out(paint.dim(`  ... ${shown.omitted} lines are gone\n`));
    const who = by === null ? '' : `  ${paint.bold(by.who)}: ${by.why}`;
    out(`  ${paint.dim(at)}  ${step === null ? '' : `${step}: `}${reason}${who}\n`);
  }
}

/** `sluice saga retry|skip|compensate SAGA ID --why TEXT`: what a person has done. */
export async function orderSaga(input: CommandInput): Promise<number> {
  const { terminal, positionals, text } = input;
  const [action = ''] = positionals;
  const [why, step] = [text('why'), text('step')];
  if (why === null) throw new SluiceError('BAD_REQUEST', `Why? saga ${action} needs --why TEXT, which is kept in the timeline.`);
  const url: WorkerAddress = await workerUrl(input);
  // Where there is no login, who it is is what they say.
  const who = url.authorization === null ? (process.env['USER'] ?? null) : null;
  const body = { why, ...(step !== null && { step }), ...(who !== null && who !== '' && { who }) };
  const shown = (await callWorker(url, 'POST', `${instancePath(input)}/${action}`, { body, withinMs: orderMsMax })) as ShownInstance;
  terminal.out(`${shown.id}  ${shade(shown.state, terminal.paint).trimEnd()}\n`);
  return 0;
}

function instancePath({ positionals }: CommandInput): string {
  const [action, saga, id] = positionals;
  if (saga === undefined || id === undefined)
    throw new SluiceError('BAD_REQUEST', `Which one? sluice saga ${action} SAGA ID, where ID is the correlation id.`, {
      remedy: 'sluice saga list SAGA shows those there are.',
    });
  return `/sagas/${encodeURIComponent(saga)}/instances/${encodeURIComponent(id)}`;
}
