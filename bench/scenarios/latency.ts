import { until } from '../../test/support/until.ts';
import { HelperProcess } from '../latency/helper-process.ts';
import type { ReaderMessage, ReaderTask, WriterMessage, WriterTask } from '../latency/messages.ts';
import { ProcessWatch } from '../measuring/process-watch.ts';
import type { Figures } from '../results.ts';
import { type StartWorker, type Worker, withWorker } from '../subjects/worker.ts';
import { type ConnectorOptions, connectorName, submit, topicOf } from '../workload/connector.ts';
import type { PostgresBench, SlotStart } from '../workload/postgres.ts';

const streamingMsMax = 120_000;
/** How long the last record may take after the last commit. */
const arrivalMsMax = 60_000;

export type LatencyOptions = {
  readonly database: PostgresBench;
  readonly start: StartWorker;
  readonly connector: ConnectorOptions & { readonly run: SlotStart };
  readonly rows: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Left out of the figures. */
  readonly warmUpSeconds: number;
};

/** The value that this share of the sorted ones do not exceed. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!;
}

/**
 * From the answer to a commit until a reader in a process of its own has the record, at a steady rate of transactions of one row each. A
 * record may be there before the answer: then its time is below zero.
 */
export function latency(options: LatencyOptions): Promise<Figures> {
  return withWorker(options.start, worker => latencyWith(worker, options));
}

async function latencyWith(worker: Worker, options: LatencyOptions): Promise<Figures> {
  const { database, connector, rows, perSecond, seconds, warmUpSeconds } = options;
  const topic = topicOf(database, connector);
  const { slot } = connector.run;
  const count = Math.round(perSecond * (seconds + warmUpSeconds));
  await worker.log.prepare(topic);
  await submit(worker, database, connector);
  const streaming = async () => {
    await worker.rest.assertNotFailed(connectorName);
    const found = await database.client.query('select from pg_replication_slots where slot_name = $1 and active', [slot]);
    return found.rowCount === 1;
  };
  await until(streaming, { what: `slot ${slot} to be streamed from`, timeoutMs: streamingMsMax, everyMs: 200 });
  using reader = new HelperProcess<ReaderTask, ReaderMessage>('reader');
  const ready = reader.answer('ready', streamingMsMax);
  reader.give({ from: worker.readFrom, topic, count });
  await ready;
  using writer = new HelperProcess<WriterTask, WriterMessage>('writer');
  using watch = new ProcessWatch(worker.pid);
  const cpuBefore = watch.cpuSeconds;
  const loadMs = (seconds + warmUpSeconds) * 1000;
  const written = writer.answer('written', 3 * loadMs + arrivalMsMax);
  const read = reader.answer('read', 3 * loadMs + 2 * arrivalMsMax);
  writer.give({ url: database.database.url, table: connector.table, rows, perSecond, count });
  const [{ dueMs, committedMs }, { receivedMs }] = await Promise.all([written, read]);
  const cpu = watch.cpuSeconds - cpuBefore;
  await worker.log.remove(topic);
  const first = Math.round(perSecond * warmUpSeconds);
  const latencies = receivedMs
    .map((received, n) => received - committedMs[n]!)
    .subarray(first)
    .sort();
  const commits = committedMs
    .map((committed, n) => committed - dueMs[n]!)
    .subarray(first)
    .sort();
  const lastMs = committedMs.reduce((latest, ms) => Math.max(latest, ms));
  return {
    records: count,
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    p99Ms: percentile(latencies, 0.99),
    maxMs: latencies.at(-1)!,
    commitP50Ms: percentile(commits, 0.5),
    commitP99Ms: percentile(commits, 0.99),
    transactionsPerSecond: ((count - first) * 1000) / (lastMs - dueMs[first]!),
    cpuMicrosEach: (cpu * 1e6) / count,
    peakMemoryMb: watch.peakBytes / (1024 * 1024),
    restMs: worker.restMs,
  };
}
