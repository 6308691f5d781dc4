import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type { Clock, Logger } from '../../src/contract/index.ts';
import type { Brake } from '../debezium/incremental/incremental-parts.ts';
import { databaseFailure } from './database-error.ts';
import type { SlotGuard } from './slot-guard.ts';
import { type SlotFigures, slotFigures } from './slot-reading.ts';

/** Between two looks at the slot. */
const lookEveryMs = 1_000;

export type HeadroomBrakeParts = {
  readonly client: pg.Client;
  /** The slot's name. */
  readonly slot: string;
  readonly guard: SlotGuard;
  readonly clock: Clock;
  readonly logger: Logger;
};

/**
 * Holds incremental snapshots back while their connector's slot has used up most of what it may hold back (`slot.guard.snapshot.percent`): chunks
 * are changes that the stream has to publish too, and the slot is freed by the stream alone.
 */
export class HeadroomBrake implements Brake {
  readonly #parts: HeadroomBrakeParts;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  reason: string | null = null;

  constructor(parts: HeadroomBrakeParts) {
    this.#parts = parts;
  }

  async turn(isWanted: () => boolean, abort: AbortSignal): Promise<void> {
    const { client, slot, guard, clock, logger } = this.#parts;
    if (guard.snapshotPercent >= 100) return;
    while (isWanted()) {
      if (this.reason === null && clock.nowMs() - this.#lookedAtMs < lookEveryMs) return;
      const figures = await slotFigures(client, slot).catch(error =>
        Promise.reject(databaseFailure(error, 'Looking at the replication slot')),
      );
      this.#lookedAtMs = clock.nowMs();
      const used = usedPercent(figures, guard.limitBytes);
      if (used === null || used <= guard.snapshotPercent) break;
      if (this.reason === null) {
        this.reason = `the replication slot "${slot}" to hold less WAL back: it has more than ${guard.snapshotPercent} % of its limit (slot.guard.snapshot.percent)`;
        logger.warn({ slot, usedPercent: Math.round(used) }, `The incremental snapshot waits for ${this.reason}`);
      }
      await setTimeout(lookEveryMs, undefined, { signal: abort });
    }
    if (this.reason !== null) logger.info({ slot }, 'The incremental snapshot need not wait any more');
    this.reason = null;
  }
}

/** How much of what it may hold back a slot has used up, of the limit that is nearer: the server's or the guard's. null: neither is set. Pure. */
export function usedPercent({ slot, keepBytes }: SlotFigures, limitBytes: number | null): number | null {
  if (slot === null) return null;
  const byGuard = limitBytes === null ? null : (slot.heldBytes / limitBytes) * 100;
  const ofServer = keepBytes === null || keepBytes === 0 || slot.safeBytes === null ? null : (1 - slot.safeBytes / keepBytes) * 100;
  const known = [byGuard, ofServer].filter(percent => percent !== null);
  return known.length === 0 ? null : Math.max(0, ...known);
}
