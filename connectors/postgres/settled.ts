import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { promptQuery } from './prompt-query.ts';

/** How often to look whether the transactions of before are over. */
const settledCheckIntervalMs = 250;

/**
 * Resolves once every transaction before `horizon` is over and visible, so that a view taken then sees all of it. `onWait` is called once
 * where there is something to wait for. Rejects when it is aborted, and with what the database failed with.
 */
export async function untilSettled(client: pg.Client, horizon: bigint, onWait: () => void, abort: AbortSignal): Promise<void> {
  for (let told = false; ; told = true) {
    const { rows } = await promptQuery(client, 'SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text AS oldest');
    abort.throwIfAborted();
    if (BigInt(rows[0].oldest) >= horizon) return;
    if (!told) onWait();
    await setTimeout(settledCheckIntervalMs, undefined, { signal: abort });
  }
}
