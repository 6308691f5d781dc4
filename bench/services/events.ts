import { openSqliteEventStore } from '../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';
import { alternately, type Contender } from '../sinks/alternately.ts';
import { appendLatency, latencyText } from './append-latency.ts';
import { appendsPerSecond, appendTo, callers, streamOf } from './append-rate.ts';
import { type EmmettStore, emmettStoreOverOneConnection } from './emmett.ts';
import { orderLine } from './order-events.ts';

const rounds = 5;
const latencyPerSecond = 2000;
const rebuildEvents = 100_000;

const say = (text: string) => void process.stdout.write(`${text}\n`);
const whole = (value: number) => Math.round(value).toLocaleString('en');

async function ours(ms: number): Promise<number> {
  using folder = new ScratchFolder('bench-events');
  await using store = await openSqliteEventStore({ folder: folder.path });
  return await appendsPerSecond(ms, appendTo(store));
}

const emmettAppend = (store: EmmettStore, caller: number, number: number) =>
  store.appendToStream(`order-${streamOf(caller, number)}`, [{ type: 'LineAdded', data: orderLine(number) }]);

/**
 * One call after the other over one connection. Callers at once are more than it can take: over one connection they share a transaction that the last of
 * them commits, so that what is acknowledged is not durable; with a connection each SQLITE_BUSY ends the process.
 */
async function emmettInTurn(ms: number): Promise<number> {
  using folder = new ScratchFolder('bench-emmett');
  const { store, close } = await emmettStoreOverOneConnection(folder.file('emmett.db'));
  let last: Promise<unknown> = Promise.resolve();
  const perSecond = await appendsPerSecond(ms, (caller, number) => {
    last = last.then(() => emmettAppend(store, caller, number));
    return last;
  });
  close();
  return perSecond;
}

async function rebuild(events: number, withEmmett: boolean): Promise<void> {
  using folder = new ScratchFolder('bench-rebuild');
  const add = (state: number, quantity: number) => state + quantity;
  {
    await using store = await openSqliteEventStore({ folder: folder.path });
    const stream = { type: 'order', id: '1' };
    for (let number = 0; number < events; number += 5000) {
      const batch = Array.from({ length: Math.min(5000, events - number) }, (_, index) => ({
        type: 'LineAdded',
        data: orderLine(number + index),
      }));
      await store.append(stream, batch);
    }
    const evolution = {
      initial: () => 0,
      evolve: (state: number, { data }: { data: unknown }) => add(state, (data as { quantity: number }).quantity),
    };
    await measured('rebuild', events, async () => (await store.aggregate(stream, evolution)).state);
  }
  if (!withEmmett) return;
  const { store, close } = await emmettStoreOverOneConnection(folder.file('emmett.db'));
  for (let number = 0; number < events; number += 1000) {
    const batch = Array.from({ length: Math.min(1000, events - number) }, (_, index) => ({
      type: 'LineAdded',
      data: orderLine(number + index),
    }));
    await store.appendToStream('order-1', batch);
  }
  const options = {
    initialState: () => 0,
    evolve: (state: number, { data }: { data: object }) => add(state, (data as { quantity: number }).quantity),
  };
  await measured('rebuild, Emmett', events, async () => (await store.aggregateStream('order-1', options)).state);
  close();
}

/** Median of several, after one that warms up. */
async function measured(name: string, events: number, run: () => Promise<unknown>): Promise<void> {
  const found: { perSecond: number; perCore: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(cpu);
    if (round > 0) found.push({ perSecond: events / ((performance.now() - startedMs) / 1000), perCore: events / ((user + system) / 1e6) });
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  say(
    `${name} of ${whole(events)} events: ${whole(median(found.map(({ perSecond }) => perSecond)))} events/s, ` +
      `${whole(median(found.map(({ perCore }) => perCore)))} a second of processor time`,
  );
}

/** `npm run bench -- services events`: the SQLite event store beside Emmett's. `quick`: whether it works, without Emmett; no figures. */
export async function benchEvents({ quick, seconds }: { readonly quick: boolean; readonly seconds: number | null }): Promise<void> {
  const ms = quick ? 300 : 3000;
  const contenders: Contender[] = [{ name: 'event store', run: () => ours(ms) }];
  if (!quick) contenders.push({ name: 'Emmett, one call after the other', run: () => emmettInTurn(ms) });
  const [own, theirs] = await alternately(quick ? 1 : rounds, 'appends', contenders);
  say(`${callers} callers, one event an append, durable: ${whole(own!)} appends/s`);
  if (theirs !== undefined) say(`  Emmett’s SQLite store: ${whole(theirs)} appends/s; ours is ${(own! / theirs).toFixed(1)} times as fast`);
  {
    using folder = new ScratchFolder('bench-latency');
    await using store = await openSqliteEventStore({ folder: folder.path });
    say(latencyText(latencyPerSecond, await appendLatency(store, latencyPerSecond, seconds ?? (quick ? 1 : 10))));
  }
  await rebuild(quick ? 5000 : rebuildEvents, !quick);
}
