import { connectTo } from '../support/fresh-database.ts';
import { until } from '../support/until.ts';
import type { PublishedReader, Publisher, RunningCase } from './recorder.ts';

/** How often the daemon tells the server how far it is. Ten seconds by default, which would only make the cases slow. */
const statusIntervalMs = 100;

/**
 * The daemon as a publisher of recordings. It confirms a position to the server only once everything before it is durable in the log
 * (invariant 2), also while nothing of this database changes: so a step is settled when the slot has passed the end of the WAL.
 */
export function daemonPublisher(url: string, reader: PublishedReader): Publisher {
  async function settled({ client, connector, server, slot }: RunningCase): Promise<void> {
    await using admin = await connectTo(server.url);
    // Commits in another database: WAL that is no change here. One before the position, since a new slot begins at the WAL's end; one
    // behind it, so that the server writes and sends all that is before.
    await admin.query('select pg_current_xact_id()');
    const { rows } = await admin.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn');
    await admin.query('select pg_current_xact_id()');
    const passed = async () => {
      await client.assertNotFailed(connector);
      const found = await admin.query('select 1 from pg_replication_slots where slot_name = $1 and confirmed_flush_lsn >= $2', [
        slot,
        rows[0]!.lsn,
      ]);
      return found.rowCount === 1;
    };
    await until(passed, { what: `slot ${slot} to be confirmed up to ${rows[0]!.lsn}`, timeoutMs: 60_000, everyMs: 50 });
  }
  return { url, reader, settled, config: () => ({ 'status.update.interval.ms': String(statusIntervalMs) }) };
}
