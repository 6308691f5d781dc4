import assert from 'node:assert/strict';
import type { TaskProgress } from '../../../src/engine/supervisor-states.ts';
import type { PostgresAddress } from '../../services/postgres.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import type { Daemon } from '../../support/daemon.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import type { LogUnderFault } from '../logs.ts';
import { assertSlotNotAhead } from '../strangers.ts';

const connector = 'captured';

/**
 * Server settings. A commit that was answered is on disk: what an unclean stop may lose was never told of. It also keeps the load to what
 * passes through a bad network.
 */
export const durableSettings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } as const;

/** Longer than any wait of the daemon's own: its pauses between attempts (here at most 300 ms) and the bound of a silent network. */
const recoveryMsMax = 60_000;

/** A database under load, and a daemon that captures it into a log while faults strike. */
export class Capture implements AsyncDisposable {
  readonly changing: ChangingDatabase;
  readonly daemon: Daemon;
  readonly rest: ConnectClient;
  readonly #log: LogUnderFault;
  readonly #resources: AsyncDisposableStack;

  private constructor(changing: ChangingDatabase, daemon: Daemon, log: LogUnderFault, resources: AsyncDisposableStack) {
    this.changing = changing;
    this.daemon = daemon;
    this.rest = new ConnectClient(daemon.url);
    this.#log = log;
    this.#resources = resources;
  }

  /** Begins with the snapshot. `config` wins over what captures the database; with it the daemon may reach the server another way. */
  static async start(
    server: PostgresAddress,
    log: LogUnderFault,
    seed: number,
    config: Readonly<Record<string, string>> = {},
  ): Promise<Capture> {
    await using resources = new AsyncDisposableStack();
    const changing = resources.use(await ChangingDatabase.start(server, seed));
    const daemon = resources.use(await log.newDaemon());
    await daemon.start();
    const capture = new Capture(changing, daemon, log, resources.move());
    await capture.rest.putConfig(connector, { ...changing.config, 'retriable.restart.connector.wait.ms': '300', ...config });
    return capture;
  }

  /** What the status endpoint says of the task. */
  async progress(): Promise<TaskProgress | undefined> {
    const { tasks } = await this.rest.call<{ tasks: readonly TaskProgress[] }>('GET', `/sluice/connectors/${connector}`);
    return tasks[0];
  }

  /** Waits until this many more records are durable; a task that fails ends the wait. */
  async advanced(records: number): Promise<void> {
    const before = (await this.progress())?.records ?? 0;
    const advanced = async () => {
      await this.rest.assertNotFailed(connector);
      return ((await this.progress())?.records ?? 0) >= before + records;
    };
    await this.#until(advanced, `${records} more records to be durable`);
  }

  /** Waits until the snapshot is over. */
  async streaming(): Promise<void> {
    await this.#until(async () => (await this.progress())?.phase === 'streaming', 'the stream to begin');
  }

  /** Waits until the task is tried again (for the `attempts`th time), and holds what is said of that: the reason, since when, and Connect's word. */
  async retrying(reason: RegExp, attempts = 1): Promise<void> {
    const toldAfter = Date.now() - recoveryMsMax;
    const told = async () => {
      await this.rest.assertNotFailed(connector);
      const retrying = (await this.progress())?.retrying;
      return retrying !== null && retrying !== undefined && retrying.attempts >= attempts && retrying;
    };
    const retrying = await this.#until(told, 'the task to be tried again');
    assert.match(retrying.reason, reason);
    assert.equal(retrying.code, 'DATABASE_UNAVAILABLE');
    assert.match(retrying.remedy, /the task goes on by itself/);
    const [since, next] = [Date.parse(retrying.since), Date.parse(retrying.next_attempt)];
    assert.ok(since >= toldAfter && since <= next, `since ${retrying.since}, next at ${retrying.next_attempt}`);
    const status = await this.rest.status(connector);
    assert.deepEqual(
      [status?.connector.state, status?.tasks[0]?.state, status?.tasks[0]?.trace],
      ['RUNNING', 'RUNNING', undefined],
      'Connect has no state for it',
    );
  }

  /** Waits until the task is well again, by itself. */
  async recovered(): Promise<void> {
    const well = async () => {
      await this.rest.assertNotFailed(connector);
      const progress = await this.progress();
      return progress?.state === 'RUNNING' && (progress.phase === 'snapshot' || progress.phase === 'streaming');
    };
    await this.#until(well, 'the task to go on by itself');
  }

  /** Ends the load; then everything is in the log once and in order, and the slot is at or behind what is durable. Tells what was found. */
  async assertExactlyOnce(): Promise<string> {
    const { changing, daemon } = this;
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => this.rest.assertNotFailed(connector), timeoutMs: recoveryMsMax });
    await this.assertSlotNotAhead();
    return changing.assertPublished(this.#log.published(daemon, changing.topics));
  }

  async assertSlotNotAhead(): Promise<void> {
    await assertSlotNotAhead(this.changing, () => this.#log.offsets(this.daemon, connector));
  }

  async #until<T>(condition: () => Promise<T>, what: string) {
    return until(condition, { what, timeoutMs: recoveryMsMax }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.daemon.log()}`, { cause: error });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
