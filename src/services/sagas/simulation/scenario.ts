import type { Direction } from '../machine/command.ts';
import type { SagaDefinition, SagaStepDefinition } from '../saga.ts';

/** What a service does with a command. `unanswered`: it is done, but no answer comes; `lost`: it is not even done. */
export type Fate = 'done' | 'refused' | 'unanswered' | 'lost';

/** A command that does not go well: every attempt of it, or only the first. */
export type Failure = {
  readonly step: string;
  readonly direction: Direction;
  readonly fate: Exclude<Fate, 'done'>;
  readonly attempts: 'all' | 'first';
};

/** One way that a saga may go: what differs from all going well. */
export type Scenario = {
  readonly title: string;
  readonly failures: readonly Failure[];
  /** The step under way when the deadline passes. */
  readonly deadlineAt: string | null;
  /** In its group, the step that fails is dealt with before the others, which are under way then; else behind them. */
  readonly failsFirst: boolean;
};

const well: Scenario = { title: 'all goes well', failures: [], deadlineAt: null, failsFirst: false };

/** Every way on which one step's command fails, or the deadline passes, beginning with the one on which all goes well. */
export function forwardScenarios(definition: SagaDefinition): readonly Scenario[] {
  const { stages, deadlineMs, pivot } = definition;
  const scenarios = [well];
  let deadlineCounts = deadlineMs !== null;
  for (const stage of stages) {
    const alone = stage.length === 1;
    for (const step of stage) {
      scenarios.push(...failuresOf(step, alone));
      if (deadlineCounts && step.success.length > 0)
        scenarios.push({ ...well, title: `the deadline passes while ${step.name} is under way`, deadlineAt: step.name });
    }
    if (stage.some(({ name }) => name === pivot)) deadlineCounts = false;
  }
  return scenarios;
}

function failuresOf(step: SagaStepDefinition, alone: boolean): readonly Scenario[] {
  const { name, success, failure, retry } = step;
  if (success.length === 0) return [];
  const fails = (fate: Failure['fate'], attempts: Failure['attempts'] = 'all') => ({
    ...well,
    failures: [{ step: name, direction: 'forward' as const, fate, attempts }],
  });
  const scenarios: Scenario[] = [];
  if (failure.length > 0 && alone) scenarios.push({ ...fails('refused'), title: `${name} fails` });
  if (failure.length > 0 && !alone)
    scenarios.push(
      { ...fails('refused'), title: `${name} fails while the others of its group are under way`, failsFirst: true },
      { ...fails('refused'), title: `${name} fails when the others of its group are done` },
    );
  scenarios.push(
    { ...fails('unanswered'), title: `${name} is done, but never answers` },
    { ...fails('lost'), title: `${name} is not done, and never answers` },
  );
  if (retry.attemptsMax > 1)
    scenarios.push({ ...fails('unanswered', 'first'), title: `${name} is done, but answers only the second time` });
  return scenarios;
}

/** The same way, on which a compensation fails too, every time. null: nobody answers it, so that it cannot be known to fail. */
export function withFailedCompensation(scenario: Scenario, { name, compensation }: SagaStepDefinition): Scenario | null {
  if (compensation === null || compensation.success.length === 0) return null;
  const refused = compensation.failure.length > 0;
  return {
    ...scenario,
    title: `${scenario.title}, and ${compensation.type} ${refused ? 'fails every time' : 'never answers'}`,
    failures: [...scenario.failures, { step: name, direction: 'compensation', fate: refused ? 'refused' : 'lost', attempts: 'all' }],
  };
}
