import type pg from 'pg';
import type { DatabaseReading, SourceOffset } from '../../src/contract/index.ts';
import { formatLsn, parseLsn } from './lsn.ts';
import { confirmedLsnOf, readPosition } from './position.ts';
import { promptQuery } from './prompt-query.ts';
import { guardSlot, type SlotGuard } from './slot-guard.ts';

/** A slot and the server's WAL as they were when asked. */
export type SlotFigures = {
  /** Where the WAL ended that the server may send. */
  readonly endLsn: bigint;
  /** null: there is no slot of that name. */
  readonly slot: {
    readonly walStatus: string | null;
    /** What may still be written before the slot can be lost; null: no limit is set. */
    readonly safeBytes: number | null;
    readonly heldBytes: number;
  } | null;
  /** max_slot_wal_keep_size; null: no limit. */
  readonly keepBytes: number | null;
};

/** Asks the server. On a standby what it has replayed is what it may send. */
export async function slotFigures(client: pg.Client, name: string): Promise<SlotFigures> {
  const { rows } = await promptQuery(
    client,
    `SELECT e.lsn::text AS end, s.slot_name, s.wal_status, s.safe_wal_size::text AS safe,
            pg_catalog.pg_wal_lsn_diff(e.lsn, s.restart_lsn)::text AS held,
            (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size') AS keep
       FROM (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                         ELSE pg_catalog.pg_current_wal_flush_lsn() END AS lsn) e
       LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = $1`,
    [name],
  );
  const row = rows[0];
  const keepMegabytes = Number(row.keep ?? -1);
  return {
    endLsn: parseLsn(row.end),
    slot:
      row.slot_name === null
        ? null
        : {
            walStatus: row.wal_status,
            safeBytes: row.safe === null ? null : Number(row.safe),
            heldBytes: Math.max(0, Number(row.held ?? 0)),
          },
    keepBytes: keepMegabytes < 0 ? null : keepMegabytes * 1024 * 1024,
  };
}

/** What the figures say of a connector whose offsets are these. Pure. */
export function slotReading(
  { endLsn, slot, keepBytes }: SlotFigures,
  { name, guard }: { readonly name: string; readonly guard: SlotGuard },
  stored: SourceOffset | null,
  before: DatabaseReading | null,
  atMs: number,
): DatabaseReading {
  const confirmed = stored && confirmedLsnOf(stored);
  const limitBytes = least([keepBytes, guard.limitBytes]);
  const { heldBytes = null, safeBytes = null, walStatus = 'missing' } = slot ?? {};
  const gone = walStatus === 'lost' || (walStatus === 'missing' && stored !== null);
  const guardRoom = guard.limitBytes === null || heldBytes === null ? null : guard.limitBytes - heldBytes;
  const headroom = gone ? 0 : least([safeBytes, guardRoom]);
  return {
    atMs,
    end: formatLsn(endLsn),
    completeToMs: stored?.offset ? completeTo(stored, confirmed, endLsn, before, atMs) : null,
    lagBytes: confirmed === null ? heldBytes : Math.max(0, Number(endLsn - confirmed)),
    logBytes: heldBytes,
    logLimitBytes: limitBytes,
    headroomBytes: headroom === null ? null : Math.max(0, headroom),
    headroomSeconds: null,
    windowSeconds: null,
    slotWalStatus: walStatus,
    ...(heldBytes === null ? { warnings: [], givingUp: null } : guardSlot(name, guard, { heldBytes, walStatus })),
  };
}

/** All that was committed before this moment is durable; null while a snapshot is under way. */
function completeTo(
  { offset }: SourceOffset,
  confirmed: bigint | null,
  endLsn: bigint,
  before: DatabaseReading | null,
  atMs: number,
): number | null {
  const { snapshotCompleted, position } = readPosition(offset!);
  if (!snapshotCompleted || confirmed === null) return null;
  if (confirmed >= endLsn) return atMs;
  const lastCommitMs = position === null || position.timestampUs === 0n ? null : Number(position.timestampUs / 1000n);
  const passed = before !== null && typeof before.end === 'string' && confirmed >= parseLsn(before.end) ? before.atMs : null;
  return passed === null || lastCommitMs === null ? (passed ?? lastCommitMs) : Math.max(passed, lastCommitMs);
}

function least(bytes: readonly (number | null)[]): number | null {
  const known = bytes.filter(value => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}
