import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type Family, families } from './families.ts';
import type { ObservedConnector, ObservedWorker } from './observed.ts';

/**
 * What /metrics answers, in Prometheus' text format: made anew at each scrape of what the worker knows of its connectors, so that a scrape
 * costs what it shows and nothing is counted twice. Names are pinned by a test.
 */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #families: readonly { readonly family: Family; readonly metric: Counter | Gauge }[];
  readonly #build: Gauge;
  readonly #ready: Gauge;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#build = new Gauge({
      name: 'sluice_build_info',
      help: 'The version that runs; always 1.',
      labelNames: ['version', 'node'],
      registers,
    });
    this.#ready = new Gauge({ name: 'sluice_worker_ready', help: 'Whether the worker has started its connectors.', registers });
    this.#families = families.map(family => {
      const { name, help, labels, type } = family;
      const metric = new (type === 'counter' ? Counter : Gauge)({ name, help, labelNames: [...labels], registers });
      return { family, metric };
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(worker: ObservedWorker, connectors: readonly ObservedConnector[], nowMs: number): Promise<string> {
    this.#build.set({ version: worker.version, node: process.version }, 1);
    this.#ready.set(worker.ready ? 1 : 0);
    for (const { family, metric } of this.#families) {
      metric.reset();
      for (const connector of connectors)
        for (const { labels, value } of family.samples(connector, nowMs)) {
          if (metric instanceof Counter) metric.inc({ connector: connector.name, ...labels }, value);
          else metric.set({ connector: connector.name, ...labels }, value);
        }
    }
    return this.#registry.metrics();
  }
}
