import assert from 'node:assert/strict';
import type { TaskProgress } from '../../src/engine/supervisor/supervisor-states.ts';
import { ConnectClient, isMomentary } from '../support/connect-client.ts';
import type { Daemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** Longer than any wait of the daemon's own: its pauses between attempts (here at most 300 ms) and the bound of a silent network. */
export const recoveryMsMax = 60_000;

/**
 * What our own status endpoint says of a connector's first task; undefined also where a daemon that has just been started cannot say it yet: its
 * group may take longer to answer than a request waits for it.
 */
export async function taskOf(rest: ConnectClient, connector: string): Promise<TaskProgress | undefined> {
  try {
    return (await rest.call<{ tasks: readonly TaskProgress[] }>('GET', `/sluice/connectors/${connector}`)).tasks[0];
  } catch (error) {
    if (isMomentary(error)) return undefined;
    throw error;
  }
}

/** The task of a daemon's connector while faults strike, as REST tells of it. */
export class CapturedTask {
  readonly daemon: Daemon;
  readonly rest: ConnectClient;
  readonly connector: string;

  constructor(daemon: Daemon, connector: string) {
    this.daemon = daemon;
    this.rest = new ConnectClient(daemon.url);
    this.connector = connector;
  }

  /** What the status endpoint says of the task. */
  async progress(): Promise<TaskProgress | undefined> {
    return taskOf(this.rest, this.connector);
  }

  /** Waits until this many more records are durable; a task that fails ends the wait. */
  async advanced(records: number): Promise<void> {
    const before = (await this.progress())?.records ?? 0;
    const advanced = async () => {
      await this.rest.assertNotFailed(this.connector);
      return ((await this.progress())?.records ?? 0) >= before + records;
    };
    await this.until(advanced, `${records} more records to be durable`);
  }

  /** Waits until the snapshot is over. */
  async streaming(): Promise<void> {
    await this.until(async () => (await this.progress())?.phase === 'streaming', 'the stream to begin');
  }

  /**
   * Waits until the task is tried again (for the `attempts`th time), and judges what is said of that: the reason, which it gives, since when, and
   * Connect's word. `eventually`: it may have been tried again for another reason before.
   */
  async retrying(reason: RegExp, { attempts = 1, eventually = false } = {}): Promise<string> {
    const toldAfter = Date.now() - recoveryMsMax;
    const told = async () => {
      await this.rest.assertNotFailed(this.connector);
      const retrying = (await this.progress())?.retrying;
      if (!retrying || retrying.attempts < attempts) return false;
      // What may follow a break: its own former reader has not left the slot yet.
      if (retrying.code === 'SLOT_IN_USE') return false;
      return (!eventually || reason.test(retrying.reason)) && retrying;
    };
    const retrying = await this.until(told, 'the task to be tried again');
    assert.match(retrying.reason, reason);
    assert.equal(retrying.code, 'DATABASE_UNAVAILABLE');
    assert.match(retrying.remedy, /the task goes on by itself/);
    const [since, next] = [Date.parse(retrying.since), Date.parse(retrying.next_attempt)];
    assert.ok(since >= toldAfter && since <= next, `since ${retrying.since}, next at ${retrying.next_attempt}`);
    const status = await this.rest.status(this.connector);
    assert.deepEqual(
      [status?.connector.state, status?.tasks[0]?.state, status?.tasks[0]?.trace],
      ['RUNNING', 'RUNNING', undefined],
      'Connect has no state for it',
    );
    return retrying.reason;
  }

  /**
   * The same of a fault that is over as soon as it has struck: the task may be well again before anybody looks, and then it strikes once more.
   */
  async retryingAfter(strike: () => Promise<void>, reason: RegExp): Promise<void> {
    let told = false;
    const retrying = this.retrying(reason).finally(() => {
      told = true;
    });
    let missed: unknown = null;
    const struck = until(
      async () => {
        // There may be nothing to strike at the moment.
        if (!told)
          await strike().catch((error: unknown) => {
            missed = error;
          });
        return told;
      },
      { what: 'the fault to be told of', timeoutMs: 2 * recoveryMsMax, everyMs: 3_000 },
    ).catch((error: Error) => {
      throw new Error(error.message, { cause: missed });
    });
    await Promise.all([retrying, struck]);
  }

  /** Waits until the task is well again, by itself. */
  async recovered(): Promise<void> {
    const well = async () => {
      await this.rest.assertNotFailed(this.connector);
      const progress = await this.progress();
      return progress?.state === 'RUNNING' && (progress.phase === 'snapshot' || progress.phase === 'streaming');
    };
    await this.until(well, 'the task to go on by itself');
  }

  /** Waits for a condition; the end of the daemon's log goes with a failure. */
  async until<T>(condition: () => Promise<T>, what: string) {
    return until(condition, { what, timeoutMs: recoveryMsMax }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.daemon.log()}`, { cause: error });
    });
  }
}
