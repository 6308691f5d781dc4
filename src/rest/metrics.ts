import type { Supervisor } from '../engine/supervisor.ts';
import type { WorkerMetrics } from '../observe/metrics/worker-metrics.ts';
import type { Answer } from './answer.ts';
import type { Route } from './router.ts';

/**
 * GET /metrics, in Prometheus' text format: this worker's own connectors, since each worker of a group is scraped by itself. It answers while
 * the worker starts, so that a scrape tells "starting" from "gone". The first scrape loads what it needs.
 */
export function metricsRoutes(supervisor: Supervisor, version: string): readonly Route[] {
  let loading: Promise<WorkerMetrics> | null = null;
  async function scrape(): Promise<Answer> {
    loading ??= import('../observe/metrics/worker-metrics.ts').then(module => new module.WorkerMetrics());
    const metrics = await loading;
    const names = supervisor.ready ? supervisor.names().filter(name => supervisor.owns(name)) : [];
    const connectors = names.map(name => supervisor.progress(name));
    const text = await metrics.text({ version, ready: supervisor.ready }, connectors, Date.now());
    return { status: 200, body: text, headers: { 'content-type': metrics.contentType } };
  }
  return [{ path: '/metrics', whenReady: false, methods: { GET: scrape } }];
}
