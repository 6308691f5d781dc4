import { collectDefaultMetrics, Registry } from 'prom-client';
import { debeziumFamilies } from './debezium-families.ts';
import { exposition } from './exposition.ts';
import { families } from './families.ts';
import type { Family } from './family.ts';
import type { ObservedConnector, ObservedWorker } from './observed.ts';
import { type ObservedServices, serviceText } from './service-families.ts';

/** Of the worker as a whole, beside what every process has (memory, CPU, the event loop's delay). */
export const workerFamilies = [
  { name: 'sluice_build_info', help: 'The version that runs; always 1.', type: 'gauge', labels: ['version', 'node'] },
  { name: 'sluice_worker_ready', help: 'Whether the worker has started its connectors.', type: 'gauge', labels: [] },
] as const;

/**
 * What /metrics answers, in Prometheus' text format: made anew at each scrape of what the worker knows of its connectors, so that a scrape
 * costs what it shows, asks no database, and nothing is counted twice. Names are pinned by a test.
 */
export class WorkerMetrics {
  readonly #process = new Registry();
  readonly #families: readonly Family[];

  constructor({ debeziumNames = false }: { readonly debeziumNames?: boolean } = {}) {
    collectDefaultMetrics({ register: this.#process });
    this.#families = debeziumNames ? [...families, ...debeziumFamilies] : families;
  }

  get contentType(): string {
    return this.#process.contentType;
  }

  async text(
    worker: ObservedWorker,
    connectors: readonly ObservedConnector[],
    nowMs: number,
    services: ObservedServices | null = null,
  ): Promise<string> {
    const [build, ready] = workerFamilies;
    const parts = [
      await this.#process.metrics(),
      exposition(build.name, build.type, build.help, [{ labels: { version: worker.version, node: process.version }, value: 1 }]),
      exposition(ready.name, ready.type, ready.help, [{ labels: {}, value: worker.ready ? 1 : 0 }]),
    ];
    for (const { name, type, help, samples } of this.#families) {
      const all = connectors.flatMap(connector =>
        samples(connector, nowMs).map(({ labels, value }) => ({ labels: { connector: connector.name, ...labels }, value })),
      );
      parts.push(exposition(name, type, help, all));
    }
    if (services !== null) parts.push(...serviceText(services));
    return parts.filter(part => part !== '').join('\n');
  }
}
