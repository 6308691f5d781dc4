import { beginCompensation } from './backward.ts';
import { underWay } from './command.ts';
import type { Draft } from './draft.ts';

/**
 * The whole took too long: it is undone. Only a pivot that is under way and cannot be undone is waited for, since undoing the rest while it may be
 * done would leave the affair in halves.
 */
export function passDeadline(draft: Draft): void {
  const { definition } = draft;
  const pivot = draft.steps.find(({ name }) => name === definition.pivot);
  draft.change({ deadlineAtMs: null });
  if (draft.state !== 'running') return;
  if (pivot !== undefined && pivot.compensation === null && underWay(draft.progress(pivot.name)) === 'forward')
    draft.line(null, `the deadline has passed while ${pivot.name} is under way, which nothing undoes: its answer is waited for`);
  else beginCompensation(draft, `not done within the deadline of ${definition.deadlineMs} ms: what was done is undone`);
}
