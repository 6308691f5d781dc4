import { caughtUp } from '../../conformance/mongodb-engine.ts';
import type { MongodbAddress } from '../../services/mongodb.ts';
import { ChangingMongoDatabase } from '../../support/changing-mongo-database.ts';
import type { Daemon } from '../../support/daemon.ts';
import { CapturedTask } from '../captured-task.ts';
import type { LogUnderFault } from '../logs.ts';

const connector = 'captured';

/** Waits of the daemon's own that would make a test long: for a server that answers, and between two attempts. */
export const impatient = {
  'mongodb.server.selection.timeout.ms': '1500',
  'mongodb.connect.timeout.ms': '1500',
  'mongodb.heartbeat.frequency.ms': '500',
  'retriable.restart.connector.wait.ms': '300',
};

/** A database under load, and a daemon that captures it into a log while faults strike. */
export class MongoCapture extends CapturedTask implements AsyncDisposable {
  readonly changing: ChangingMongoDatabase;
  readonly #server: MongodbAddress;
  readonly #log: LogUnderFault;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    server: MongodbAddress,
    changing: ChangingMongoDatabase,
    daemon: Daemon,
    log: LogUnderFault,
    resources: AsyncDisposableStack,
  ) {
    super(daemon, connector);
    this.#server = server;
    this.changing = changing;
    this.#log = log;
    this.#resources = resources;
  }

  /** Begins with the snapshot. `config` wins over what captures the database; with it the daemon may reach the server another way. */
  static async start(
    server: MongodbAddress,
    log: LogUnderFault,
    seed: number,
    config: Readonly<Record<string, string>> = {},
  ): Promise<MongoCapture> {
    await using resources = new AsyncDisposableStack();
    const changing = resources.use(await ChangingMongoDatabase.start(server, seed));
    const daemon = resources.use(await log.newDaemon());
    await daemon.start();
    const capture = new MongoCapture(server, changing, daemon, log, resources.move());
    await capture.rest.putConfig(connector, { ...changing.config, ...impatient, ...config });
    return capture;
  }

  /** Ends the load; then everything is in the log once and in order. Tells what was found. */
  async assertExactlyOnce(): Promise<string> {
    const { changing, daemon } = this;
    await changing.rest();
    await caughtUp(this.#server, changing.name, { client: this.rest, connector });
    return changing.assertPublished(this.#log.published(daemon, changing.topics));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
