import type { PostgresAddress } from '../../services/postgres.ts';
import type { ToxicProxy } from '../../services/toxiproxy.ts';
import { connectTo } from '../../support/fresh-database.ts';
import type { Capture } from './capture.ts';

type Random = (below: number) => number;

/** What may befall the way between a daemon and its server. It leaves the way as it was. */
export type NetworkFault = {
  readonly name: string;
  strike(proxy: ToxicProxy, capture: Capture, server: PostgresAddress, random: Random): Promise<void>;
};

const lost = /ECONN|EPIPE|[Tt]erminat|lost|timeout expired|connection error/;

/** Also what comes after the first attempt is broken: logins, the catalog, the slot. */
const attemptsMin = 3;

/** The way is broken until it is mended: the task says so, and goes on by itself afterwards. */
function broken(
  name: string,
  breakIt: (proxy: ToxicProxy, random: Random) => Promise<() => Promise<void>>,
  { reason = lost, attempts = attemptsMin } = {},
): NetworkFault {
  return {
    name,
    async strike(proxy, capture, _, random) {
      const mend = await breakIt(proxy, random);
      try {
        await capture.retrying(reason, attempts);
      } finally {
        await mend();
      }
      await capture.recovered();
    },
  };
}

/** The way is bad: the task goes on all the time. */
function slow(name: string, worsen: (proxy: ToxicProxy) => Promise<() => Promise<void>>): NetworkFault {
  return {
    name,
    async strike(proxy, capture) {
      const mend = await worsen(proxy);
      try {
        await capture.advanced(100);
      } finally {
        await mend();
      }
      await capture.recovered();
    },
  };
}

/** The server ends connections: those that `where` picks among the daemon's. */
function ended(name: string, where: string): NetworkFault {
  return {
    name,
    async strike(_, capture, server) {
      await using admin = await connectTo(server.url);
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'Sluice' and datname = $1 and ${where}`,
        [capture.changing.database.name],
      );
      if (rowCount === 0) throw new Error(`There was no connection to end: ${name}`);
      await capture.retrying(lost);
      await capture.recovered();
    },
  };
}

export const networkFaults: readonly NetworkFault[] = [
  broken('connections cut in the middle of a message, each time again', async (proxy, random) => {
    await proxy.add({ type: 'limit_data', attributes: { bytes: 1 + random(50_000) } });
    return () => proxy.remove('limit_data');
  }),
  broken('connections reset', async proxy => {
    await proxy.add({ type: 'reset_peer', attributes: { timeout: 0 } });
    return () => proxy.remove('reset_peer');
  }),
  broken('the way to the server closed', async proxy => {
    await proxy.disable();
    return () => proxy.enable();
  }),
  ended('the server ends the walsender', `backend_type = 'walsender'`),
  ended('the server ends all connections', 'true'),
  slow('delayed by 30 ms, more or less', async proxy => {
    await proxy.add({ type: 'latency', attributes: { latency: 30, jitter: 20 } });
    await proxy.add({ type: 'latency', attributes: { latency: 30 } }, 'upstream');
    return async () => {
      await proxy.remove('latency');
      await proxy.remove('latency', 'upstream');
    };
  }),
  slow('throttled to 50 KB/s', async proxy => {
    await proxy.add({ type: 'bandwidth', attributes: { rate: 50 } });
    return () => proxy.remove('bandwidth');
  }),
  slow('cut into pieces of a few bytes', async proxy => {
    await proxy.add({ type: 'slicer', attributes: { average_size: 7, size_variation: 5, delay: 10 } });
    return () => proxy.remove('slicer');
  }),
];

/** The network dies without a word: no end, no reset, nothing. It is noticed by whoever waits (connectors/postgres/liveness.ts). */
export const silentNetwork: NetworkFault = broken(
  'nothing comes through any more, and nobody says so',
  async proxy => {
    await proxy.add({ type: 'timeout', attributes: { timeout: 0 } });
    await proxy.add({ type: 'timeout', attributes: { timeout: 0 } }, 'upstream');
    return async () => {
      await proxy.remove('timeout');
      await proxy.remove('timeout', 'upstream');
    };
  },
  { reason: /nothing has come from the server for \d+ s, and it does not answer/, attempts: 1 },
);
