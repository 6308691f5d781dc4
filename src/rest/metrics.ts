import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import type { WorkerMetrics } from '../observe/metrics/worker-metrics.ts';
import type { Answer } from './answer.ts';
import type { Route } from './router.ts';
import type { HostedServices } from './services/services.ts';

export type MetricsSettings = {
  readonly version: string;
  /** Debezium's names beside ours. */
  readonly debeziumNames?: boolean;
};

/**
 * GET /metrics, in Prometheus' text format: this worker's own connectors, since each worker of a group is scraped by itself. It answers while
 * the worker starts, so that a scrape tells "starting" from "gone". The first scrape loads what it needs; none asks a database.
 */
export function metricsRoutes(
  supervisor: Supervisor,
  services: HostedServices,
  { version, debeziumNames = false }: MetricsSettings,
): readonly Route[] {
  let loading: Promise<WorkerMetrics> | null = null;
  async function scrape(): Promise<Answer> {
    loading ??= import('../observe/metrics/worker-metrics.ts').then(module => new module.WorkerMetrics({ debeziumNames }));
    const metrics = await loading;
    const { ready } = supervisor;
    const text = await metrics.text({ version, ready }, ready ? supervisor.watching.observed() : [], Date.now(), services);
    return { status: 200, body: text, headers: { 'content-type': metrics.contentType } };
  }
  return [{ path: '/metrics', whenReady: false, methods: { GET: scrape } }];
}
