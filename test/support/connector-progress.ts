import { ConnectClient, isMomentary } from './connect-client.ts';
import type { Daemon } from './daemon.ts';
import { until } from './until.ts';

type Progress = { readonly tasks: readonly { readonly phase: string | null }[] };

/** Waits until a daemon's source streams. */
export async function streaming(daemon: Daemon, source: string, timeoutMs = 60_000): Promise<void> {
  const rest = new ConnectClient(daemon.url);
  const isStreaming = () =>
    rest.call<Progress>('GET', `/sluice/connectors/${source}`).then(
      ({ tasks }) => tasks[0]?.phase === 'streaming',
      (error: unknown) => {
        if (isMomentary(error)) return false;
        throw error;
      },
    );
  await until(isStreaming, { what: `${source} to stream. The daemon's log:\n${daemon.log()}\n`, timeoutMs });
}

/** Waits until a daemon's sink has applied all that its topics held. */
export async function applied(daemon: Daemon, sink: string, timeoutMs = 60_000): Promise<void> {
  const rest = new ConnectClient(daemon.url);
  await until(
    () =>
      rest.call('GET', `/connectors/${sink}/wait?timeout=${timeoutMs}`).then(
        () => true,
        (error: unknown) => {
          if (isMomentary(error)) return false;
          throw error;
        },
      ),
    { what: `all to be applied by ${sink}. The daemon's log:\n${daemon.log()}\n`, timeoutMs: timeoutMs * 2, everyMs: 100 },
  );
}
