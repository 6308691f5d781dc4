import type { SagaInstance, SagaState } from '../saga.ts';
import type { EndedInstance, SagaInstances } from './saga-instances.ts';

export const sagaStates: readonly SagaState[] = ['running', 'compensating', 'completed', 'compensated', 'stuck'];

/** An instance as a list shows it. Times are ISO 8601. */
export type ListedInstance = {
  readonly id: string;
  readonly correlation_id: string;
  readonly state: SagaState;
  readonly started: string;
  readonly ended: string | null;
  /** Steps that something is under way of, or that are stuck; empty where it has ended. */
  readonly steps: readonly { readonly name: string; readonly state: string; readonly attempt: number; readonly due: string | null }[];
};

/** GET /sluice/sagas/NAME/instances: the newest first. */
export type InstanceList = { readonly total: number; readonly instances: readonly ListedInstance[] };

/** An instance with all that happened to it. */
export type ShownInstance = Omit<ListedInstance, 'steps'> & {
  readonly definition: string;
  readonly version: number;
  readonly deadline: string | null;
  readonly steps: readonly {
    readonly name: string;
    readonly state: string;
    readonly attempt: number;
    readonly sent: string | null;
    readonly due: string | null;
  }[];
  /** Lines that are gone from the timeline, behind its first. */
  readonly omitted: number;
  readonly timeline: readonly {
    readonly at: string;
    readonly state: SagaState;
    readonly step: string | null;
    readonly step_state: string | null;
    readonly attempt: number | null;
    readonly reason: string;
    readonly by: { readonly who: string; readonly why: string } | null;
  }[];
};

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
/** Of a step that nothing is to be told of in a list. */
const quiet: ReadonlySet<string> = new Set(['waiting', 'succeeded', 'skipped', 'compensated']);

function listed(instance: SagaInstance | EndedInstance): ListedInstance {
  const { id, state, startedAtMs, endedAtMs } = instance;
  const steps = 'steps' in instance ? Object.entries(instance.steps).filter(([, step]) => !quiet.has(step.state)) : [];
  return {
    id,
    correlation_id: id.slice(id.indexOf(':') + 1),
    state,
    started: iso(startedAtMs),
    ended: isoOrNull(endedAtMs),
    steps: steps.map(([name, step]) => ({ name, state: step.state, attempt: step.attempt, due: isoOrNull(step.dueAtMs) })),
  };
}

/** The newest of a state, or of all: those that go on first, each kind from the one that started or ended last. */
export function listInstances(instances: SagaInstances, state: SagaState | null, limit: number): InstanceList {
  const wanted = (one: { readonly state: SagaState }) => state === null || one.state === state;
  const active = [...instances.active.values()].filter(wanted).reverse();
  const ended = [...instances.ended.values()].filter(wanted).reverse();
  const shown = [...active.slice(0, limit), ...ended.slice(0, Math.max(0, limit - active.length))];
  return { total: active.length + ended.length, instances: shown.map(listed) };
}

/** What the messages held is left out: row values are not shown (invariant 8). */
export function shownInstance(instance: SagaInstance): ShownInstance {
  const { definitionHash, version, deadlineAtMs, steps, timeline } = instance;
  return {
    ...listed(instance),
    definition: definitionHash,
    version,
    deadline: isoOrNull(deadlineAtMs),
    steps: Object.entries(steps).map(([name, { state, attempt, sentAtMs, dueAtMs }]) => ({
      name,
      state,
      attempt,
      sent: isoOrNull(sentAtMs),
      due: isoOrNull(dueAtMs),
    })),
    omitted: version - timeline.length,
    timeline: timeline.map(({ atMs, state, step, stepState, attempt, reason, by }) => ({
      at: iso(atMs),
      state,
      step,
      step_state: stepState,
      attempt,
      reason,
      by,
    })),
  };
}
