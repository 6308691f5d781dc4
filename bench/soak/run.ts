import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';
import { until } from '../../test/support/until.ts';
import type { Environment } from '../environment.ts';
import { openDescriptors, residentBytes } from '../measuring/process-tree.ts';
import { ProcessWatch } from '../measuring/process-watch.ts';
import { drain } from '../scenarios/drain.ts';
import { type SluiceLog, startSluice } from '../subjects/sluice.ts';
import { type Worker, withWorker } from '../subjects/worker.ts';
import { connectorName, submit, topicOf } from '../workload/connector.ts';
import type { PostgresBench } from '../workload/postgres.ts';
import type { SoakArguments } from './arguments.ts';
import { Load } from './load.ts';
import type { Sample } from './samples.ts';

const sampleMs = 5_000;
const rows = 100_000;
const backlogChanges = 200_000;
const streamingMsMax = 60_000;
/** The log keeps the newest records only: half an hour at full length would fill a disk. */
const keptBytes = String(512 * 1024 * 1024);
const megabyte = 1024 * 1024;

/** The broker deletes what is older than it keeps, and looks often. */
export const soakBroker = {
  'log.retention.bytes': keptBytes,
  'log.segment.bytes': String(64 * 1024 * 1024),
  'log.retention.check.interval.ms': '10000',
} as const;

type Progress = { readonly tasks: readonly { readonly records: number; readonly commit_lag_ms: number | null }[] };

/** Half of the pace at which a short backlog drains. */
export async function halfSpeed(environment: Environment, command: string, log: SluiceLog): Promise<number> {
  const database = await environment.postgres();
  const backlog = await environment.backlog(database, 'orders_pace', backlogChanges, 100);
  await using run = await backlog.begin();
  const connector = { topicPrefix: 'pace', table: 'orders_pace', run, snapshot: 'no_data', transforms: false } as const;
  const { perSecond } = await drain({ database, start: () => startSluice({ command, log }), connector, records: backlogChanges });
  // What keeps the backlog's log goes: the server could free nothing behind it.
  await database.client.query('select pg_drop_replication_slot($1)', [backlog.slot]);
  return perSecond! / 2;
}

/** Runs the load and looks at the worker every few seconds. */
export async function soak(
  environment: Environment,
  { minutes }: SoakArguments,
  { command, log, perSecond, say }: { command: string; log: SluiceLog; perSecond: number; say: (text: string) => void },
): Promise<{ readonly samples: readonly Sample[]; readonly changesPerSecond: number }> {
  const database = await environment.postgres();
  await environment.table(database, 'orders_soak', rows);
  await database.client.query('alter table orders_soak set (autovacuum_enabled = on, fillfactor = 50)');
  await database.client.query('vacuum full orders_soak');
  await using run = database.begin();
  using scratch = new ScratchFolder('soak');
  const heapFile = scratch.file('heap.json');
  process.env['SOAK_HEAP_FILE'] = heapFile;
  const nodeOptions = ['--import', new URL('heap-report.ts', import.meta.url).href];
  const start = () => startSluice({ command, log, nodeOptions, settings: { 'log.retention.bytes': keptBytes } });
  const connector = { topicPrefix: 'soak', table: 'orders_soak', run, snapshot: 'no_data', transforms: false } as const;
  return await withWorker(start, async worker => {
    await worker.log.prepare(topicOf(database, connector));
    await submit(worker, database, connector);
    await worker.rest.running(connectorName);
    const active = 'select from pg_replication_slots where slot_name = $1 and active';
    await until(async () => (await database.client.query(active, [run.slot])).rowCount === 1, {
      what: `slot ${run.slot} to be streamed from`,
      timeoutMs: streamingMsMax,
      everyMs: 100,
    });
    const load = new Load(database.database.url, 'orders_soak', rows, perSecond);
    const startedMs = performance.now();
    const samples: Sample[] = [];
    using watch = new ProcessWatch(worker.pid);
    for (let before = 0; performance.now() - startedMs < minutes * 60_000; ) {
      await delay(sampleMs - ((performance.now() - startedMs) % sampleMs));
      const seconds = (performance.now() - startedMs) / 1000;
      const { records, ...sample } = await look(worker, watch, database, run.slot, heapFile);
      samples.push({ seconds, ...sample, recordsPerSecond: (records - before) / (seconds - (samples.at(-1)?.seconds ?? 0)) });
      before = records;
      if (samples.length % 12 === 0) say(`${(seconds / 60).toFixed(1)} min: ${JSON.stringify(rounded(samples.at(-1)!))}`);
    }
    await load.stop();
    return { samples, changesPerSecond: (load.changes * 1000) / (performance.now() - startedMs) };
  });
}

function rounded(sample: Sample): Record<string, number> {
  return Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, Math.round(value)]));
}

async function look(worker: Worker, { pids }: ProcessWatch, { client }: PostgresBench, slot: string, heapFile: string) {
  await worker.rest.assertNotFailed('bench');
  const { tasks } = await worker.rest.call<Progress>('GET', '/sluice/connectors/bench');
  const { rows: found } = await client.query<{ bytes: string }>(
    'select pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) as bytes from pg_replication_slots where slot_name = $1',
    [slot],
  );
  const { heapUsed, external }: NodeJS.MemoryUsage = JSON.parse(readFileSync(heapFile, 'utf8'));
  return {
    rssMb: residentBytes(pids) / megabyte,
    heapMb: heapUsed / megabyte,
    buffersMb: external / megabyte,
    descriptors: openDescriptors(pids),
    lagMs: tasks[0]?.commit_lag_ms ?? 0,
    slotLagMb: Math.max(0, Number(found[0]?.bytes ?? 0)) / megabyte,
    records: tasks[0]?.records ?? 0,
  };
}
