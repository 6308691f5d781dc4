import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../demo/waiting.ts';
import type { DemoWorker } from './worker.ts';

/** How long placing an order may take: in it the worker may be killed and started again. */
const placingMsMax = 60_000;
const articles = ['tea', 'coffee', 'cocoa', 'mate'];

export type Order = {
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
};

/** An order's instance as the worker lists it. */
export type Instance = {
  readonly correlation_id: string;
  readonly state: string;
  readonly started: string;
  readonly ended: string | null;
};

/** Places orders: each is an event in the event store, which publishes it, which starts its saga. */
export class Orders {
  readonly placed: Order[] = [];
  readonly #worker: DemoWorker;

  constructor(worker: DemoWorker) {
    this.#worker = worker;
  }

  /** Places the next order; its event's id is its own, so that however often it is sent, it is one. */
  async place(abort: AbortSignal): Promise<void> {
    const number = this.placed.length + 1;
    const quantity = 1 + (number % 3);
    const order: Order = {
      orderId: `o-${number}`,
      customerId: `c-${1 + (number % 7)}`,
      amountCents: quantity * (250 + (number % 5) * 100),
      items: [{ sku: articles[number % articles.length]!, quantity }],
    };
    const event = { id: `placed-${order.orderId}`, type: 'OrderCreated', data: order };
    await eventually(placingMsMax, abort, async () => {
      this.#worker.assertAlive();
      const response = await fetch(`${this.#worker.url}/event-store/streams/order:${order.orderId}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ events: [event] }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`The order was not placed: ${response.status} ${text}`);
    });
    this.placed.push(order);
  }

  /** So many a second, until aborted or there are enough. */
  async keepPlacing(perSecond: number, count: number, abort: AbortSignal): Promise<void> {
    while (this.placed.length < count && !abort.aborted) {
      await this.place(abort);
      await pause(1000 / perSecond, undefined, { signal: abort }).catch(() => {});
    }
  }

  /** The instances there are, the newest first; null while the worker does not answer. */
  async instances(limit: number): Promise<readonly Instance[] | null> {
    try {
      const response = await fetch(`${this.#worker.url}/sagas/order-processing/instances?limit=${limit}`);
      return response.ok ? ((await response.json()) as { readonly instances: readonly Instance[] }).instances : null;
    } catch {
      return null;
    }
  }
}
