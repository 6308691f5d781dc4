import type { PinnedDefinition, SagaDefinition, SagaState } from './saga.ts';
import { runScenario, type SimulatedCommand, type SimulatedRun } from './simulation/run.ts';
import { forwardScenarios, type Scenario, withFailedCompensation } from './simulation/scenario.ts';

export type { SimulatedCommand } from './simulation/run.ts';

/** One way that a saga may go, and what the world looks like at its end. */
export type SimulatedEnd = {
  /** What happens, in words. */
  readonly way: string;
  readonly state: SagaState;
  readonly tookMs: number;
  readonly commands: readonly SimulatedCommand[];
  /** Steps whose work stands, and those whose work was undone. */
  readonly standing: readonly string[];
  readonly undone: readonly string[];
  /** Of a saga that is stuck: why. */
  readonly reason: string | null;
  /** What to change in the definition, where it is that, and no service that fails every time, which leaves a person to put it right; else null. */
  readonly gap: string | null;
};

export type Simulation = {
  readonly saga: string;
  readonly definitionHash: string;
  readonly ends: readonly SimulatedEnd[];
  /** Ways that were not looked at, since there are more than `waysMax`. */
  readonly leftOut: number;
};

/** The most ways that are gone. */
const waysMax = 10_000;

/**
 * Goes every way on which one thing fails: a step fails, is done without an answer or not done at all, the deadline passes while a step is under
 * way; and of the ways on which something is undone each again with each of its compensations failing every time.
 */
export function simulateSaga(pinned: PinnedDefinition): Simulation {
  const { definition, hash } = pinned;
  const ends: SimulatedEnd[] = [];
  let leftOut = 0;
  for (const scenario of forwardScenarios(definition)) {
    const end = go(scenario);
    if (end === null) continue;
    const undoing = new Set(end.commands.filter(({ direction }) => direction === 'compensation').map(({ step }) => step));
    for (const step of definition.stages.flat()) {
      const worse = undoing.has(step.name) ? withFailedCompensation(scenario, step) : null;
      if (worse !== null) go(worse);
    }
  }
  return { saga: definition.name, definitionHash: hash, ends, leftOut };

  function go(scenario: Scenario): SimulatedEnd | null {
    if (ends.length >= waysMax) {
      leftOut++;
      return null;
    }
    const end = endOf(definition, scenario, runScenario(pinned, scenario));
    ends.push(end);
    return end;
  }
}

function endOf(definition: SagaDefinition, scenario: Scenario, run: SimulatedRun): SimulatedEnd {
  const { instance, ...rest } = run;
  const { state, timeline } = instance;
  const failed = timeline.findLast(({ stepState }) => stepState === 'failed' || stepState === 'compensation-failed');
  const reason = state === 'stuck' ? (failed?.reason ?? null) : null;
  return { way: scenario.title, state, ...rest, reason, gap: gapOf(definition, scenario, run, reason) };
}

/** What the definition lacks. That a compensation, or a step behind the pivot, may fail every time is no gap: nothing could be written for it. */
function gapOf({ stages, pivot }: SagaDefinition, { failures }: Scenario, run: SimulatedRun, reason: string | null): string | null {
  const { state, steps } = run.instance;
  const missing = reason === null ? null : /cannot be made: (\$\S+) is not there$/.exec(reason);
  if (missing) return `Write ${missing[1]}? where null will do, or use what the starting event tells.`;
  if (state === 'compensated' && run.standing.length > 0) return `Nothing undoes ${run.standing.join(', ')}: name a compensation.`;
  if (state !== 'stuck' || failures.some(({ direction }) => direction === 'compensation')) return null;
  const unknown = stages
    .flat()
    .find(({ name, compensation }) => name === pivot && compensation === null && steps[name]?.state === 'failed');
  return unknown === undefined ? null : `Name a compensation of ${unknown.name}: where it does not answer it may have been done.`;
}
