import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readSagas } from '../../src/cli/sagas-of-worker.ts';
import type { EventLog, Logger } from '../../src/contract/index.ts';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { instancesTopicOf } from '../../src/services/sagas/runtime/saga-topics.ts';
import { SagasService } from '../../src/services/sagas/runtime/sagas-service.ts';
import { recordsBatch } from './records-batch.ts';
import { ToyService } from './toy-services.ts';

/** What is measured: sagas as fast as they go, and so many a second for so long. */
type SagaBench = { readonly sagas: number; readonly perSecond: number; readonly latencySeconds: number };

type SagaFigures = {
  /** Three-step sagas from placing the order to the instance's end, as fast as they go. */
  readonly sagasPerSecond: number;
  /** At `perSecond`: from when an order was due, whether it could be appended then or not, to the durable end, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** `npm run bench -- services sagas`: the seed's order saga on the embedded log. */
export async function benchSagas({ quick, seconds }: { readonly quick: boolean; readonly seconds: number | null }): Promise<void> {
  const latencySeconds = seconds ?? (quick ? 5 : 20);
  const { sagasPerSecond, p50Ms, p99Ms } = await measureSagas({ sagas: quick ? 5_000 : 30_000, perSecond: 200, latencySeconds });
  process.stdout.write(
    `Three-step sagas, embedded log, services in the same process: ${Math.round(sagasPerSecond)}/s; at 200/s p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms\n`,
  );
}

const quiet: Logger = {
  debug() {},
  info() {},
  warn: (_, message) => void process.stderr.write(`${message}\n`),
  error() {},
  child: () => quiet,
};
const definition = join(import.meta.dirname, '..', '..', 'config', 'examples', 'order-saga', 'sagas', 'order-processing.yaml');
const never = new AbortController().signal;

/** Runs the seed's order saga on an embedded log, with its three services in the same process, each durable for itself. */
async function measureSagas(settings: SagaBench): Promise<SagaFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-sagas-'));
  try {
    await using log = await openEmbeddedLog({ dataDir: folder, logger: quiet });
    const definitions = await readSagas([definition]);
    const saga = definitions[0]!.definition.name;
    const service = new SagasService({
      definitions: async () => definitions,
      startFrom: 'earliest',
      endedRetentionMs: 86_400_000,
      endedMax: 1_000_000,
    });
    const running = await service.start({
      log,
      logger: quiet,
      clock: { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n },
      pause: (delayMs, signal) => delay(delayMs, undefined, { signal }).catch(() => {}),
      random: Math.random,
      workerId: 'bench',
      connectors: { states: () => null, revive: async () => {} },
      abort: never,
    });
    while (service.overview()[0]?.state !== 'running') await delay(10);
    const services = await Promise.all(['inventory', 'payment', 'order'].map(name => ToyService.open(log, `${name}-commands`)));
    const ends = new Ends(log, instancesTopicOf(saga));
    const sagasPerSecond = await throughput(log, ends, settings.sagas);
    const latencies = await paced(log, ends, settings);
    ends.stop();
    for (const one of services) await one[Symbol.asyncDispose]();
    await running[Symbol.asyncDispose]();
    latencies.sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!;
    return { sagasPerSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sees from the log itself when an instance has ended: what it sees is durable. */
class Ends {
  readonly endedMs = new Map<string, number>();
  readonly #abort = new AbortController();

  constructor(log: EventLog, topic: string) {
    void this.#follow(log, topic);
  }

  stop(): void {
    this.#abort.abort();
  }

  async #follow(log: EventLog, topic: string): Promise<void> {
    for await (const records of log.read({ topics: [topic], from: 'start', follow: true }, this.#abort.signal)) {
      const nowMs = performance.now();
      for (const { key, value } of records)
        if (key !== null && value !== null && Buffer.from(value).includes('"state":"completed"')) {
          const id = Buffer.from(key).toString();
          const orderId = id.slice(id.indexOf(':') + 1);
          if (!this.endedMs.has(orderId)) this.endedMs.set(orderId, nowMs);
        }
    }
  }
}

const order = (orderId: string) => ({
  topic: 'order-created',
  key: orderId,
  value: JSON.stringify({ orderId, customerId: 'c-1', amountCents: 4200, items: [{ sku: 'tea', quantity: 2 }] }),
});

async function throughput(log: EventLog, ends: Ends, sagas: number): Promise<number> {
  await using writer = await log.writer({ connector: 'orders', task: 0 }, { producerOverrides: {}, transactional: true }, never);
  const startMs = performance.now();
  for (let at = 0; at < sagas; at += 500) {
    await writer.room();
    const records = Array.from({ length: Math.min(500, sagas - at) }, (_, index) => order(`b-${at + index}`));
    await writer.append({ records: recordsBatch(records), offsets: [] });
  }
  while (ends.endedMs.size < sagas) await delay(5);
  return sagas / ((performance.now() - startMs) / 1000);
}

async function paced(log: EventLog, ends: Ends, { perSecond, latencySeconds }: SagaBench): Promise<number[]> {
  await using writer = await log.writer({ connector: 'orders', task: 0 }, { producerOverrides: {}, transactional: true }, never);
  const placedMs = new Map<string, number>();
  const startMs = performance.now();
  const count = perSecond * latencySeconds;
  for (let index = 0; index < count; index++) {
    const dueMs = startMs + (index * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const orderId = `p-${index}`;
    placedMs.set(orderId, dueMs);
    void writer.append({ records: recordsBatch([order(orderId)]), offsets: [] });
  }
  while (![...placedMs.keys()].every(orderId => ends.endedMs.has(orderId))) await delay(20);
  return [...placedMs].map(([orderId, atMs]) => ends.endedMs.get(orderId)! - atMs);
}
