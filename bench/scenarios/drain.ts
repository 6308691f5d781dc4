import { setTimeout as delay } from 'node:timers/promises';
import { ProcessWatch } from '../measuring/process-watch.ts';
import type { Figures } from '../results.ts';
import { type StartWorker, type Worker, withWorker } from '../subjects/worker.ts';
import type { BenchDatabase } from '../workload/bench-database.ts';
import { type ConnectorOptions, connectorName, submit, topicOf } from '../workload/connector.ts';
import { follow, type Point } from './progress.ts';

/** No worker is silent for so long, neither before its first record nor between two. */
const stallMsMax = 180_000;
/** A worker that does not answer for so long has come to a stop. */
const answerMsMax = 60_000;
const megabyte = 1024 * 1024;

export type Drain = {
  readonly database: BenchDatabase;
  readonly start: StartWorker;
  readonly connector: ConnectorOptions;
  /** How many records are to come. */
  readonly records: number;
  /** How long it may take from the worker's start; as long as it goes forward unless told. */
  readonly secondsMax?: number;
};

/**
 * A fresh worker gets the connector as soon as REST answers, and is followed until every record is durable in its log; then a reader of its
 * own counts them. Throws where one is missing or the connector fails.
 */
export function drain(options: Drain): Promise<Figures> {
  return withWorker(options.start, worker => drainWith(worker, options));
}

async function drainWith(worker: Worker, { database, connector, records, secondsMax = Number.POSITIVE_INFINITY }: Drain): Promise<Figures> {
  const topic = topicOf(database, connector);
  using watch = new ProcessWatch(worker.pid);
  await worker.log.prepare(topic);
  await submit(worker, database, connector);
  const check = () => healthy(worker, secondsMax);
  const points = [...(await follow(worker.log, { topic, records, stallMsMax, check }))];
  let reading = await worker.log.read(topic, records);
  while (reading.ids < records) {
    // What looked like the end was a pause with markers in place of the last records.
    points.push(...(await follow(worker.log, { topic, records: points.at(-1)!.count + records - reading.ids, stallMsMax, check })));
    reading = await worker.log.read(topic, records);
  }
  const memory = { peakMemoryMb: watch.peakBytes / megabyte, peakOfProcessesMb: watch.highWaterBytes / megabyte };
  await worker.log.remove(topic);
  const end = points.at(-1)!;
  const seconds = (end.atMs - reading.firstMs) / 1000;
  return {
    records: reading.records,
    recordsTwice: reading.records - reading.ids,
    perSecond: records / seconds,
    perSecondSecondHalf: secondHalf(points, records),
    seconds,
    secondsWithStart: (end.atMs - worker.startedAtMs) / 1000,
    cpuMicrosEach: ((watch.cpuSecondsAt(end.atMs) - watch.cpuSecondsAt(reading.firstMs)) * 1e6) / records,
    ...memory,
    restMs: worker.restMs,
    firstRecordMs: reading.firstMs - worker.startedAtMs,
  };
}

/** Throws where the connector has failed, does not answer, or has had its time. */
async function healthy(worker: Worker, secondsMax: number): Promise<void> {
  const takenMs = performance.timeOrigin + performance.now() - worker.startedAtMs;
  if (takenMs > secondsMax * 1000) throw new Error(`It takes longer than ${Math.round(secondsMax)} s`);
  const silent = new AbortController();
  const bound = delay(answerMsMax, undefined, { signal: silent.signal }).then(
    () => Promise.reject(new Error(`REST did not answer within ${answerMsMax} ms`)),
    () => undefined,
  );
  try {
    await Promise.race([worker.rest.assertNotFailed(connectorName), bound]);
  } finally {
    silent.abort();
  }
}

/** The pace over the second half, when what a process compiles and fills while it runs is compiled and full. */
function secondHalf(points: readonly Point[], records: number): number {
  const end = points.at(-1)!;
  const middle = points.find(({ count }) => count >= records / 2) ?? points[0]!;
  return middle === end ? records / ((end.atMs - points[0]!.atMs) / 1000) : ((end.count - middle.count) * 1000) / (end.atMs - middle.atMs);
}
