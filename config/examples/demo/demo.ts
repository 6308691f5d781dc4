// npm run demo: a real Postgres, a small shop with customers, and the daemon on its embedded log. Everything it starts it ends.
//   npm run demo                     until Ctrl-C
//   npm run demo -- --changes 5000   ends by itself, and compares the log with the database row by row
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { type DemoArguments, demoArguments } from './arguments.ts';
import { History } from './history.ts';
import { Latencies } from './latencies.ts';
import { connect, startPostgres } from './postgres.ts';
import { LogReading } from './reading.ts';
import { bad, bold, faint, say } from './screen.ts';
import { Show } from './show.ts';
import { Sluice } from './sluice.ts';
import { tables, verify } from './verification.ts';
import { eventually, Hopeless } from './waiting.ts';
import { changeRows, lively } from './workload.ts';

/** Without a single further change, a counted run gives up waiting for the rest after this time. */
const settleMsMax = 30_000;
/** How often the connector is asked how it is. */
const watchEveryMs = 1_000;

const arguments_ = demoArguments(process.argv.slice(2));
const stop = new AbortController();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
for (const signal of signals)
  process.on(signal, () => {
    if (!stop.signal.aborted) say(`\n${bold('Ending everything ...')}`);
    stop.abort();
  });
// Whoever reads the output has seen enough, as `head` does.
process.stdout.on('error', () => stop.abort());

async function rowsOf(client: pg.Client): Promise<number> {
  const counts = tables.map(table => `(select count(*) from ${table})`).join(' + ');
  return Number((await client.query(`select ${counts} as rows`)).rows[0].rows);
}

/** Waits until everything committed by now is in the log and has been read. The slot is confirmed only up to what is durable there. */
async function settled(client: pg.Client, sluice: Sluice, reading: LogReading, seen: () => number): Promise<void> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn');
  for (let before = -1; before < seen(); ) {
    before = seen();
    try {
      return await eventually(settleMsMax, stop.signal, async () => {
        await sluice.assertWell();
        const confirmed = await client.query('select 1 from pg_replication_slots where confirmed_flush_lsn >= $1', [rows[0]!.lsn]);
        if (confirmed.rowCount === 0 || !(await reading.complete())) throw new Error('Not all changes have come into the log.');
      });
    } catch (error) {
      if (error instanceof Hopeless || stop.signal.aborted) throw error;
    }
  }
}

/** The lively shop, as long as the connector is well. */
async function untilStopped(client: pg.Client, sluice: Sluice): Promise<void> {
  const ended = new AbortController();
  const work = lively(client, AbortSignal.any([stop.signal, ended.signal]));
  try {
    while (!stop.signal.aborted) {
      await sluice.assertWell();
      await Promise.race([work, pause(watchEveryMs, undefined, { signal: stop.signal }).catch(() => {})]);
    }
  } finally {
    ended.abort();
    await work;
  }
}

/** Runs the shop and follows the log. Answers the exit code. */
async function run(client: pg.Client, sluice: Sluice, { changes: wanted }: DemoArguments): Promise<number> {
  await using reading = await LogReading.open(sluice, stop.signal);
  const [history, latencies, show] = [new History(), new Latencies(), new Show(sluice.statusUrl, wanted !== null)];
  const rows = await rowsOf(client);
  const finished = new AbortController();
  let [seen, work] = [0, null as Promise<void> | null];
  const shop = async () => {
    if (wanted === null) return untilStopped(client, sluice);
    await changeRows(client, wanted, stop.signal);
    await settled(client, sluice, reading, () => seen);
  };
  try {
    for await (const changes of reading.changes(AbortSignal.any([stop.signal, finished.signal]))) {
      for (const logged of changes) {
        seen++;
        history.apply(logged.change);
        if (logged.change.op !== 'r') latencies.add(logged.latencyMs);
        show.add(logged);
      }
      if (work === null && seen >= rows) {
        show.snapshotComplete();
        work = shop();
        work.catch(() => {}).finally(() => finished.abort());
      }
    }
  } finally {
    show.end();
  }
  if (work !== null) await work;
  if (stop.signal.aborted) return wanted === null ? 0 : 130;
  return (await verify(client, history, latencies, wanted ?? 0)) ? 0 : 1;
}

async function main(): Promise<number> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  await chmod(folder, 0o711); // Postgres may run as another user
  say(bold('Starting PostgreSQL, with a small shop in it ...'));
  const postgres = resources.use(await startPostgres(folder, stop.signal));
  const client = await connect(postgres.address);
  resources.defer(() => client.end());
  await client.query(await readFile(new URL('shop.sql', import.meta.url), 'utf8'));
  say(bold('Starting Sluice ...'));
  const sluice = resources.use(await Sluice.start(folder, postgres.address, stop.signal));
  say(`${bold(`Its admin URL: ${sluice.url}`)} ${faint(`(it answered after ${sluice.startMs} ms)`)}; try: curl -s ${sluice.statusUrl}`);
  let ending = false;
  resources.defer(async () => {
    ending = true;
  });
  void sluice.ended.then(() => {
    if (!ending) stop.abort(); // by itself: `assertWell` says why
  });
  const code = await run(client, sluice, arguments_);
  await sluice.assertWell();
  return code;
}

process.exitCode = await main().catch(error => {
  if (stop.signal.aborted && !(error instanceof Hopeless)) return arguments_.changes === null ? 0 : 130;
  process.stderr.write(`${bad((error as Error).message)}\n`);
  return 1;
});
