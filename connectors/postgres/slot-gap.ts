import { type JsonObject, SluiceError, type SourceOffset } from '../../src/contract/index.ts';
import { formatLsn } from './lsn.ts';

/** Changes that were given up with a slot, as the offsets keep them until a new snapshot has them. */
export type SlotGap = {
  readonly slot: string;
  /** Everything before it is durable. */
  readonly fromLsn: bigint | null;
  /** Where the WAL ended when the slot was dropped. */
  readonly toLsn: bigint;
  readonly heldBytes: number;
  readonly atMs: number;
};

/** A partition of its own beside the connector's: Debezium's loader does not ask for it. */
export function gapOffset(serverPartition: JsonObject, { slot, fromLsn, toLsn, heldBytes, atMs }: SlotGap): SourceOffset {
  return {
    partition: { ...serverPartition, sluice_gap: slot },
    offset: {
      from_lsn: fromLsn === null ? null : formatLsn(fromLsn),
      to_lsn: formatLsn(toLsn),
      held_bytes: heldBytes,
      given_up_at: new Date(atMs).toISOString(),
    },
  };
}

const isGap = ({ partition, offset }: SourceOffset) => offset !== null && partition['sluice_gap'] !== undefined;

/** Deletes the gaps that are stored: for a snapshot that reads what was in them. */
export function closedGaps(stored: readonly SourceOffset[]): readonly SourceOffset[] {
  return stored.filter(isGap).map(({ partition }) => ({ partition, offset: null }));
}

/** Why a place is lost, with what the stored gaps say of it. */
export function withGap(lost: SluiceError | null, stored: readonly SourceOffset[]): SluiceError | null {
  const gap = stored.find(isGap)?.offset;
  if (lost === null || !gap) return lost;
  const told = `The slot was given up at ${String(gap['given_up_at'])} (slot.guard.limit.action=give_up): the changes from ${String(gap['from_lsn'])} to ${String(gap['to_lsn'])} are missing.`;
  return new SluiceError(lost.code, `${lost.message} ${told}`, { cause: lost, remedy: lost.remedy });
}
