import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Clock, Logger, Retry } from '../../src/contract/index.ts';
import { promptQuery } from './prompt-query.ts';
import { findSlot, type Slot, type SlotSettings, slotFault } from './slot.ts';

/**
 * Waits for a slot that another connection reads: a reader that has just been stopped takes a moment to leave. Looks again as often as
 * `slot.max.retries` says; then throws SLOT_IN_USE. Answers the slot as it is then, since its last reader may have moved it; null where
 * there is none. `tell` hears of each wait, and null when it is over.
 */
export async function freeSlot(
  client: pg.Client,
  settings: SlotSettings,
  database: string,
  { logger, clock, tell }: { readonly logger: Logger; readonly clock: Clock; readonly tell: (retry: Retry | null) => void },
  abort: AbortSignal,
): Promise<Slot | null> {
  const { name, retriesMax, retryDelayMs } = settings;
  const sinceMs = clock.nowMs();
  try {
    for (let attempt = 1; ; attempt++) {
      const slot = await findSlot(client, name);
      const fault = slot && slotFault(name, slot, database);
      if (fault?.code !== 'SLOT_IN_USE' || abort.aborted) return slot;
      if (attempt > retriesMax) throw fault;
      tell({ error: fault, attempts: attempt, sinceMs, nextAttemptMs: clock.nowMs() + retryDelayMs });
      logger.warn(
        { slot: name, attempt, retriesMax, delayMs: retryDelayMs, remedy: fault.remedy },
        `${fault.message} It is looked at again in ${retryDelayMs} ms (slot.retry.delay.ms).`,
      );
      await stirReader(client);
      await delay(retryDelayMs, undefined, { signal: abort }).catch(() => {});
    }
  } finally {
    tell(null);
  }
}

/**
 * A reader that another worker has fenced finds out with its next append, and has nothing to append while the server's log stands still: a
 * transaction's number, taken for nothing, moves it. A standby has none to give, and needs none.
 */
async function stirReader(client: pg.Client): Promise<void> {
  await promptQuery(client, 'SELECT pg_catalog.txid_current()').catch(() => {});
}
