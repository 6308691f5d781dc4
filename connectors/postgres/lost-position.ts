import { SluiceError } from '../../src/contract/index.ts';
import { formatLsn } from './lsn.ts';
import type { StoredPosition } from './position.ts';
import type { SystemIdentity } from './replication.ts';
import { type Slot, slotFault } from './slot.ts';

/** SLOT_LOST where the server has removed log that the slot still needed; else null. */
export function lostSlot(name: string, slot: Slot | null, database: string): SluiceError | null {
  const fault = slot && slotFault(name, slot, database);
  return fault?.code === 'SLOT_LOST' ? fault : null;
}

/** Why a stored offset cannot be streamed from; null where it can. */
export function lostPosition(
  stored: StoredPosition,
  { name, slot, database }: { readonly name: string; readonly slot: Slot | null; readonly database: string },
  identity: SystemIdentity,
): SluiceError | null {
  if (!slot)
    return new SluiceError(
      'SLOT_LOST',
      `The replication slot "${name}" does not exist any more, so the changes since the stored offset are not to be had.`,
    );
  const lost = lostSlot(name, slot, database);
  if (lost) return lost;
  if (stored.identity && stored.identity.systemId !== identity.systemId)
    return new SluiceError(
      'POSITION_LOST',
      `The stored offset belongs to another server (system ${stored.identity.systemId}; this one is ${identity.systemId}).`,
    );
  const confirmed = slot.confirmedFlushLsn;
  if (stored.position && confirmed !== null && confirmed > stored.position.confirmedLsn)
    return new SluiceError(
      'POSITION_LOST',
      `The replication slot "${name}" has given up the log before ${formatLsn(confirmed)}, but the stored offset is at ${formatLsn(stored.position.confirmedLsn)}: the changes in between are not to be had.`,
    );
  return null;
}
