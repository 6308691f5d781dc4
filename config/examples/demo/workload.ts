import { setTimeout as pause } from 'node:timers/promises';
import { emailOf, orderCount, priceOf, productCount, type Shop, user, userCount } from './shop.ts';

/** Actions a second of the lively shop: enough to watch, and still readable. */
const livelyActionsPerSecond = 12;
/** No action changes more rows than this: so near the end of a counted run, only actions of one row are taken. */
const rowsOfActionMax = 20;
const usersMin = 50;

/** What the shop is known to show of a customer. */
export type Customer = { readonly id: number; readonly email: string; readonly orders: number };

/** Changes a shop as its customers and its clerks would. Nobody else does, so it knows what is there. */
export class Workload {
  readonly #shop: Shop;
  /** Orders by customer, those that are placed and not yet shipped, and how often each address was changed. */
  readonly #orders = new Map<number, Set<number>>();
  readonly #open = new Set<number>();
  readonly #addresses = new Map<number, string>();
  #lastOrder = orderCount;
  #lastUser = userCount;
  #number = 0;

  constructor(shop: Shop) {
    this.#shop = shop;
    for (let id = 1; id <= userCount; id++) this.#orders.set(id, new Set(id <= orderCount ? [id] : []));
    for (let id = 1; id <= orderCount; id++) this.#open.add(id);
  }

  /** One action of the shop's day: one transaction. Answers how many rows it changed, never more than `rowsMax`. */
  async act(rowsMax = rowsOfActionMax): Promise<number> {
    const n = ++this.#number;
    const choice = rowsMax < rowsOfActionMax ? 99 : (n * 37) % 100;
    if (choice < 45) return this.#shop.transaction(() => this.#order(this.#someone(n), n));
    if (choice < 65) return this.#ship();
    if (choice < 75) return this.#register(n);
    if (choice < 85) return this.#cancel();
    if (choice < 90) return this.#leave();
    return this.#shop.update('products', [(n % productCount) + 1], { price_cents: priceOf(n) });
  }

  /** A customer orders, and has a new address from now on: in one transaction, three rows. */
  async journey(): Promise<Customer> {
    const n = ++this.#number;
    const id = this.#someone(n);
    const email = emailOf(id, n);
    await this.#shop.transaction(async () => {
      await this.#order(id, n);
      await this.#shop.update('users', [id], { email });
    });
    this.#addresses.set(id, email);
    return this.#customer(id);
  }

  /** The customer of the next journey. */
  next(): Customer {
    return this.#customer(this.#someone(this.#number + 1));
  }

  #customer(id: number): Customer {
    return { id, email: this.#addresses.get(id) ?? emailOf(id), orders: this.#orders.get(id)!.size };
  }

  #someone(n: number): number {
    const ids = [...this.#orders.keys()];
    return ids[(n * 7919) % ids.length]!;
  }

  async #order(customer: number, n: number): Promise<number> {
    const [id, product, quantity] = [++this.#lastOrder, (n % productCount) + 1, (n % 5) + 1];
    const totals = { quantity, total_cents: quantity * priceOf(product) };
    const ordered = await this.#shop.insert('orders', [{ id, customer_id: customer, product_id: product, ...totals, state: 'placed' }]);
    this.#orders.get(customer)!.add(id);
    this.#open.add(id);
    return ordered + (await this.#shop.update('products', [product], { stock: 1_000_000 - n }));
  }

  /** Several rows in one statement. */
  async #ship(): Promise<number> {
    const ids = [...this.#open].slice(0, 4);
    for (const id of ids) this.#open.delete(id);
    return ids.length === 0 ? 0 : this.#shop.update('orders', ids, { state: 'shipped' });
  }

  async #cancel(): Promise<number> {
    const id = [...this.#open].at(-1);
    if (id === undefined) return 0;
    this.#open.delete(id);
    for (const orders of this.#orders.values()) orders.delete(id);
    return this.#shop.remove('orders', [id]);
  }

  #register(n: number): Promise<number> {
    const id = ++this.#lastUser;
    this.#orders.set(id, new Set());
    return this.#shop.insert('users', [user(id, `Newcomer ${n} ✓`)]);
  }

  /** The orders go with the customer, in one transaction. A customer of many orders is kept. */
  async #leave(): Promise<number> {
    const [found] = [...this.#orders].filter(([, orders]) => orders.size < rowsOfActionMax);
    if (!found || this.#orders.size <= usersMin) return 0;
    const [id, orders] = found;
    this.#orders.delete(id);
    for (const order of orders) this.#open.delete(order);
    return this.#shop.transaction(async () => {
      const removed = orders.size === 0 ? 0 : await this.#shop.remove('orders', [...orders]);
      return removed + (await this.#shop.remove('users', [id]));
    });
  }

  /** Keeps the shop busy until it is told to stop. `between`: after each action. */
  async lively(abort: AbortSignal, between: () => Promise<void>): Promise<void> {
    while (!abort.aborted) {
      await this.act();
      await between();
      await pause(1000 / livelyActionsPerSecond, undefined, { signal: abort }).catch(() => {});
    }
  }

  /** Changes exactly so many rows, as fast as one client can; fewer where it is told to stop. */
  async change(rows: number, abort: AbortSignal): Promise<void> {
    for (let changed = 0; changed < rows && !abort.aborted; ) changed += await this.act(rows - changed);
  }
}
