import type { ToxicProxy } from '../services/toxiproxy.ts';
import type { CapturedTask } from './captured-task.ts';

type Random = (below: number) => number;

/** What may befall the way between a daemon and its server. It leaves the way as it was. */
export type WayFault = {
  readonly name: string;
  strike(proxy: ToxicProxy, task: CapturedTask, random: Random): Promise<void>;
};

/** Also what comes after the first attempt is broken: logins, the catalog, the place in the log. */
const attemptsMin = 3;

/** The way is broken until it is mended: the task says so, and goes on by itself afterwards. */
export function broken(
  name: string,
  breakIt: (proxy: ToxicProxy, random: Random) => Promise<() => Promise<void>>,
  {
    reason,
    attempts = attemptsMin,
    eventually = false,
  }: { readonly reason: RegExp; readonly attempts?: number; readonly eventually?: boolean },
): WayFault {
  return {
    name,
    async strike(proxy, task, random) {
      const mend = await breakIt(proxy, random);
      try {
        await task.retrying(reason, { attempts, eventually });
      } finally {
        await mend();
      }
      await task.recovered();
    },
  };
}

/** The way is bad: the task goes on all the time. */
function slow(name: string, worsen: (proxy: ToxicProxy) => Promise<() => Promise<void>>): WayFault {
  return {
    name,
    async strike(proxy, task) {
      const mend = await worsen(proxy);
      try {
        await task.advanced(100);
      } finally {
        await mend();
      }
      await task.recovered();
    },
  };
}

/** What may befall any way; `lost`: what is said of a connection that broke. */
export function wayFaults(lost: RegExp): readonly WayFault[] {
  return [
    broken(
      'connections cut in the middle of a message, each time again',
      async (proxy, random) => {
        await proxy.add({ type: 'limit_data', attributes: { bytes: 1 + random(50_000) } });
        return () => proxy.remove('limit_data');
      },
      // What gets through before the cut may be progress, and then it is a first attempt each time.
      { reason: lost, attempts: 1 },
    ),
    broken(
      'connections reset',
      async proxy => {
        await proxy.add({ type: 'reset_peer', attributes: { timeout: 0 } });
        return () => proxy.remove('reset_peer');
      },
      { reason: lost },
    ),
    broken(
      'the way to the server closed',
      async proxy => {
        await proxy.disable();
        return () => proxy.enable();
      },
      { reason: lost },
    ),
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
}

/** The network dies without a word: no end, no reset, nothing. It is noticed by whoever waits. */
export function silentWay(reason: RegExp): WayFault {
  return broken(
    'nothing comes through any more, and nobody says so',
    async proxy => {
      await proxy.add({ type: 'timeout', attributes: { timeout: 0 } });
      await proxy.add({ type: 'timeout', attributes: { timeout: 0 } }, 'upstream');
      return async () => {
        await proxy.remove('timeout');
        await proxy.remove('timeout', 'upstream');
      };
    },
    // A Toxiproxy that had to be started anew has cut the connections first.
    { reason, attempts: 1, eventually: true },
  );
}
