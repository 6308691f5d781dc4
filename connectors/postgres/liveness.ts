import type pg from 'pg';
import { breakOff } from './disconnect.ts';

/**
 * How long a server may say nothing to who waits for it, and then to the question whether it is still there. Together the bound within
 * which a network that died without a word is noticed: `checks` times `everyMs` (one more at worst), and `answerMsMax`.
 */
const defaultTimings = { everyMs: 5_000, checks: 3, answerMsMax: 10_000 } as const;
export type LivenessTimings = { readonly everyMs: number; readonly checks: number; readonly answerMsMax: number };

/** Something that waits for a server: a stream, or rows that are being read. */
export type Listener = {
  /** It waits now; a listener that holds the server back itself hears nothing by right (invariant 6). */
  readonly waiting: boolean;
  /** Grows with everything that is heard. */
  readonly heard: number;
};

/**
 * Watches a connection whose server may rightly be silent for long (no changes; a large sort), and may as well have been lost with the
 * network: TCP tells of that after a quarter of an hour, and behind a proxy never. After a while of silence the server is asked on
 * another connection whether the process behind this one still lives. Where it does not, or nobody answers, the connection is broken off,
 * which its listener finds as a lost one.
 * @param control an ordinary client of the same server, which has nothing long to do meanwhile
 * @param processId the server's process behind `client`
 */
export function watchLiveness(
  { client, processId, listener }: { readonly client: pg.Client; readonly processId: number; readonly listener: () => Listener | null },
  control: pg.Client,
  { everyMs, checks, answerMsMax }: LivenessTimings = defaultTimings,
): Disposable {
  let heard = -1;
  let silentChecks = 0;
  let asking = false;
  let ended = false;
  const silentFor = () => `nothing has come from the server for ${Math.round((silentChecks * everyMs) / 1000)} s`;
  const ask = async () => {
    const bound = Promise.withResolvers<string>();
    const timer = setTimeout(() => bound.resolve('and it does not answer'), answerMsMax);
    const answer = control
      .query('SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1', [processId])
      .then(({ rows }) => (rows.length > 0 ? null : 'and its process for this connection has gone'))
      .catch((error: Error) => `and it cannot be asked (${error.message})`);
    const lost = await Promise.race([answer, bound.promise]);
    clearTimeout(timer);
    if (ended || lost === null || listener()?.heard !== heard) return;
    breakOff(client, new Error(`${silentFor()}, ${lost}`));
  };
  const check = () => {
    const now = listener();
    if (!now?.waiting || now.heard !== heard) {
      heard = now?.heard ?? -1;
      silentChecks = 0;
      return;
    }
    silentChecks++;
    if (silentChecks % checks !== 0 || asking) return;
    asking = true;
    void ask().finally(() => {
      asking = false;
    });
  };
  const timer = setInterval(check, everyMs);
  return {
    [Symbol.dispose]() {
      ended = true;
      clearInterval(timer);
    },
  };
}

/** The server's process behind a connection; behind a pool it is not the one named at the login. */
export async function processIdOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_catalog.pg_backend_pid() AS pid');
  return Number(rows[0].pid);
}
