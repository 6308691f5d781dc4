import { SluiceError } from '../../src/contract/index.ts';
import type { FoundOffsets } from './coordinator.ts';
import type { SnapshotMode } from './options/snapshot-options.ts';

export type SnapshotDecision = {
  readonly snapshot: boolean;
  readonly stream: boolean;
  /** The stored offsets are not used. */
  readonly fresh: boolean;
  /** For the log. */
  readonly reason: string;
};

/** What a start does (Debezium documentation, `snapshot.mode`). Throws why streaming cannot go on, where the mode does not heal that. */
export function decideSnapshot(mode: SnapshotMode, { state, lost, heals }: FoundOffsets): SnapshotDecision {
  const stream = mode !== 'initial_only';
  if (mode === 'recovery') {
    if (lost !== null) throw lost;
    if (state !== 'streaming')
      throw new SluiceError('CONFIG_INVALID', 'snapshot.mode=recovery needs an offset to go on from, of a completed snapshot.', {
        remedy: 'Set snapshot.mode=initial; recovery is for a schema history that was lost.',
      });
    return { snapshot: false, stream, fresh: false, reason: 'The schema is read anew, then streaming goes on at the stored offset' };
  }
  if (state === 'unfinished' && mode !== 'no_data') {
    const fresh = lost !== null;
    const reason = fresh ? `The snapshot that was under way starts again: ${lost.message}` : 'The snapshot that was under way goes on';
    return { snapshot: true, stream, fresh, reason };
  }
  if (mode === 'always') return { snapshot: true, stream, fresh: lost !== null, reason: 'A snapshot is taken at every start' };
  if (mode === 'when_needed' && lost !== null)
    return { snapshot: true, stream, fresh: true, reason: `A new snapshot is needed: ${lost.message}` };
  if (state === 'none') {
    if (mode === 'no_data') return { snapshot: false, stream, fresh: true, reason: 'Streaming starts without a snapshot' };
    return { snapshot: true, stream, fresh: true, reason: 'There are no offsets yet: the snapshot begins' };
  }
  if (lost !== null && stream) throw lost;
  if (!stream)
    return {
      snapshot: false,
      stream,
      fresh: false,
      reason: 'The snapshot is complete, and snapshot.mode=initial_only: nothing is left to do',
    };
  const reason =
    heals === undefined
      ? 'Streaming goes on at the stored offset'
      : `Streaming begins behind a gap, and what may be missing is read again beside it: ${heals.message}`;
  return { snapshot: false, stream, fresh: false, reason };
}
