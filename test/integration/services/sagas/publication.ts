import { setTimeout as delay } from 'node:timers/promises';
import type { EventLog } from '../../../../src/contract/index.ts';
import { Supervisor } from '../../../../src/engine/supervisor/supervisor.ts';
import { runTask } from '../../../../src/engine/task.ts';
import { registry } from '../../../../src/registry.ts';
import type { SagaStore } from '../../../../src/services/sagas/runtime/saga-store.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };
const json = 'org.apache.kafka.connect.json.JsonConverter';

/** The connectors of a store, run in the test's own process as a worker runs them. */
export class Publication implements AsyncDisposable {
  readonly #supervisor: Supervisor;

  private constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  static async start(log: EventLog, store: SagaStore): Promise<Publication> {
    await store.prepare();
    const supervisor = new Supervisor({
      registry,
      placeholders: async config => ({ config, faults: [], warnings: [] }),
      defaults: {
        converters: {
          'key.converter': json,
          'value.converter': json,
          'header.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
        },
        topicCreation: true,
        exactlyOnce: true,
        overridePolicy: 'all',
        checkOverrides: null,
        checkConsumerOverrides: null,
      },
      runTask,
      pause: (delayMs, abort) => delay(delayMs, undefined, { signal: abort }).catch(() => {}),
      random: () => 0,
      clock,
      logger: silentLogger,
      connectorLogger: () => silentLogger,
      workerId: () => '127.0.0.1:8083',
      taskStopMsMax: 5_000,
    });
    const connectors = store.connectors.map(({ name, config }) => ({
      name,
      config: { ...config, name },
      targetState: 'STARTED' as const,
      file: 'worker.yaml',
    }));
    await supervisor.start(log, connectors);
    return new Publication(supervisor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor.stop();
  }
}
