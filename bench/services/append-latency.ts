import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EventStore } from '../../src/services/event-store/event-store.ts';
import { orderLine } from './order-events.ts';

const warmUpSeconds = 2;
const streams = 5000;

export type AppendLatency = { readonly p50Ms: number; readonly p99Ms: number; readonly mostMs: number; readonly stallP99Ms: number };

/** Appends whose times are fixed beforehand and wait for no answer; from the time that was due until the append is durable. */
export async function appendLatency(store: EventStore, perSecond: number, seconds: number): Promise<AppendLatency> {
  const total = (warmUpSeconds + seconds) * perSecond;
  const warm = warmUpSeconds * perSecond;
  const tookMs: number[] = [];
  const underWay: Promise<void>[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedMs = performance.now();
  const append = async (number: number) => {
    const dueMs = startedMs + (number / perSecond) * 1000;
    await store.append({ type: 'order', id: String(number % streams) }, [{ type: 'LineAdded', data: orderLine(number) }]);
    if (number >= warm) tookMs.push(performance.now() - dueMs);
  };
  await new Promise<void>(resolve => {
    let next = 0;
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * perSecond));
      if (next < warm && due >= warm) delay.enable();
      for (; next < due; next++) underWay.push(append(next));
      if (next < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(underWay);
  delay.disable();
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))]!;
  // The timer's own pace is no delay.
  return { p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1), stallP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 1) };
}

/** One line for people. */
export function latencyText(perSecond: number, { p50Ms, p99Ms, mostMs, stallP99Ms }: AppendLatency): string {
  return (
    `${perSecond.toLocaleString('en')} appends/s, from when it was due until durable: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ` +
    `most ${mostMs.toFixed(1)} ms; the caller’s thread was late by ${stallP99Ms.toFixed(1)} ms (p99)`
  );
}
