import type { JsonObject } from '../../../contract/index.ts';
import { commandOf, type Direction } from '../machine/command.ts';
import { decide, nextDueAtMs } from '../machine.ts';
import type { PinnedDefinition, SagaCommand, SagaInput, SagaInstance, SagaStepDefinition } from '../saga.ts';
import { type SampleData, sampleData } from './sample-data.ts';
import type { Fate, Scenario } from './scenario.ts';

/** A command, and what its service did with it. */
export type SimulatedCommand = {
  readonly type: string;
  readonly step: string;
  readonly direction: Direction;
  readonly attempt: number;
  readonly fate: Fate;
};

/** Where a way led: the instance as it was left, and what was done. */
export type SimulatedRun = {
  readonly instance: SagaInstance;
  readonly tookMs: number;
  readonly commands: readonly SimulatedCommand[];
  /** Steps whose work was done and is not undone, in the definition's order. */
  readonly standing: readonly string[];
  /** Steps whose work was done, and undone. */
  readonly undone: readonly string[];
};

type Sent = { readonly step: SagaStepDefinition; readonly direction: Direction; readonly attempt: number; readonly key: string };

const startMs = 0;
const correlationId = '1';
/** Commands and moments of one way; there are far fewer, since every retry is bounded. */
const momentsMax = 1_000_000;

/** Goes one way to its end. Nothing of it is real: services that do as the scenario says, and a clock that jumps to what is due. */
export function runScenario(pinned: PinnedDefinition, scenario: Scenario): SimulatedRun {
  const { definition } = pinned;
  const data: SampleData = sampleData(definition);
  const steps = definition.stages.flat();
  const queue: Sent[] = [];
  const commands: SimulatedCommand[] = [];
  const done = new Set<string>();
  const undone = new Set<string>();
  let nowMs = startMs;
  let instance: SagaInstance | null = null;

  hear(definition.start.topic, definition.start.type, data.start, null);
  for (let moments = 0; moments < momentsMax; moments++) {
    const sent = next();
    if (sent !== undefined) serve(sent);
    else {
      const dueAtMs = nextDueAtMs(instance!);
      if (dueAtMs === null) break;
      nowMs = Math.max(nowMs, dueAtMs);
      input({ kind: 'time' });
    }
  }
  const names = steps.map(({ name }) => name);
  return {
    instance: instance!,
    tookMs: nowMs - startMs,
    commands,
    standing: names.filter(name => done.has(name) && !undone.has(name)),
    undone: names.filter(name => done.has(name) && undone.has(name)),
  };

  function input(given: SagaInput): void {
    const decision = decide(pinned, instance, given, nowMs);
    instance = decision.instance;
    for (const command of decision.commands) queue.push(sentOf(command));
  }

  function hear(topic: string, type: string | null, value: JsonObject, idempotencyKey: string | null): void {
    input({ kind: 'message', message: { topic, type, correlationId, data: value, idempotencyKey } });
  }

  function sentOf({ idempotencyKey: key }: SagaCommand): Sent {
    const [, name, compensation, attempt] = /^.*:([^:/]+)(\/compensation)?:(\d+)$/.exec(key)!;
    const step = steps.find(each => each.name === name)!;
    return { step, direction: compensation === undefined ? 'forward' : 'compensation', attempt: Number(attempt), key };
  }

  /** The command that is dealt with now: in the order in which they were sent, but the one that fails first or last of its group. */
  function next(): Sent | undefined {
    const fails = (sent: Sent) => scenario.deadlineAt === sent.step.name || fateOf(sent) !== 'done';
    const [first] = queue;
    if (first === undefined) return undefined;
    const alike = queue.filter(({ direction, attempt }) => direction === first.direction && attempt === first.attempt);
    const chosen = alike.find(sent => fails(sent) === scenario.failsFirst) ?? first;
    queue.splice(queue.indexOf(chosen), 1);
    return chosen;
  }

  function fateOf({ step, direction, attempt }: Sent): Fate {
    const failure = scenario.failures.find(each => each.step === step.name && each.direction === direction);
    return failure === undefined || (failure.attempts === 'first' && attempt > 1) ? 'done' : failure.fate;
  }

  function serve(sent: Sent): void {
    const { step, direction, attempt, key } = sent;
    const command = commandOf(step, direction)!;
    const passing = direction === 'forward' && scenario.deadlineAt === step.name && instance!.deadlineAtMs !== null;
    const fate = passing ? 'unanswered' : fateOf(sent);
    commands.push({ type: command.type, step: step.name, direction, attempt, fate });
    if (fate === 'done' || fate === 'unanswered') (direction === 'forward' ? done : undone).add(step.name);
    if (passing) {
      nowMs = Math.max(nowMs, instance!.deadlineAtMs!);
      input({ kind: 'time' });
      return;
    }
    const [answer] = fate === 'done' ? command.success : fate === 'refused' ? command.failure : [];
    const value = fate === 'done' && direction === 'forward' ? data.replies[step.name]! : {};
    if (answer !== undefined) hear(answer.topic, answer.type, value, key);
  }
}
