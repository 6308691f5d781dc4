import type pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { formatLsn } from './lsn.ts';
import type { StoredPosition } from './position.ts';
import type { SystemIdentity } from './replication.ts';
import { findSlot, type Slot, slotFault } from './slot.ts';

/** SLOT_LOST where the server has removed log that the slot still needed; else null. */
export function lostSlot(name: string, slot: Slot | null, database: string): SluiceError | null {
  const fault = slot && slotFault(name, slot, database);
  return fault?.code === 'SLOT_LOST' ? fault : null;
}

/** SLOT_LOST: there are offsets, and no slot any more. */
export function missingSlot(name: string): SluiceError {
  return new SluiceError(
    'SLOT_LOST',
    `The replication slot "${name}" does not exist any more, so the changes since the stored offset are not to be had.`,
  );
}

/** Whether the rows that are there now make up for what is lost: of another server they are none of the offset's. */
export function isHealable({ identity, snapshotCompleted }: StoredPosition, server: SystemIdentity): boolean {
  return snapshotCompleted && (identity === null || identity.systemId === server.systemId);
}

/** Why a stored offset cannot be streamed from; null where it can. */
export function lostPosition(
  stored: StoredPosition,
  { name, slot, database }: { readonly name: string; readonly slot: Slot | null; readonly database: string },
  identity: SystemIdentity,
): SluiceError | null {
  if (!slot) return missingSlot(name);
  const lost = lostSlot(name, slot, database);
  if (lost) return lost;
  if (stored.identity && stored.identity.systemId !== identity.systemId)
    return new SluiceError(
      'POSITION_LOST',
      `The stored offset belongs to another server (system ${stored.identity.systemId}; this one is ${identity.systemId}).`,
    );
  const reached = reachedBy(stored);
  return reached === null ? null : gapBefore(name, slot, reached);
}

/**
 * POSITION_LOST where the slot has given up log behind `from`: the server would go on at the slot's confirmed position and say nothing of
 * what lies in between (invariant 5). So it is where the log was put back to an older copy, an offset was set behind the slot, or another
 * reader published what this one never read.
 */
function gapBefore(name: string, slot: Slot, from: bigint): SluiceError | null {
  const confirmed = slot.confirmedFlushLsn;
  if (confirmed === null || confirmed <= from) return null;
  return new SluiceError(
    'POSITION_LOST',
    `The replication slot "${name}" has given up the log before ${formatLsn(confirmed)}, but the stored offset is at ${formatLsn(from)}: the changes in between (${confirmed - from} bytes of log) are not to be had.`,
  );
}

/**
 * Looks at the slot once more when it is ours and nothing of it was published: another reader may have had it since it was looked at first,
 * during a snapshot for hours. Throws POSITION_LOST.
 */
export async function requireNoGap(client: pg.Client, name: string, from: bigint): Promise<void> {
  const slot = await findSlot(client, name);
  const gap = slot && gapBefore(name, slot, from);
  if (gap) throw gap;
}

/**
 * How far an offset says that everything was published. Debezium's own, taken over, has no confirmed position: the furthest of its keys is
 * where it was, and Debezium confirms no more than that; null where it has none of them.
 */
export function reachedBy({ position, offset }: StoredPosition): bigint | null {
  if (position) return position.confirmedLsn;
  const known = ['lsn', 'lsn_proc', 'lsn_commit'].map(key => offset[key]).filter(lsn => typeof lsn === 'number');
  return known.length === 0 ? null : BigInt(Math.max(...known));
}
