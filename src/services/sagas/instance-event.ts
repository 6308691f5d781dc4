import { bounded } from './machine/draft.ts';
import type { SagaInstance } from './saga.ts';

/**
 * What one unit changed of an instance: an event of its stream. Folded from the first on (`evolve`), the events of a stream are the instance. What never
 * changes is in the first alone, and of steps, replies and timeline only what is new.
 */
export type InstanceEvent = Pick<SagaInstance, 'state' | 'version' | 'endedAtMs' | 'deadlineAtMs' | 'notes'> & {
  readonly begun: Pick<SagaInstance, 'id' | 'saga' | 'correlationId' | 'definitionHash' | 'startedAtMs' | 'start'> | null;
  readonly steps: SagaInstance['steps'];
  readonly replies: SagaInstance['replies'];
  /** New lines of the timeline, as far as it still has them. */
  readonly lines: SagaInstance['timeline'];
};

/** What has come between two states of an instance; `before` null: it has begun. */
export function eventOf(before: SagaInstance | null, after: SagaInstance): InstanceEvent {
  const { id, saga, correlationId, definitionHash, startedAtMs, start } = after;
  const { state, version, endedAtMs, deadlineAtMs, notes, timeline } = after;
  const linesNew = version - (before?.version ?? 0);
  return {
    begun: before === null ? { id, saga, correlationId, definitionHash, startedAtMs, start } : null,
    state,
    version,
    endedAtMs,
    deadlineAtMs,
    notes,
    steps: changed(before?.steps, after.steps),
    replies: changed(before?.replies, after.replies),
    lines: linesNew >= timeline.length ? timeline : timeline.slice(timeline.length - linesNew),
  };
}

/** Decisions never write to what they were given: what is the same object is the same. */
function changed<Value>(before: Readonly<Record<string, Value>> | undefined, after: Readonly<Record<string, Value>>) {
  if (before === undefined) return after;
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
}

/** The instance behind an event. null: the stream does not begin with it, so that something of it is lost. */
export function evolve(instance: SagaInstance | null, event: InstanceEvent): SagaInstance | null {
  const { begun, lines, steps, replies, ...now } = event;
  if (begun !== null) return { ...begun, ...now, steps, replies, timeline: lines };
  if (instance === null) return null;
  return {
    ...instance,
    ...now,
    steps: { ...instance.steps, ...steps },
    replies: { ...instance.replies, ...replies },
    timeline: bounded([...instance.timeline, ...lines]),
  };
}
