import {
  notesMax,
  type PinnedDefinition,
  type SagaCommand,
  type SagaDecision,
  type SagaDefinition,
  type SagaInstance,
  type SagaOrder,
  type SagaState,
  type SagaStepDefinition,
  type SagaStepProgress,
  type SagaTransition,
  timelineMax,
} from '../saga.ts';

/** Who ordered it, where it did not come by itself. */
export type By = SagaTransition['by'];

/** How an order is told in the timeline. */
export function byOf({ who, why }: SagaOrder): By {
  return { who, why };
}

/** An instance while a decision is made on it, and the commands that come of it. The instance given is never written to. */
export class Draft {
  readonly definition: SagaDefinition;
  readonly nowMs: number;
  /** Of whoever ordered this decision. */
  readonly by: By;
  readonly #given: SagaInstance | null;
  readonly #commands: SagaCommand[] = [];
  readonly #lines: SagaTransition[] = [];
  #instance: SagaInstance;

  constructor({ definition }: PinnedDefinition, given: SagaInstance | null, begun: SagaInstance, nowMs: number, by: By = null) {
    this.definition = definition;
    this.nowMs = nowMs;
    this.by = by;
    this.#given = given;
    this.#instance = begun;
  }

  get instance(): SagaInstance {
    return this.#instance;
  }

  get state(): SagaState {
    return this.#instance.state;
  }

  progress(step: string): SagaStepProgress {
    return this.#instance.steps[step]!;
  }

  /** Steps of all stages, in the definition's order. */
  get steps(): readonly SagaStepDefinition[] {
    return this.definition.stages.flat();
  }

  change(changes: Partial<Pick<SagaInstance, 'state' | 'endedAtMs' | 'deadlineAtMs' | 'replies' | 'notes'>>): void {
    this.#instance = { ...this.#instance, ...changes };
  }

  /** Moves a step, with a line of the timeline that says why. */
  move(step: string, changes: Partial<SagaStepProgress>, reason: string): void {
    const steps = { ...this.#instance.steps, [step]: { ...this.progress(step), ...changes } };
    this.#instance = { ...this.#instance, steps };
    this.line(step, reason);
  }

  /** The saga itself moves. What has ended has no deadline. */
  enter(state: SagaState, reason: string): void {
    const ended = state === 'completed' || state === 'compensated';
    this.change({ state, ...(state === 'running' ? {} : { deadlineAtMs: null }), endedAtMs: ended ? this.nowMs : null });
    this.line(null, reason);
  }

  /** A message that changes nothing is a line, as long as there are few of them. */
  note(step: string | null, reason: string): void {
    if (this.#instance.notes >= notesMax) return;
    this.change({ notes: this.#instance.notes + 1 });
    this.line(step, reason);
  }

  line(step: string | null, reason: string): void {
    const progress = step === null ? null : this.progress(step);
    const attempt = progress === null || progress.attempt === 0 ? null : progress.attempt;
    this.#lines.push({ atMs: this.nowMs, state: this.state, step, stepState: progress?.state ?? null, attempt, reason, by: this.by });
  }

  publish(command: SagaCommand): void {
    this.#commands.push(command);
  }

  /** The place behind all that was done so far. */
  nextDoneOrder(): number {
    return 1 + Math.max(0, ...Object.values(this.#instance.steps).map(({ doneOrder }) => doneOrder ?? 0));
  }

  decision(heard: SagaDecision['heard']): SagaDecision {
    if (this.#lines.length === 0) return { instance: this.#given, changed: false, commands: [], heard };
    const { timeline, version } = this.#instance;
    const instance = { ...this.#instance, version: version + this.#lines.length, timeline: bounded([...timeline, ...this.#lines]) };
    return { instance, changed: true, commands: this.#commands, heard };
  }
}

/** A timeline within its bound: how it began stays, and of the rest the latest. */
export function bounded(lines: readonly SagaTransition[]): readonly SagaTransition[] {
  return lines.length <= timelineMax ? lines : [lines[0]!, ...lines.slice(1 - timelineMax)];
}
