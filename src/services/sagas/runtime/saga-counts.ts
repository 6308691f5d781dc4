import { Histogram } from '../../../observe/metrics/histogram.ts';
import type { SagaDecision, SagaInstance, SagaState, SagaStepState } from '../saga.ts';

/** Seconds from a command to the reply that decided its step: from services beside the log to people who are asked. */
export const stepBoundsSeconds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** What became of a message; `ignored`: no definition waits for it, or it answers another saga's command. */
export type Heard = NonNullable<SagaDecision['heard']> | 'ignored' | 'dead-letter';

/** An instance has come from one state into another; `before` is null where it has just started. */
export type Move = { readonly before: SagaInstance | null; readonly after: SagaInstance; readonly nowMs: number };

/** What a batch is counted by. */
export type Tally = {
  readonly heard: readonly Heard[];
  readonly moves: readonly Move[];
  readonly commands: number;
  readonly orders: number;
};

const decided: ReadonlySet<SagaStepState> = new Set(['succeeded', 'failed', 'compensated', 'compensation-failed']);

/** What one saga has done since the worker started; it outlives a service that is started again. */
export class SagaCounts {
  started = 0;
  completed = 0;
  compensated = 0;
  /** How often instances got stuck. */
  stuck = 0;
  commands = 0;
  orders = 0;
  readonly heard = new Map<Heard, number>();
  /** By step. */
  readonly steps = new Map<string, Histogram>();

  /** What has become durable. */
  add({ heard, moves, commands, orders }: Tally): void {
    for (const one of heard) this.heard.set(one, (this.heard.get(one) ?? 0) + 1);
    for (const move of moves) this.#moved(move);
    this.commands += commands;
    this.orders += orders;
  }

  #moved({ before, after, nowMs }: Move): void {
    if (before === null) this.started++;
    if (before?.state !== after.state) this.#came(after.state);
    for (const [step, { state }] of Object.entries(after.steps)) {
      const former = before?.steps[step];
      if (former === undefined || former.state === state || former.sentAtMs === null || !decided.has(state)) continue;
      this.#histogramOf(step).observe(Math.max(0, nowMs - former.sentAtMs) / 1000);
    }
  }

  #came(state: SagaState): void {
    if (state === 'completed') this.completed++;
    else if (state === 'compensated') this.compensated++;
    else if (state === 'stuck') this.stuck++;
  }

  #histogramOf(step: string): Histogram {
    let histogram = this.steps.get(step);
    if (histogram === undefined) {
      histogram = new Histogram(stepBoundsSeconds);
      this.steps.set(step, histogram);
    }
    return histogram;
  }
}
