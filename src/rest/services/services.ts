import { SluiceError } from '../../contract/index.ts';
import type { OpenEventStore } from '../../services/event-store/hosting/open-event-store.ts';
import type { ServiceFamily, ServiceView } from '../../services/hosting/service.ts';
import type { Sagas } from '../../services/sagas/runtime/sagas-service.ts';
import { ok } from '../answer.ts';
import type { Route } from '../router.ts';

/** What a worker runs beside its connectors, as REST sees it. */
export type HostedServices = {
  readonly host: {
    views(): readonly ServiceView[];
    /** Throws SluiceError NOT_FOUND. */
    view(name: string): ServiceView;
  };
  /** Of all services, in the order in which they are shown. */
  readonly metrics: readonly ServiceFamily[];
  /** null: this worker has none. */
  readonly eventStore: OpenEventStore | null;
  /** null: this worker has none. */
  readonly sagas: Sagas | null;
};

export const noServices: HostedServices = {
  host: {
    views: () => [],
    view(name) {
      throw new SluiceError('NOT_FOUND', `There is no service ${name} here.`);
    },
  },
  metrics: [],
  eventStore: null,
  sagas: null,
};

/** The services of this worker: what runs, what failed and when it is started again. */
export function serviceRoutes({ host }: HostedServices): readonly Route[] {
  return [
    {
      path: '/sluice/services',
      whenReady: true,
      methods: { GET: () => ok(Object.fromEntries(host.views().map(view => [view.name, view]))) },
    },
    {
      path: '/sluice/services/{service}',
      whenReady: true,
      methods: { GET: ({ parameters }) => ok(host.view(parameters['service']!)) },
    },
  ];
}
