import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import { type Answer, ok } from './answer.ts';
import type { MetricsSettings } from './metrics.ts';
import { readiness } from './readiness.ts';
import type { Route } from './router.ts';
import type { HostedServices } from './services/services.ts';

/**
 * The Kafka Connect whose API this is. Clients read from the version of GET / what they may ask (kcctl offers offsets and stopping from 3.5 on), so it comes first
 * there, and what this is behind it, as other builds of Connect do.
 */
const connectVersion = '4.1.1';

export type RootSettings = MetricsSettings & {
  /** The commit of this build; `unknown` where it is not known. */
  readonly commit: string;
  /** What the worker is doing while it starts, for /health; null where there is nothing to say. */
  startup(): string | null;
};

/** Connect's / and /health (RootResource, KIP-1017), and /ready. */
export function rootRoutes(supervisor: Supervisor, services: HostedServices, { version, commit, startup }: RootSettings): readonly Route[] {
  async function server(): Promise<Answer> {
    // Before the log is up its id is not known, and a worker that starts should answer all the same.
    const clusterId = supervisor.ready ? await supervisor.clusterId() : null;
    return ok({ version: `${connectVersion}-sluice-${version}`, commit, kafka_cluster_id: clusterId });
  }

  function health(): Answer {
    if (supervisor.ready) return ok({ status: 'healthy', message: 'Worker has completed startup and is ready to handle requests.' });
    if (supervisor.ending) return { status: 503, body: { status: 'unhealthy', message: 'Worker is shutting down.' } };
    const details = startup();
    return { status: 503, body: { status: 'starting', message: `Worker is still starting up.${details === null ? '' : ` ${details}`}` } };
  }

  return [
    { path: '/', whenReady: false, methods: { GET: server } },
    { path: '/health', whenReady: false, methods: { GET: health } },
    { path: '/ready', whenReady: false, methods: { GET: ({ query }) => readiness(supervisor, services, query, startup()) } },
  ];
}
