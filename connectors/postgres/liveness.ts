import type pg from 'pg';
import { type Listener, type LivenessTimings, watchLiveness } from '../debezium/liveness.ts';
import { breakOff } from './disconnect.ts';

/**
 * Watches a connection from which nothing may come for long (`watchLiveness`): the server is asked whether the process behind it still lives.
 * @param control an ordinary client of the same server, which has nothing long to do meanwhile
 * @param processId the server's process behind `client`
 */
export function watchProcess(
  { client, processId, listener }: { readonly client: pg.Client; readonly processId: number; readonly listener: () => Listener | null },
  control: pg.Client,
  timings?: LivenessTimings,
): Disposable {
  const ask = async () => {
    const { rows } = await control.query('SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1', [processId]);
    return rows.length > 0;
  };
  return watchLiveness({ listener, ask, breakOff: reason => breakOff(client, reason) }, timings);
}

/** The server's process behind a connection; behind a pool it is not the one named at the login. */
export async function processIdOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_catalog.pg_backend_pid() AS pid');
  return Number(rows[0].pid);
}
