import type { Environment } from './environment.ts';
import { type Figures, type ScenarioName, type SubjectName, scenarios } from './results.ts';
import { drain } from './scenarios/drain.ts';
import { latency } from './scenarios/latency.ts';
import { copyOnly, produceOnly, receiveOnly } from './scenarios/limits.ts';
import { smallestHeap } from './scenarios/smallest-heap.ts';
import type { Settings } from './settings.ts';
import { startDebezium } from './subjects/debezium.ts';
import { startSluice } from './subjects/sluice.ts';
import type { StartWorker } from './subjects/worker.ts';
import type { DatabaseName, RunStart } from './workload/bench-database.ts';
import type { ConnectorOptions } from './workload/connector.ts';

/** About as long as a change's record: key and value. */
const producerRecordBytes = 900;

/** Rows of the table that latency's writer updates, one after the other: no two updates at once meet in one row. */
const liveRows = 10_000;

/** One thing to measure: in every repeat, or (a search of many runs) in the first only. */
export type Job = {
  readonly scenario: ScenarioName;
  readonly subject: SubjectName;
  readonly run: () => Promise<Figures>;
  readonly once: boolean;
};

const workers = ['sluice-embedded', 'sluice-kafka', 'sluice-kafka-eos-off', 'debezium', 'debezium-eos-off'] as const;
type WorkerName = (typeof workers)[number];

type Matrix = Readonly<Partial<Record<ScenarioName, readonly SubjectName[]>>>;

const exactlyOnce = ['sluice-embedded', 'sluice-kafka', 'debezium'] as const;

/** Who is measured in which scenario, in the order of the runs. What one database tells of the rest of the way need not be told again by another. */
export const matrix: Readonly<Record<DatabaseName, Matrix>> = {
  postgres: {
    stream: ['pg_recvlogical', ...workers],
    transforms: ['sluice-embedded', 'sluice-kafka'],
    snapshot: ['copy', ...workers],
    'large-transaction': exactlyOnce,
    latency: [...workers],
    producer: ['producer-perf'],
    'smallest-heap': ['debezium'],
  },
  mysql: { stream: exactlyOnce, snapshot: exactlyOnce, 'large-transaction': exactlyOnce },
  mongodb: { stream: exactlyOnce, snapshot: exactlyOnce },
};

function starter(environment: Environment, database: DatabaseName, name: WorkerName, profileFolder: string | null): StartWorker {
  return async () => {
    const kafka = name === 'sluice-embedded' ? null : (await environment.kafka()).bootstrapServers;
    const exactlyOnce = !name.endsWith('-eos-off');
    if (kafka !== null && name.startsWith('debezium')) return startDebezium({ kafka, exactlyOnce, database });
    const { command } = await environment.sluice();
    const nodeOptions = profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : [];
    return startSluice({ command, log: kafka === null ? null : { kafka, exactlyOnce }, nodeOptions });
  };
}

let prefixes = 0;
/** Topics of its own for each run. */
function connector<Run extends RunStart>(
  table: string,
  run: Run,
  snapshot: ConnectorOptions['snapshot'],
  transforms = false,
): ConnectorOptions & { readonly run: Run } {
  return { topicPrefix: `bench${++prefixes}`, table, run, snapshot, transforms };
}

/** How one worker is measured in one scenario. */
function workerRun(
  environment: Environment,
  name: DatabaseName,
  settings: Settings,
  scenario: ScenarioName,
  start: StartWorker,
): () => Promise<Figures> {
  const { changes, changesPerTransaction, rows, transactionsPerSecond, latencySeconds, latencyWarmUpSeconds } = settings;
  const drainBacklog = (table: string, records: number, perTransaction: number, transforms: boolean) => async () => {
    const database = await environment.database(name);
    const backlog = await environment.backlog(database, table, records, perTransaction);
    await using run = await backlog.begin();
    return await drain({ database, start, connector: connector(table, run, 'no_data', transforms), records });
  };
  switch (scenario) {
    case 'stream':
      return drainBacklog('orders_stream', changes, changesPerTransaction, false);
    case 'transforms':
      return drainBacklog('orders_stream', changes, changesPerTransaction, true);
    case 'large-transaction':
      return drainBacklog('orders_large', rows, rows, false);
    case 'snapshot':
      return async () => {
        const database = await environment.database(name);
        await environment.table(database, 'orders', rows);
        await using run = database.begin();
        return await drain({ database, start, connector: connector('orders', run, 'initial'), records: rows });
      };
    case 'latency':
      return async () => {
        const database = await environment.postgres();
        await environment.table(database, 'orders_live', liveRows);
        await using run = database.begin();
        return await latency({
          ...{ database, start, connector: connector('orders_live', run, 'no_data'), rows: liveRows },
          ...{ perSecond: transactionsPerSecond, seconds: latencySeconds, warmUpSeconds: latencyWarmUpSeconds },
        });
      };
    default:
      throw new Error(`${scenario} has no runs of workers`);
  }
}

/** How one of the limits is measured, below which nobody can be. */
function limitRun(environment: Environment, settings: Settings, subject: SubjectName): () => Promise<Figures> {
  const { changes, changesPerTransaction, rows, producerRecords } = settings;
  switch (subject) {
    case 'pg_recvlogical':
      return async () => {
        const database = await environment.postgres();
        const backlog = await environment.backlog(database, 'orders_stream', changes, changesPerTransaction);
        await using run = await backlog.begin();
        const walBytesEach = await database.messageBytes(backlog);
        return { ...(await receiveOnly(database, run.slot, backlog, changes)), walBytesEach };
      };
    case 'copy':
      return async () => {
        const database = await environment.postgres();
        await environment.table(database, 'orders', rows);
        return copyOnly(database, 'orders', rows);
      };
    case 'producer-perf':
      return async () => produceOnly((await environment.kafka()).bootstrapServers, producerRecords, producerRecordBytes);
    default:
      throw new Error(`${subject} is no limit`);
  }
}

/** Everything that is chosen, in the order in which a repeat runs it. */
export function plan(
  environment: Environment,
  database: DatabaseName,
  settings: Settings,
  profileFolder: string | null,
  chosen: (scenario: ScenarioName, subject: SubjectName) => boolean,
): readonly Job[] {
  return scenarios.flatMap(scenario =>
    (matrix[database][scenario] ?? [])
      .filter(subject => chosen(scenario, subject))
      .map(subject => ({
        ...{ scenario, subject, once: scenario === 'smallest-heap' },
        run: runOf(environment, database, settings, profileFolder, scenario, subject),
      })),
  );
}

function runOf(
  environment: Environment,
  database: DatabaseName,
  settings: Settings,
  profileFolder: string | null,
  scenario: ScenarioName,
  subject: SubjectName,
): () => Promise<Figures> {
  if (scenario === 'smallest-heap')
    return async () => {
      const postgres = await environment.postgres();
      const backlog = await environment.backlog(postgres, 'orders_stream', settings.changes, settings.changesPerTransaction);
      const { bootstrapServers: kafka } = await environment.kafka();
      const say = (text: string) => environment.say(text);
      const search = { kafka, database: postgres, backlog, records: settings.changes, say };
      return smallestHeap({ ...search, connector: run => connector('orders_stream', run, 'no_data') });
    };
  const worker = workers.find(name => name === subject);
  if (worker) return workerRun(environment, database, settings, scenario, starter(environment, database, worker, profileFolder));
  return limitRun(environment, settings, subject);
}
