import { setTimeout as pause } from 'node:timers/promises';
import { Latencies } from './latencies.ts';
import { bad, bold, good, grouped, journeyLine, say } from './screen.ts';
import type { Shop } from './shop.ts';
import type { Customers, Target } from './targets.ts';
import { eventually } from './waiting.ts';
import type { Customer, Workload } from './workload.ts';

/** How often a target is looked at: what a time may be off by. */
const lookEveryMs = 1;
const arriveMsMax = 30_000;
/** How long the targets have to catch up with everything, at the end of a counted run. */
const settleMsMax = 60_000;
const everyMs = 2_000;
/** Rows that one changes. */
export const rowsOfJourney = 3;

/** Changes that are followed all the way: from the commit until each target shows them. */
export class Journeys {
  readonly #workload: Workload;
  readonly #targets: readonly Target[];
  readonly #latencies = new Map<string, Latencies>();
  #lastMs = 0;

  constructor(workload: Workload, targets: readonly Target[]) {
    this.#workload = workload;
    this.#targets = targets;
    for (const { name } of targets) this.#latencies.set(name, new Latencies());
  }

  /** Waits until every target shows what was there before the first change. */
  async ready(abort: AbortSignal): Promise<void> {
    const customer = this.#workload.next();
    await eventually(settleMsMax, abort, async () => {
      for (const target of this.#targets)
        if (!target.changesOnly && !(await target.shows(customer))) throw new Error(`The ${target.name} has not come up.`);
    });
  }

  /** One, where it is time for it. */
  async nowAndThen(abort: AbortSignal): Promise<void> {
    if (performance.now() - this.#lastMs < everyMs) return;
    await this.one(abort);
    this.#lastMs = performance.now();
  }

  async one(abort: AbortSignal): Promise<void> {
    const before = this.#workload.next();
    for (const target of this.#targets) await target.prepare?.(before);
    const customer = await this.#workload.journey();
    const committedMs = performance.now();
    const arrivals = await Promise.all(
      this.#targets.map(async target => [target.name, await arrivalMs(target, customer, committedMs, abort)] as const),
    );
    for (const [name, ms] of arrivals) this.#latencies.get(name)!.add(ms ?? arriveMsMax);
    say(journeyLine(customer.id, new Map(arrivals)));
  }

  /** Compares what the targets hold with the database, when they have had their time. Answers whether all of it agrees. */
  async verify(shop: Shop, abort: AbortSignal): Promise<boolean> {
    const startedMs = performance.now();
    const customers = await customersOf(shop);
    let right = true;
    for (const target of this.#targets) {
      const latencies = this.#latencies.get(target.name)!;
      const faults: string[] = [];
      await eventually(settleMsMax, abort, async () => {
        faults.splice(0, faults.length, ...(await target.differences(customers)));
        if (faults.length > 0) throw new Error('not yet');
      }).catch(() => {});
      const way = `from commit ${latencies.text}`;
      const result = faults.length === 0 ? good('agrees with the database') : bad(`differs: ${faults.slice(0, 5).join('; ')}`);
      say(`  ${target.name.padEnd(9)}  ${result}  ${way}`);
      right &&= faults.length === 0;
    }
    const caughtUp = `${grouped(customers.size)} customers, ${Math.round(performance.now() - startedMs)} ms after the last change`;
    say(right ? bold(`The targets agree row by row: ${caughtUp}.`) : bad('The targets do not agree with the database.'));
    return right;
  }
}

/** Milliseconds from the commit until the target shows it; null where it has not within its time. */
async function arrivalMs(target: Target, customer: Customer, committedMs: number, abort: AbortSignal): Promise<number | null> {
  while (!abort.aborted && performance.now() - committedMs < arriveMsMax) {
    if (await target.shows(customer)) return performance.now() - committedMs;
    await pause(lookEveryMs);
  }
  return null;
}

async function customersOf(shop: Shop): Promise<Customers> {
  const customers = new Map<number, Customer & { spentCents: number; orders: number }>();
  for (const row of await shop.rows('users'))
    customers.set(Number(row['id']), { id: Number(row['id']), email: String(row['email']), orders: 0, spentCents: 0 });
  for (const row of await shop.rows('orders')) {
    const customer = customers.get(Number(row['customer_id']))!;
    customer.orders++;
    customer.spentCents += Number(row['total_cents']);
  }
  return customers;
}
