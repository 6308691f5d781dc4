import { exposition, type Labels, type MetricType, type Sample } from './exposition.ts';

/** A service as metrics show it. */
export type ObservedService = { readonly name: string; readonly state: string; readonly restarts: number };

/** A metric that a service makes of itself. */
export type OwnFamily = { readonly name: string; readonly help: string; readonly type: MetricType; samples(): readonly Sample[] };

/** What metrics show of a worker's services. */
export type ObservedServices = {
  readonly host: { views(): readonly ObservedService[] };
  readonly metrics: readonly OwnFamily[];
};

type ServiceMetric = {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  of(service: ObservedService): number;
};

/** Of every service of the worker's file. */
export const serviceFamilies: readonly ServiceMetric[] = [
  {
    name: 'sluice_service_up',
    help: 'Whether a service of the worker runs; 0 while it starts, or waits to be started again.',
    type: 'gauge',
    labels: ['service'],
    of: ({ state }) => (state === 'running' ? 1 : 0),
  },
  {
    name: 'sluice_service_restarts_total',
    help: 'Starts of a service after its first.',
    type: 'counter',
    labels: ['service'],
    of: ({ restarts }) => restarts,
  },
];

/** The services' part of what /metrics answers. */
export function serviceText({ host, metrics }: ObservedServices): readonly string[] {
  const views = host.views();
  const labels = (service: ObservedService): Labels => ({ service: service.name });
  return [
    ...serviceFamilies.map(({ name, type, help, of }) =>
      exposition(
        name,
        type,
        help,
        views.map(view => ({ labels: labels(view), value: of(view) })),
      ),
    ),
    ...metrics.map(({ name, type, help, samples }) => exposition(name, type, help, samples())),
  ];
}
