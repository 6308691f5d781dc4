import type { PostgresAddress } from '../services/postgres.ts';
import { connectTo } from './fresh-database.ts';
import { until } from './until.ts';

/**
 * Waits until the slot is streamed from, then until it is confirmed up to where the server's log ends: all that is committed is durable
 * (invariant 2). `check` is asked meanwhile and ends the wait by throwing.
 */
export async function settled(
  server: Pick<PostgresAddress, 'url'>,
  slot: string,
  { timeoutMs = 120_000, check }: { timeoutMs?: number; check?: () => Promise<unknown> } = {},
): Promise<void> {
  await using admin = await connectTo(server.url);
  const streaming = async () => {
    await check?.();
    return (await admin.query('select from pg_replication_slots where slot_name = $1 and active', [slot])).rowCount === 1;
  };
  await until(streaming, { what: `slot ${slot} to be streamed from`, timeoutMs, everyMs: 50 });
  const { rows } = await admin.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
  const { lsn } = rows[0]!;
  await admin.query('select pg_current_xact_id()'); // something behind it, so that the server writes and sends all that is before
  const passed = async () => {
    await check?.();
    const found = await admin.query('select from pg_replication_slots where slot_name = $1 and confirmed_flush_lsn >= $2', [slot, lsn]);
    return found.rowCount === 1;
  };
  await until(passed, { what: `slot ${slot} to be confirmed up to ${lsn}`, timeoutMs, everyMs: 50 });
}
