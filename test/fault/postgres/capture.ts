import type { PostgresAddress } from '../../services/postgres.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import type { Daemon } from '../../support/daemon.ts';
import { settled } from '../../support/settled.ts';
import { CapturedTask } from '../captured-task.ts';
import type { LogUnderFault } from '../logs.ts';
import { assertSlotNotAhead } from '../strangers.ts';

const connector = 'captured';
/** For all that has been committed while faults struck. */
const backlogMsMax = 180_000;

/**
 * Server settings. A commit that was answered is on disk: what an unclean stop may lose was never told of. It also keeps the load to what
 * passes through a bad network.
 */
export const durableSettings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } as const;

/** A database under load, and a daemon that captures it into a log while faults strike. */
export class Capture extends CapturedTask implements AsyncDisposable {
  readonly changing: ChangingDatabase;
  readonly #log: LogUnderFault;
  readonly #resources: AsyncDisposableStack;

  private constructor(changing: ChangingDatabase, daemon: Daemon, log: LogUnderFault, resources: AsyncDisposableStack) {
    super(daemon, connector);
    this.changing = changing;
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

  /** Waits until all that is committed by now is durable; the load goes on. */
  async behindNow(): Promise<void> {
    const { database, slot } = this.changing;
    await settled(database, slot, { check: () => this.rest.assertNotFailed(connector), timeoutMs: backlogMsMax });
  }

  /** Ends the load; then everything is in the log once and in order, and the slot is at or behind what is durable. Tells what was found. */
  async assertExactlyOnce(): Promise<string> {
    const { changing, daemon } = this;
    await changing.rest();
    // It went on while the way to the server was narrow or closed.
    await this.behindNow();
    await this.assertSlotNotAhead();
    return changing.assertPublished(this.#log.published(daemon, changing.topics));
  }

  async assertSlotNotAhead(): Promise<void> {
    await assertSlotNotAhead(this.changing, () => this.#log.offsets(this.daemon, connector));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
