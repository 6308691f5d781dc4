import type { SourceOffset } from '../../src/contract/index.ts';
import type { FoundOffsets } from '../debezium/coordinator.ts';
import { isHealable, lostPosition, lostSlot } from './lost-position.ts';
import type { StoredPosition } from './position.ts';
import type { SystemIdentity } from './replication.ts';
import type { PostgresSettings } from './settings.ts';
import type { Slot } from './slot.ts';
import { withGap } from './slot-gap.ts';

/** What a start finds: the stored place, the server with its slot, and all offsets of the connector's own `topic.prefix`. */
export type FoundPlace = {
  readonly stored: StoredPosition | null;
  readonly slot: Slot | null;
  readonly identity: SystemIdentity;
  readonly own: readonly SourceOffset[];
};

/** Holds the stored place against the slot. A place that is lost is healed where `slot.guard.heal` says so: streaming need not go on from it. */
export function holdAgainstSlot({ stored, slot, identity, own }: FoundPlace, settings: PostgresSettings): FoundOffsets {
  const [{ name }, { database }] = [settings.slot, settings.connection];
  if (stored === null) return { state: 'none', lost: lostSlot(name, slot, database) };
  // Without streaming there is no slot, and nothing that could be lost.
  const lost = settings.streams ? withGap(lostPosition(stored, { name, slot, database }, identity), own) : null;
  if (lost !== null && settings.guard.heals && isHealable(stored, identity)) return { state: 'streaming', lost: null, heals: lost };
  return { state: stored.snapshotCompleted ? 'streaming' : 'unfinished', lost };
}
