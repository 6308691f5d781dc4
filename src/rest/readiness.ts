import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import type { ConnectorProgress } from '../engine/supervisor/supervisor-states.ts';
import { type Answer, ok, RequestError } from './answer.ts';
import type { HostedServices } from './services/services.ts';

/** What a connector does, all of its tasks taken together: the worst of them. */
type Condition = 'running' | 'starting' | 'retrying' | 'failed' | 'paused' | 'stopped';

/**
 * GET /ready: 200 once this worker has started its connectors and takes requests, with how many of them are in which condition; 503 before
 * and while it ends. A connector that fails does not make the worker unready, since REST is what mends it: with `?connectors=running` it
 * does, for whoever waits until a deployment works. So do its services with `?services=running`.
 */
export function readiness(supervisor: Supervisor, { host }: HostedServices, query: URLSearchParams, startup: string | null): Answer {
  const [asked, askedServices] = [query.get('connectors'), query.get('services')];
  const unknown = [...query.keys()].find(name => name !== 'connectors' && name !== 'services');
  if (unknown !== undefined) throw new RequestError(400, `There is no parameter '${unknown}' (known are connectors and services).`);
  if (asked !== null && asked !== 'running') throw new RequestError(400, "'connectors' must be running.");
  if (askedServices !== null && askedServices !== 'running') throw new RequestError(400, "'services' must be running.");
  if (supervisor.ending) return { status: 503, body: { status: 'stopping', message: 'Worker is shutting down.', connectors: {} } };
  if (!supervisor.ready) {
    const message = `Worker is still starting up.${startup === null ? '' : ` ${startup}`}`;
    return { status: 503, body: { status: 'starting', message, connectors: {} } };
  }
  // Counts alone: this is answered without a login, and names are not for everybody.
  const connectors: Record<Condition, number> = { running: 0, starting: 0, retrying: 0, failed: 0, paused: 0, stopped: 0 };
  const own = supervisor.names().filter(name => supervisor.owns(name));
  for (const name of own) connectors[conditionOf(supervisor.progress(name))]++;
  const hosted = host.views();
  const services = Object.fromEntries((['running', 'starting', 'failed'] as const).map(state => [state, countOf(hosted, state)]));
  // A worker without services is asked about connectors alone.
  const counts = { connectors, ...(hosted.length > 0 && { services }) };
  const waiting = connectors.starting + connectors.retrying + connectors.failed;
  const waitingServices = hosted.length - countOf(hosted, 'running');
  if (asked !== null && waiting > 0) {
    const message = `${waiting} of ${own.length} connectors do not run: GET /sluice/connectors says why.`;
    return { status: 503, body: { status: 'not running', message, ...counts } };
  }
  if (askedServices !== null && waitingServices > 0) {
    const message = `${waitingServices} of ${hosted.length} services do not run: GET /sluice/services says why.`;
    return { status: 503, body: { status: 'not running', message, ...counts } };
  }
  return ok({ status: 'ready', message: 'Worker takes requests.', ...counts });
}

function countOf(services: readonly { readonly state: string }[], state: string): number {
  return services.filter(service => service.state === state).length;
}

function conditionOf({ state, target_state: target, tasks }: ConnectorProgress): Condition {
  if (target === 'STOPPED') return 'stopped';
  if (target === 'PAUSED') return 'paused';
  const states = new Set<string>([state, ...tasks.map(task => task.state)]);
  if (states.has('FAILED')) return 'failed';
  if (states.has('RETRYING')) return 'retrying';
  return tasks.length > 0 && [...states].every(one => one === 'RUNNING') ? 'running' : 'starting';
}
