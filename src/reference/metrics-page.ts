import { debeziumFamilies } from '../observe/metrics/debezium-families.ts';
import { families } from '../observe/metrics/families.ts';
import { serviceFamilies } from '../observe/metrics/service-families.ts';
import { workerFamilies } from '../observe/metrics/worker-metrics.ts';
import { StoreCounters } from '../services/event-store/hosting/store-counters.ts';
import { sagaFamilies } from '../services/sagas/runtime/saga-families.ts';

type Described = { readonly name: string; readonly type: string; readonly labels: readonly string[]; readonly help: string };

function table(described: readonly Described[]): string {
  const rows = described.map(({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`);
  return ['| metric | type | labels | what |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** docs/reference/metrics.md: everything that /metrics shows. */
export function metricsPage(): string {
  return `# Metrics
\`GET /metrics\` answers in Prometheus' text format, each worker for the connectors that it runs. A scrape asks no database: what is said of one is as of
the last look, every [\`metrics.database.interval.ms\`](worker.md#metrics.database.interval.ms). [Operations](../operations.md) tells what to do about them.

${table([...workerFamilies, ...families])}

## Services
Of a worker whose file names [services](worker.md#services).

${table([...serviceFamilies, ...new StoreCounters().families, ...sagaFamilies(() => [])])}

## Every process
Beside these every process tells of its memory (\`process_resident_memory_bytes\`, \`nodejs_heap_size_used_bytes\`), CPU (\`process_cpu_seconds_total\`) and event
loop (\`nodejs_eventloop_lag_p99_seconds\`).

A connector's lag in seconds is an upper bound: from the latest moment before which all that the database committed is known to be durable here. That
moment moves with every batch, and with every look that finds nothing missing; so at rest the lag swings between 0 and the time between two looks, and
it grows when a connector stands, whatever the reason. In bytes it is what the database's log holds behind the durable position.

## Debezium's names
With [\`metrics.debezium.names\`](worker.md#metrics.debezium.names) these are shown too: what the JMX exporter makes of Debezium's MBeans with the config of
Debezium's examples, so that dashboards written for that work. What Debezium counts and Sluice does not is left out.

${table(debeziumFamilies)}`;
}
