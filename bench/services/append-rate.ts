import type { EventStore } from '../../src/services/event-store/event-store.ts';
import { orderLine } from './order-events.ts';

/** Callers at a time, each of which waits for its last append before it sends the next. */
export const callers = 64;
const streamsOfCaller = 50;

export type Append = (caller: number, number: number) => Promise<unknown>;

/** Appends that were acknowledged, a second. */
export async function appendsPerSecond(ms: number, append: Append): Promise<number> {
  const startedMs = performance.now();
  let count = 0;
  const call = async (caller: number) => {
    for (let number = 0; performance.now() - startedMs < ms; number++) {
      await append(caller, number);
      count++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return count / ((performance.now() - startedMs) / 1000);
}

/** Each caller has streams of its own. */
export const streamOf = (caller: number, number: number) => `${caller}-${number % streamsOfCaller}`;

/** One event an append. */
export const appendTo =
  (store: EventStore): Append =>
  (caller, number) =>
    store.append({ type: 'order', id: streamOf(caller, number) }, [{ type: 'LineAdded', data: orderLine(number) }]);
