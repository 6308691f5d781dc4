import { ProcessWatch } from '../measuring/process-watch.ts';
import type { Figures } from '../results.ts';
import { type StartWorker, type Worker, withWorker } from '../subjects/worker.ts';
import { type ConnectorOptions, connectorConfig, topicOf } from '../workload/connector.ts';
import type { BenchDatabase } from '../workload/database.ts';
import { follow, type Point } from './progress.ts';

/** No worker is silent for so long, neither before its first record nor between two. */
const stallMsMax = 180_000;
const megabyte = 1024 * 1024;

export type Drain = {
  readonly database: BenchDatabase;
  readonly start: StartWorker;
  readonly connector: ConnectorOptions;
  /** How many records are to come. */
  readonly records: number;
};

/**
 * A fresh worker gets the connector as soon as REST answers, and is followed until every record is durable in its log; then a reader of its
 * own counts them. Throws where one is missing or the connector fails.
 */
export function drain(options: Drain): Promise<Figures> {
  return withWorker(options.start, worker => drainWith(worker, options));
}

async function drainWith(worker: Worker, { database, connector, records }: Drain): Promise<Figures> {
  const topic = topicOf(connector);
  using watch = new ProcessWatch(worker.pid);
  await worker.log.prepare(topic);
  await worker.rest.putConfig('bench', connectorConfig(database, connector));
  const check = () => worker.rest.assertNotFailed('bench');
  const points = [...(await follow(worker.log, watch, { topic, records, stallMsMax, check }))];
  let reading = await worker.log.read(topic, records);
  while (reading.ids < records) {
    // What looked like the end was a pause with markers in place of the last records.
    points.push(...(await follow(worker.log, watch, { topic, records: points.at(-1)!.count + records - reading.ids, stallMsMax, check })));
    reading = await worker.log.read(topic, records);
  }
  const memory = { peakMemoryMb: watch.peakBytes / megabyte, peakOfProcessesMb: watch.highWaterBytes / megabyte };
  await worker.log.remove(topic);
  const [before, end] = [points[0]!, points.at(-1)!];
  const seconds = (end.atMs - reading.firstMs) / 1000;
  return {
    records: reading.records,
    recordsTwice: reading.records - reading.ids,
    perSecond: records / seconds,
    perSecondSecondHalf: secondHalf(points, records),
    seconds,
    secondsWithStart: (end.atMs - worker.startedAtMs) / 1000,
    cpuMicrosEach: ((end.cpuSeconds - before.cpuSeconds) * 1e6) / records,
    ...memory,
    restMs: worker.restMs,
    firstRecordMs: reading.firstMs - worker.startedAtMs,
  };
}

/** The pace over the second half, when what a process compiles and fills while it runs is compiled and full. */
function secondHalf(points: readonly Point[], records: number): number {
  const end = points.at(-1)!;
  const middle = points.find(({ count }) => count >= records / 2) ?? points[0]!;
  return middle === end ? records / ((end.atMs - points[0]!.atMs) / 1000) : ((end.count - middle.count) * 1000) / (end.atMs - middle.atMs);
}
