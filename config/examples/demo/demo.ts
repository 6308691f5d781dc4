// npm run demo: a real database, a small shop with customers, and the daemon on its embedded log; how a change comes into the log, and how the view,
// the cache and the index follow. Everything it starts it ends. `npm run demo -- --help` lists what else it can be asked for.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type DemoArguments, demoArguments } from './arguments.ts';
import { prepare, type Running } from './flow.ts';
import { History } from './history.ts';
import { Journeys, rowsOfJourney } from './journeys.ts';
import { Latencies } from './latencies.ts';
import { LogReading } from './reading.ts';
import { bad, bold, faint, say } from './screen.ts';
import { fill } from './shop.ts';
import { Show } from './show.ts';
import { Sluice } from './sluice.ts';
import { verify } from './verification.ts';
import { eventually, Hopeless } from './waiting.ts';
import { Workload } from './workload.ts';

/** Without a single further change, a counted run gives up waiting for the rest after this time. */
const settleMsMax = 30_000;
/** How often the connectors are asked how they are. */
const watchEveryMs = 1_000;
/** Journeys of a counted run, as far as its changes suffice for them. */
const journeysMax = 5;

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

/** Waits until so many changes have been read, and nothing more is in the log; or until no further one comes. */
async function settled(sluice: Sluice, reading: LogReading, changes: () => number, wanted: number): Promise<void> {
  for (let before = -1; before < changes(); ) {
    before = changes();
    try {
      return await eventually(settleMsMax, stop.signal, async () => {
        await sluice.assertWell();
        if (changes() < wanted || !(await reading.complete())) throw new Error('Not all changes have come into the log.');
      });
    } catch (error) {
      if (error instanceof Hopeless || stop.signal.aborted) throw error;
    }
  }
}

/** The lively shop, as long as the connectors are well. */
async function untilStopped(workload: Workload, journeys: Journeys, sluice: Sluice): Promise<void> {
  const ended = new AbortController();
  const abort = AbortSignal.any([stop.signal, ended.signal]);
  const work = workload.lively(abort, () => journeys.nowAndThen(abort));
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

/** A few journeys, then the rest of the changes as fast as one client can. */
async function counted(workload: Workload, journeys: Journeys, wanted: number): Promise<void> {
  const count = Math.min(journeysMax, Math.floor(wanted / rowsOfJourney));
  for (let n = 0; n < count && !stop.signal.aborted; n++) await journeys.one(stop.signal);
  await workload.change(wanted - count * rowsOfJourney, stop.signal);
}

/** Runs the shop and follows the log. Answers the exit code. */
async function run({ shop, targets }: Running, rows: number, sluice: Sluice, { changes: wanted }: DemoArguments): Promise<number> {
  await using reading = await LogReading.open(sluice, stop.signal);
  const [history, latencies, show] = [new History(), new Latencies(), new Show(sluice.statusUrl, wanted !== null)];
  const workload = new Workload(shop);
  const journeys = new Journeys(workload, targets);
  const finished = new AbortController();
  let [seen, work] = [0, null as Promise<void> | null];
  const busy = async () => {
    await eventually(settleMsMax, stop.signal, () => sluice.assertWell().then(() => journeys.ready(stop.signal)));
    if (wanted === null) return untilStopped(workload, journeys, sluice);
    await counted(workload, journeys, wanted);
    await settled(sluice, reading, () => seen - rows, wanted);
  };
  try {
    for await (const changes of reading.changes(AbortSignal.any([stop.signal, finished.signal]))) {
      for (const logged of changes) {
        seen++;
        history.apply(logged.change);
        if (logged.change.op !== 'r' && logged.latencyMs !== null) latencies.add(logged.latencyMs);
        show.add(logged);
      }
      if (work === null && seen >= rows) {
        show.snapshotComplete();
        work = busy();
        work.catch(() => {}).finally(() => finished.abort());
      }
    }
  } finally {
    show.end();
  }
  if (work !== null) await work;
  if (stop.signal.aborted) return wanted === null ? 0 : 130;
  const logRight = await verify(shop, history, latencies, wanted ?? 0);
  return (await journeys.verify(shop, stop.signal)) && logRight ? 0 : 1;
}

async function main(): Promise<number> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  await chmod(folder, 0o711);
  say(bold(`Starting ${[arguments_.source, ...arguments_.with].join(', ')}, with a small shop in it ...`));
  const running = await prepare(arguments_, folder, resources, stop.signal);
  await running.shop.create();
  const rows = await fill(running.shop);
  say(bold('Starting Sluice ...'));
  const sluice = resources.use(await Sluice.start(folder, running.flow, stop.signal));
  say(`${bold(`Its admin URL: ${sluice.url}`)} ${faint(`(it answered after ${sluice.startMs} ms)`)}; try: curl -s '${sluice.statusUrl}'`);
  let ending = false;
  resources.defer(async () => {
    ending = true;
  });
  void sluice.ended.then(() => {
    if (!ending) stop.abort(); // by itself: `assertWell` says why
  });
  const code = await run(running, rows, sluice, arguments_);
  await sluice.assertWell();
  return code;
}

process.exitCode = await main().catch(error => {
  if (stop.signal.aborted && !(error instanceof Hopeless)) return arguments_.changes === null ? 0 : 130;
  process.stderr.write(`${bad((error as Error).message)}\n`);
  return 1;
});
