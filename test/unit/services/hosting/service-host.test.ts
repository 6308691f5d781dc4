import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventLog, SluiceError } from '../../../../src/contract/index.ts';
import type { RunningService, Service, ServiceContext } from '../../../../src/services/hosting/service.ts';
import { ServiceHost, serviceStopMsMax } from '../../../../src/services/hosting/service-host.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { until } from '../../../support/until.ts';

/** A service that does what a test says. */
class ScriptedService implements Service {
  readonly name = 'scripted';
  readonly connectors = [{ name: 'scripted-publication', config: {} }];
  readonly metrics = [];
  starts = 0;
  open = 0;
  context: ServiceContext | null = null;
  #failing = Promise.withResolvers<never>();
  /** What starting waits for. */
  starting: () => Promise<void> = async () => {};
  disposing: () => Promise<void> = async () => {};

  async start(context: ServiceContext): Promise<RunningService> {
    this.starts++;
    this.context = context;
    await this.starting();
    this.open++;
    this.#failing = Promise.withResolvers();
    const { promise } = this.#failing;
    return {
      failed: promise,
      health: () => ({ open: this.open }),
      [Symbol.asyncDispose]: async () => {
        this.open--;
        await this.disposing();
      },
    };
  }

  fail(error: Error): void {
    this.#failing.reject(error);
  }
}

class Hosted implements AsyncDisposable {
  readonly service = new ScriptedService();
  readonly pauses: number[] = [];
  nowMs = 1_000_000;
  /** What ending the host waits for where services do not end. */
  patience: Promise<void> = new Promise(() => {});
  readonly host = new ServiceHost({
    services: [this.service],
    logger: () => silentLogger,
    clock: { nowMs: () => this.nowMs, nowNs: () => 0n },
    pause: async delayMs => {
      if (delayMs === serviceStopMsMax) await this.patience;
      else this.pauses.push(delayMs);
    },
    random: () => 0,
    workerId: () => '127.0.0.1:1',
    connectors: { states: () => null, revive: async () => {} },
  });

  start(): this {
    // The scripted service asks nothing of it.
    this.host.start({ kind: 'none' } as EventLog);
    return this;
  }

  get state() {
    return this.host.view('scripted').state;
  }

  async becomes(state: string): Promise<void> {
    await until(() => this.state === state, { what: `the state ${state}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop();
  }
}

describe('a service of the worker', () => {
  test('runs, answers for itself, and is closed when the worker stops', async () => {
    await using hosted = new Hosted();
    assert.equal(hosted.state, 'starting');
    hosted.start();
    await hosted.becomes('running');
    const { connectors, restarts, health, retrying } = hosted.host.view('scripted');
    assert.deepEqual(
      { connectors, restarts, health, retrying },
      { connectors: ['scripted-publication'], restarts: 0, health: { open: 1 }, retrying: null },
    );
    await hosted.host.stop();
    assert.equal(hosted.state, 'stopped');
    assert.equal(hosted.service.open, 0);
    assert.equal(hosted.service.context?.abort.aborted, true);
    assert.equal(hosted.host.view('scripted').health, null);
  });

  test('that cannot start is tried again with growing pauses, up to a bound, and says why', async () => {
    await using hosted = new Hosted();
    let refused = 0;
    hosted.service.starting = async () => {
      if (++refused <= 9) throw new SluiceError('STORE_UNAVAILABLE', 'the server is away');
    };
    hosted.start();
    await hosted.becomes('running');
    assert.deepEqual(hosted.pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    assert.equal(hosted.host.view('scripted').restarts, 9);
    assert.equal(hosted.service.open, 1);
  });

  test('that fails is closed and started again, and is told of meanwhile', async () => {
    const hosted = new Hosted();
    await using _ = hosted.start();
    await hosted.becomes('running');
    const again = Promise.withResolvers<void>();
    hosted.service.starting = () => again.promise;
    hosted.service.fail(new SluiceError('STORE_FAILED', 'the file is gone'));
    await until(() => hosted.service.starts === 2, { what: 'the second start' });
    const { state, retrying } = hosted.host.view('scripted');
    assert.equal(state, 'starting');
    assert.equal(retrying?.code, 'STORE_FAILED');
    assert.equal(retrying.reason, 'the file is gone');
    assert.equal(hosted.service.open, 0, 'what failed is closed');
    again.resolve();
    await hosted.becomes('running');
    assert.equal(hosted.host.view('scripted').retrying, null);
    assert.deepEqual(hosted.pauses, [500]);
  });

  test('that has run for long begins again with the shortest pause', async () => {
    await using hosted = new Hosted().start();
    for (const [ranMs, pauseMs] of [
      [0, 500],
      [1000, 1000],
      [60_000, 500],
    ] as const) {
      await hosted.becomes('running');
      const { starts } = hosted.service;
      hosted.nowMs += ranMs;
      hosted.service.fail(new Error('broken'));
      await until(() => hosted.service.starts === starts + 1, { what: 'the next start' });
      assert.equal(hosted.pauses.at(-1), pauseMs);
    }
  });

  test('that is being started when the worker stops is waited for and closed', async () => {
    const hosted = new Hosted();
    const opened = Promise.withResolvers<void>();
    hosted.service.starting = () => opened.promise;
    hosted.start();
    await until(() => hosted.service.starts === 1, { what: 'the start' });
    let stopped = false;
    const stopping = hosted.host.stop().then(() => {
      stopped = true;
    });
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(stopped, false);
    opened.resolve();
    await stopping;
    assert.equal(hosted.service.open, 0);
    assert.equal(hosted.service.starts, 1);
  });

  test('whose start hangs when the worker stops is not waited for without end', async () => {
    const hosted = new Hosted();
    hosted.service.starting = () => new Promise(() => {});
    hosted.patience = Promise.resolve();
    hosted.start();
    await until(() => hosted.service.starts === 1, { what: 'the start' });
    await hosted.host.stop();
  });

  test('that does not end cleanly ends all the same', async () => {
    await using hosted = new Hosted().start();
    hosted.service.disposing = async () => {
      throw new Error('still busy');
    };
    await hosted.becomes('running');
    await hosted.host.stop();
    assert.equal(hosted.state, 'stopped');
  });

  test('that there is not is not found', () => {
    assert.throws(() => new Hosted().host.view('other'), /There is no service other here \(there are scripted\)/);
  });
});
