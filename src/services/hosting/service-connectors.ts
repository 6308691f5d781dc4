import type { Supervisor } from '../../engine/supervisor/supervisor.ts';
import type { FileConnector } from '../../engine/supervisor/supervisor-loading.ts';
import type { Service, ServiceConnectors } from './service.ts';

/**
 * The connectors of services as those of a file: the worker's, which names the services. So REST can neither change nor delete them, and one whose
 * service is taken out of the file goes at the next start.
 */
export function connectorsOf(services: readonly Service[], workerFile: string): readonly FileConnector[] {
  return services.flatMap(({ connectors }) =>
    connectors.map(({ name, config }) => ({ name, config: { ...config, name }, targetState: 'STARTED' as const, file: workerFile })),
  );
}

/** What services may ask of the supervisor. */
export function serviceConnectors(supervisor: Supervisor): ServiceConnectors {
  const here = (name: string) => supervisor.ready && supervisor.names().includes(name) && supervisor.owns(name);
  return {
    states(name) {
      if (!here(name)) return null;
      const { connector, tasks } = supervisor.status(name);
      return [connector.state, ...tasks.map(({ state }) => state)];
    },
    async revive(name) {
      if (here(name)) await supervisor.revive(name);
    },
  };
}
