import { type JsonObject, SluiceError, type SourceOffset } from '../../src/contract/index.ts';
import { formatLsn, parseLsn } from './lsn.ts';

/** Changes that were given up with a slot, as the offsets keep them until their tables have been read again. */
export type SlotGap = {
  readonly slot: string;
  /** Everything before it is durable; null: not known. */
  readonly fromLsn: bigint | null;
  /** Where the WAL ended when the slot was dropped; once it heals, where streaming began again. */
  readonly toLsn: bigint;
  /** What the slot held back; null: it was not the guard that gave it up. */
  readonly heldBytes: number | null;
  readonly atMs: number;
  /** Set while it heals. */
  readonly healing: GapHealing | null;
};

export type GapHealing = {
  readonly sinceMs: number;
  /** The tables that are not read again yet, by their qualified names. */
  readonly tables: readonly string[];
};

/** A partition of its own beside the connector's: Debezium's loader does not ask for it. */
function gapPartition(serverPartition: JsonObject, slot: string): JsonObject {
  return { ...serverPartition, sluice_gap: slot };
}

export function gapOffset(serverPartition: JsonObject, { slot, fromLsn, toLsn, heldBytes, atMs, healing }: SlotGap): SourceOffset {
  return {
    partition: gapPartition(serverPartition, slot),
    offset: {
      from_lsn: fromLsn === null ? null : formatLsn(fromLsn),
      to_lsn: formatLsn(toLsn),
      held_bytes: heldBytes,
      given_up_at: new Date(atMs).toISOString(),
      ...(healing !== null && { healing_since: new Date(healing.sinceMs).toISOString(), tables_to_read: [...healing.tables] }),
    },
  };
}

/** Deletes a gap. */
export function closedGap(serverPartition: JsonObject, { slot }: SlotGap): SourceOffset {
  return { partition: gapPartition(serverPartition, slot), offset: null };
}

const isGap = ({ partition, offset }: SourceOffset) => offset !== null && partition['sluice_gap'] !== undefined;

/** Deletes the gaps that are stored: for a snapshot that reads what was in them. */
export function closedGaps(stored: readonly SourceOffset[]): readonly SourceOffset[] {
  return stored.filter(isGap).map(({ partition }) => ({ partition, offset: null }));
}

/** The gaps that are stored. */
export function storedGaps(stored: readonly SourceOffset[]): readonly SlotGap[] {
  return stored.filter(isGap).map(({ partition, offset }) => {
    const { from_lsn: from, to_lsn: to, held_bytes: held, given_up_at: at, healing_since: since, tables_to_read: tables } = offset!;
    return {
      slot: String(partition['sluice_gap']),
      fromLsn: typeof from === 'string' ? parseLsn(from) : null,
      toLsn: typeof to === 'string' ? parseLsn(to) : 0n,
      heldBytes: typeof held === 'number' ? held : null,
      atMs: Date.parse(String(at)),
      healing: Array.isArray(tables) ? { sinceMs: Date.parse(String(since)), tables: tables.map(String) } : null,
    };
  });
}

/** Where the missing changes begin, with those of gaps that have not healed; null: not known. */
export function beginningOf(gaps: readonly SlotGap[], reached: bigint | null): bigint | null {
  return gaps.reduce<bigint | null>(
    (least, { fromLsn }) => (least === null || fromLsn === null ? null : fromLsn < least ? fromLsn : least),
    reached,
  );
}

/** Which changes are missing. */
export function shownGap({ fromLsn, toLsn }: Pick<SlotGap, 'fromLsn' | 'toLsn'>): string {
  return `from ${fromLsn === null ? 'an unknown place' : formatLsn(fromLsn)} to ${formatLsn(toLsn)}`;
}

/** What an operator should know of the gaps that are stored. Names no figure that changes. */
export function gapWarnings(stored: readonly SourceOffset[]): readonly string[] {
  return storedGaps(stored).map(gap => {
    const missing = `The changes ${shownGap(gap)} are missing since the replication slot "${gap.slot}" was given up at ${new Date(gap.atMs).toISOString()}`;
    return gap.healing === null
      ? `${missing}.`
      : `${missing}; their tables are read again (slot.guard.heal=incremental). Rows that were deleted in between are not found by that.`;
  });
}

/** Why a place is lost, with what the stored gaps say of it. */
export function withGap(lost: SluiceError | null, stored: readonly SourceOffset[]): SluiceError | null {
  const gap = storedGaps(stored)[0];
  if (lost === null || gap === undefined) return lost;
  const told = `The slot was given up at ${new Date(gap.atMs).toISOString()} (slot.guard.limit.action=give_up): the changes ${shownGap(gap)} are missing.`;
  return new SluiceError(lost.code, `${lost.message} ${told}`, { cause: lost, remedy: lost.remedy });
}
