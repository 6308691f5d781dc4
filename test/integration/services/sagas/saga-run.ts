import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, EventLog, Logger, LogRecord } from '../../../../src/contract/index.ts';
import type { RunningService } from '../../../../src/services/hosting/service.ts';
import type { ShownInstance } from '../../../../src/services/sagas/runtime/saga-views.ts';
import { SagasService, type SagasSettings } from '../../../../src/services/sagas/runtime/sagas-service.ts';
import type { PinnedDefinition, SagaState } from '../../../../src/services/sagas/saga.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { until } from '../../../support/until.ts';
import { code } from '../../log-suite/suite.ts';
import { type PlainRecord, serializedBatch } from '../../serialized-batch.ts';

const never = new AbortController().signal;

/** `aheadMs`: what the sagas take for the time is so far ahead of the machine's clock. */
export type SagaRunOptions = Partial<Omit<SagasSettings, 'definitions'>> & { readonly logger?: Logger; readonly aheadMs?: number };

/** Sagas that run in the test's own process, as a worker would run them. */
export class SagaRun implements AsyncDisposable {
  readonly service: SagasService;
  readonly log: EventLog;
  readonly saga: string;
  readonly #running: RunningService;
  readonly #abort: AbortController;
  readonly #clock: ClockAhead;

  private constructor(
    log: EventLog,
    saga: string,
    service: SagasService,
    running: RunningService,
    abort: AbortController,
    clock: ClockAhead,
  ) {
    [this.log, this.saga, this.service, this.#running, this.#abort, this.#clock] = [log, saga, service, running, abort, clock];
  }

  /** Starts them; `ready` resolves when the first one runs. */
  static async start(log: EventLog, definitions: readonly PinnedDefinition[], options: SagaRunOptions = {}): Promise<SagaRun> {
    const { logger = silentLogger, aheadMs = 0, ...settings } = options;
    const service = new SagasService({
      startFrom: 'earliest',
      endedRetentionMs: 3_600_000,
      endedMax: 100_000,
      ...settings,
      definitions: async () => definitions,
    });
    const abort = new AbortController();
    const clock = new ClockAhead(aheadMs);
    const running = await service.start({
      log,
      logger,
      clock,
      pause: (delayMs, signal) => delay(delayMs, undefined, { signal }).catch(() => {}),
      random: Math.random,
      workerId: '127.0.0.1:8083',
      connectors: { states: () => null, revive: async () => {} },
      abort: abort.signal,
    });
    return new SagaRun(log, definitions[0]!.definition.name, service, running, abort, clock);
  }

  async ready(): Promise<this> {
    await until(() => this.service.overview().some(({ name, state }) => name === this.saga && state === 'running'), {
      what: `saga ${this.saga} to run: ${JSON.stringify(this.service.overview())}`,
      timeoutMs: 60_000,
    });
    return this;
  }

  /** Publishes records as somebody beside the sagas. */
  async publish(records: readonly PlainRecord[]): Promise<void> {
    await publish(this.log, records);
  }

  /** Lets so much time pass, whatever the machine does meanwhile. */
  async pass(ms: number): Promise<void> {
    this.#clock.aheadMs += ms;
    // A saga sleeps until what is due next by the clock as it was; an order wakes it.
    await assert.rejects(this.service.order(this.saga, '-', { action: 'retry', step: null, who: 'clock', why: 'time' }), code('NOT_FOUND'));
  }

  async reached(id: string, state: SagaState): Promise<ShownInstance> {
    return this.shows(id, `be ${state}`, shown => shown.state === state);
  }

  /** Waits for what an instance is to be. */
  async shows(id: string, what: string, is: (shown: ShownInstance) => boolean): Promise<ShownInstance> {
    let last: unknown = null;
    const look = async () => {
      try {
        const shown = await this.service.show(this.saga, id);
        last = shown.timeline.map(({ step, reason }) => `${step}: ${reason}`);
        return is(shown) ? shown : null;
      } catch (error) {
        last = (error as Error).message;
        return null;
      }
    };
    try {
      return await until(look, { what: `saga ${id} to ${what}`, timeoutMs: 60_000 });
    } catch (error) {
      throw new Error(`${(error as Error).message}; its timeline: ${JSON.stringify(last, null, 1)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running[Symbol.asyncDispose]();
  }
}

class ClockAhead implements Clock {
  aheadMs: number;

  constructor(aheadMs: number) {
    this.aheadMs = aheadMs;
  }

  nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  nowNs(): bigint {
    return BigInt(this.nowMs()) * 1_000_000n;
  }
}

let publishers = 0;

/** Appends records with a writer of their own. */
export async function publish(log: EventLog, records: readonly PlainRecord[]): Promise<void> {
  const task = { connector: `publisher-${process.pid}-${publishers++}`, task: 0 };
  await log.ensureTopics(
    [...new Set(records.map(({ topic }) => topic))].map(topic => ({ topic, partitions: -1, replicationFactor: -1, configs: {} })),
    never,
  );
  const writer = await log.writer(task, { producerOverrides: {}, transactional: true }, never);
  await writer.append({ records: serializedBatch(records), offsets: [] });
  await writer[Symbol.asyncDispose]();
}

/** An order that was placed. */
export const orderCreated = (prefix: string, orderId: string, amount = 10): PlainRecord => ({
  topic: `${prefix}-order-created`,
  key: orderId,
  value: JSON.stringify({ orderId, amount }),
});

export async function readTopic(log: EventLog, topic: string): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  if ((await log.describeTopics([topic])).length === 0) return found;
  for await (const records of log.read({ topics: [topic], from: 'start', follow: false }, never)) found.push(...records);
  return found;
}
