import { relative } from 'node:path';
import { SluiceError } from '../contract/index.ts';
import type { SagaDefinition } from '../services/sagas/saga.ts';
import { type SimulatedCommand, type SimulatedEnd, simulateSaga } from '../services/sagas/simulate.ts';
import type { CommandInput } from './command-line.ts';
import { readSagaFile } from './saga-file.ts';
import type { Paint } from './terminal.ts';

/** `sluice saga simulate FILE`: every way that a saga may go, and what is left of it. Exit code 1 where the definition itself leaves a gap. */
export async function simulateSagaFile({ terminal, positionals, on }: CommandInput): Promise<number> {
  const file = positionals[1];
  if (file === undefined)
    throw new SluiceError('BAD_REQUEST', 'The file of a saga is missing.', { remedy: 'Write sluice saga simulate FILE.' });
  const pinned = await readSagaFile(file, { shown: relative('', file) });
  const { definition } = pinned;
  const simulation = simulateSaga(pinned);
  const gaps = simulation.ends.filter(({ gap }) => gap !== null);
  const { out, paint } = terminal;
  if (on('json')) out(`${JSON.stringify(simulation, null, 2)}\n`);
  else {
    out(`${paint.bold(definition.name)}  ${headline(definition)}\n\n`);
    for (const end of simulation.ends) out(`${endText(end, paint)}\n`);
    out(summary(simulation.ends, simulation.leftOut, paint));
  }
  return gaps.length === 0 ? 0 : 1;
}

function headline({ stages, pivot, deadlineMs }: SagaDefinition): string {
  const steps = stages.map(stage => stage.map(({ name }) => name).join(' + ')).join(' -> ');
  const more = [...(pivot === null ? [] : [`pivot ${pivot}`]), ...(deadlineMs === null ? [] : [`deadline ${durationText(deadlineMs)}`])];
  return `${steps}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
}

function endText({ way, state, tookMs, commands, standing, reason, gap }: SimulatedEnd, paint: Paint): string {
  const shade = state === 'completed' ? paint.green : state === 'stuck' ? paint.red : paint.yellow;
  const left = standing.length === 0 ? 'nothing is left of it' : `what stands: ${standing.join(', ')}`;
  const lines = [
    paint.bold(`${way[0]!.toUpperCase()}${way.slice(1)}`),
    `  ${shade(state)}${tookMs === 0 ? '' : ` after ${durationText(tookMs)}`}; ${left}`,
    `  ${paint.dim(commandsText(commands))}`,
  ];
  if (reason !== null) lines.push(`  ${paint.red('for a person:')} ${reason}`);
  if (gap !== null) lines.push(`  ${paint.red('gap:')} ${gap}`);
  return `${lines.join('\n')}\n`;
}

const fateWords = { done: 'done', refused: 'failed', unanswered: 'done, unanswered', lost: 'not done, unanswered' } as const;

/** In the order in which services dealt with them; attempts of the same fate in a row are counted. */
function commandsText(commands: readonly SimulatedCommand[]): string {
  const runs: { type: string; fate: keyof typeof fateWords; times: number }[] = [];
  for (const { type, fate } of commands) {
    const last = runs.at(-1);
    if (last?.type === type && last.fate === fate) last.times++;
    else runs.push({ type, fate, times: 1 });
  }
  return runs.map(({ type, fate, times }) => `${type} (${times > 1 ? `${times} times ` : ''}${fateWords[fate]})`).join(' -> ');
}

function summary(ends: readonly SimulatedEnd[], leftOut: number, paint: Paint): string {
  const count = (state: SimulatedEnd['state']) => ends.filter(end => end.state === state).length;
  const gaps = ends.filter(({ gap }) => gap !== null).length;
  const counts = `${ends.length} ways: ${count('completed')} completed, ${count('compensated')} compensated, ${count('stuck')} stuck.`;
  const more = leftOut === 0 ? '' : ` ${leftOut} more were not gone.`;
  const verdict =
    gaps === 0
      ? paint.green('The definition leaves no gap: only what fails every time is left to a person.')
      : paint.red(`The definition leaves a gap on ${gaps} of them.`);
  return `${counts}${more}\n${verdict}\n`;
}

function durationText(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 6000) / 10} min` : `${Math.round(ms / 360_000) / 10} h`;
}
