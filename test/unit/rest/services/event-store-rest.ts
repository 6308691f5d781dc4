import { noServices } from '../../../../src/rest/services/services.ts';
import type { EventStore } from '../../../../src/services/event-store/event-store.ts';
import { OpenEventStore } from '../../../../src/services/event-store/hosting/open-event-store.ts';
import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { type Answered, RestWorker, type RestWorkerSettings } from '../rest-worker.ts';

type Order = { readonly items: number; readonly paid: boolean };

export const aggregates = new Map([
  [
    'order',
    {
      initial: (): unknown => ({ items: 0, paid: false }),
      evolve: (state: unknown, { type }: { readonly type: string }): unknown => {
        const { items, paid } = state as Order;
        return { items: type === 'ItemAdded' ? items + 1 : items, paid: paid || type === 'OrderPaid' };
      },
    },
  ],
]);

/** A worker's REST over a store of its own. */
export class EventStoreRest implements AsyncDisposable {
  readonly folder = new ScratchFolder('rest-events');
  readonly stores = new OpenEventStore();
  readonly closing = new AbortController();
  readonly worker = new RestWorker();
  store: EventStore | null = null;

  async start(settings: RestWorkerSettings = {}): Promise<this> {
    this.store = await openSqliteEventStore({ folder: this.folder.file('store') });
    this.stores.set({ id: 'one', store: this.store, aggregates, closing: this.closing.signal, published: () => {} });
    await this.worker.start({ services: { ...noServices, eventStore: this.stores }, ...settings });
    return this;
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    return this.worker.call(method, `/event-store${path}`, body, headers);
  }

  append(stream: string, type: string, more: object = {}): Promise<Answered> {
    return this.call('POST', `/streams/${stream}`, { events: [{ type, data: {} }], ...more });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort();
    await this.worker[Symbol.asyncDispose]();
    await this.store?.[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}
