// npm run demo -- --services: orders, each led by a saga through an inventory, a payment and an order service, one of which is flaky; and a worker that
// is killed in the middle of it. Everything it starts it ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bad, bold, faint, good, say } from '../../demo/screen.ts';
import { eventually, Hopeless } from '../../demo/waiting.ts';
import { balance } from './balance.ts';
import { Orders } from './orders.ts';
import { DemoWorker } from './worker.ts';

const usage = `npm run demo -- --services                  orders and their sagas, until q or Ctrl-C; k kills the worker and starts it again
npm run demo -- --services --orders 200     ends by itself, having killed the worker once in the middle; without a terminal 100 orders
`;

const perSecond = 20;
const ordersDefault = 100;
/** Orders of a demo that nobody ends. */
const ordersMax = 9_000;
const lookEveryMs = 200;
/** Behind the last order: a step that got no answer is waited for five seconds, and sent again. */
const settleMsMax = 60_000;

const wanted = ordersOf(process.argv.slice(2));
const stop = new AbortController();
const enough = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (enough.signal.aborted ? stop : enough).abort());
process.stdout.on('error', () => stop.abort());

/** null: until somebody ends it. */
function ordersOf(args: readonly string[]): number | null {
  const options = { services: { type: 'boolean' }, orders: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  let given: { readonly orders?: string; readonly help?: boolean };
  try {
    given = parseArgs({ args: [...args], options }).values;
    if (given.orders !== undefined && !/^[1-9]\d{0,3}$/.test(given.orders))
      throw new Error(`--orders takes a number of orders, such as 200.`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
  if (given.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  return given.orders === undefined ? (process.stdin.isTTY ? null : ordersDefault) : Number(given.orders);
}

async function kill(worker: DemoWorker): Promise<void> {
  say(bad('--- kill -9 ---'));
  const ms = await worker.killAndStart();
  say(good(`--- the worker runs again, after ${ms} ms: every saga goes on where it was ---`));
}

/** Keys of whoever watches: k kills, q ends. */
function listen(onKill: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  stdin.setRawMode(true);
  stdin.on('data', (data: Buffer) => {
    const key = data.toString();
    if (key === 'k') onKill();
    if (key === 'q' || key === '\u0003') (enough.signal.aborted ? stop : enough).abort();
  });
  stdin.resume();
  return () => {
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** Shows each order once it has ended. Answers how many have. */
function showing(orders: Orders): () => Promise<number> {
  const shown = new Set<string>();
  return async () => {
    for (const { correlation_id: id, state, started, ended } of (await orders.instances(1_000))?.toReversed() ?? []) {
      if (ended === null || shown.has(id)) continue;
      shown.add(id);
      const tookMs = Date.parse(ended) - Date.parse(started);
      const what = state === 'completed' ? good('confirmed  ') : bad('compensated');
      say(
        `${what} ${bold(id.padStart(6))}  ${faint(`${tookMs} ms${tookMs > 3_000 ? ', an answer was lost and the command sent again' : ''}`)}`,
      );
    }
    return shown.size;
  };
}

async function main(): Promise<number> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  say(bold('Starting Sluice, with an event store, the order saga and three services ...'));
  const worker = resources.use(await DemoWorker.start(folder, stop.signal));
  say(`${bold(`Its admin URL: ${worker.url}`)}  ${faint(`curl -s ${worker.url}/sagas/order-processing/instances`)}`);
  let killing: Promise<void> = Promise.resolve();
  const killNow = () => {
    killing = killing.then(() => kill(worker));
    killing.catch(() => stop.abort());
  };
  const silence = listen(killNow);
  resources.defer(async () => silence());
  if (process.stdin.isTTY) say(faint('k kills the worker and starts it again, q ends'));
  const orders = new Orders(worker);
  const show = showing(orders);
  const looking = new AbortController();
  const shows = (async () => {
    while (!looking.signal.aborted) {
      await show();
      await pause(lookEveryMs, undefined, { signal: looking.signal }).catch(() => {});
    }
  })();
  const count = wanted ?? ordersMax;
  const abort = AbortSignal.any([stop.signal, enough.signal]);
  const half = wanted === null ? null : Math.max(1, Math.floor(count / 2));
  if (half !== null) await orders.keepPlacing(perSecond, half, abort);
  // Nobody presses a key.
  if (half !== null && !abort.aborted) killNow();
  await orders.keepPlacing(perSecond, count, abort).catch(error => {
    if (!abort.aborted) throw error;
  });
  await killing;
  await eventually(settleMsMax, stop.signal, async () => {
    worker.assertAlive();
    const ended = await show();
    if (ended < orders.placed.length) throw new Error(`${orders.placed.length - ended} orders have not come to their end.`);
  });
  looking.abort();
  await shows;
  const instances = (await orders.instances(10_000)) ?? [];
  return balance(folder, orders.placed, instances) ? 0 : 1;
}

process.exitCode = await main().catch(error => {
  if (stop.signal.aborted && !(error instanceof Hopeless)) return 130;
  process.stderr.write(`${bad((error as Error).message)}\n`);
  return 1;
});
