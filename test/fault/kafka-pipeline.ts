import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ErrorCode } from '../../src/contract/index.ts';
import type { TaskProgress } from '../../src/engine/supervisor/supervisor-states.ts';
import { kafkaClient } from '../services/kafka.ts';
import { ChangingDatabase } from '../support/changing-database.ts';
import { ConnectClient, RestError } from '../support/connect-client.ts';
import { type Daemon, startDaemon, type WorkerSettings } from '../support/daemon.ts';
import { sharedPostgres } from '../support/servers.ts';
import { settled } from '../support/settled.ts';
import { until } from '../support/until.ts';
import { workerGroup } from '../support/worker-group.ts';
import { assertSlotNotAhead, offsetsForConsoleConsumer, publishedForConsoleConsumer } from './strangers.ts';

/** How long a fault may take to show itself, or to heal: request time-outs and back-off included. */
const patienceMs = 120_000;

export type KafkaPipelineSettings = {
  readonly seed: number;
  /** By what the daemon reaches Kafka. */
  readonly bootstrapServers: string;
  /** By what those who look on reach it; left out: the same way. */
  readonly direct?: string;
  readonly worker?: WorkerSettings;
  readonly connector?: Readonly<Record<string, string>>;
};

/** A database under load, captured by a daemon into a Kafka that fails; and what must be true of it whatever fails. */
export class KafkaPipeline implements AsyncDisposable {
  readonly connector = 'faulty';
  readonly changing: ChangingDatabase;
  readonly daemon: Daemon;
  readonly rest: ConnectClient;
  readonly worker: WorkerSettings;
  readonly #direct: string;
  /** When it was last asked and found well. */
  #wellMs = 0;
  /** Of the tasks that were, and of the one that is, as it was last asked. */
  #formerRecords = 0;
  #taskRecords = 0;

  private constructor(changing: ChangingDatabase, daemon: Daemon, worker: WorkerSettings, direct: string) {
    this.changing = changing;
    this.daemon = daemon;
    this.worker = worker;
    this.rest = new ConnectClient(daemon.url);
    this.#direct = direct;
  }

  static async start({ seed, bootstrapServers, direct, worker, connector }: KafkaPipelineSettings): Promise<KafkaPipeline> {
    await using stack = new AsyncDisposableStack();
    const changing = stack.use(await ChangingDatabase.start(await sharedPostgres(18), seed));
    const settings = { 'bootstrap.servers': bootstrapServers, ...workerGroup('faulty'), ...worker };
    const pipeline = new KafkaPipeline(changing, stack.use(await startDaemon(settings)), settings, direct ?? bootstrapServers);
    await pipeline.rest.putConfig(pipeline.connector, { ...changing.config, ...connector });
    stack.move();
    return pipeline;
  }

  /** Connect's own name of the task's producer. */
  get transactionalId(): string {
    return `${this.worker['group.id']}-${this.connector}-0`;
  }

  get offsetsTopic(): string {
    return this.worker['offset.storage.topic']!;
  }

  /** What our own status endpoint says of the task; null before there is one. */
  async progress(): Promise<TaskProgress | null> {
    const path = `/sluice/connectors/${this.connector}`;
    try {
      const [task] = (await this.rest.call<{ tasks: readonly TaskProgress[] }>('GET', path)).tasks;
      return task === undefined ? null : { ...task, records: this.#recordsOf(task) };
    } catch (error) {
      // The worker has not read it from the config topic yet, or its group is just sharing out the tasks.
      if (error instanceof RestError && [404, 409].includes(error.status)) return null;
      throw error;
    }
  }

  /** A worker that was put out of its group has a new task behind that, which counts anew. */
  #recordsOf({ records }: TaskProgress): number {
    if (records < this.#taskRecords) this.#formerRecords += this.#taskRecords;
    this.#taskRecords = records;
    return this.#formerRecords + records;
  }

  /** How many records this daemon has made durable. */
  async records(): Promise<number> {
    return (await this.progress())?.records ?? 0;
  }

  /** Waits until this daemon has made so many records durable. */
  async has(records: number): Promise<TaskProgress> {
    return this.#shows(`${records} records`, task => task.records >= records);
  }

  /** Waits until it publishes again and no longer says RETRYING. */
  async goesOn(): Promise<TaskProgress> {
    const before = await this.records();
    return this.#shows('records to be published again', task => task.records > before + 200 && task.state === 'RUNNING');
  }

  /**
   * Waits until the status endpoint says RETRYING for this reason, since a time after `faultMs`, or where the machine itself had a fault in hand
   * before, after the task was last seen well; what heals soon is not told, so a first failure that was not may be older by as long as the next attempt takes.
   * Connect's own status has no such word and must go on saying RUNNING.
   */
  async retries(reason: RegExp, faultMs: number, expected: ErrorCode = 'LOG_UNAVAILABLE'): Promise<void> {
    const task = await this.#shows(
      `RETRYING for ${reason}`,
      ({ state, retrying }) => state === 'RETRYING' && reason.test(retrying!.reason),
    );
    const { since, next_attempt, attempts, code, remedy } = task.retrying!;
    const untoldMsMax = 1_000 + Number(this.worker['request.timeout.ms'] ?? 30_000);
    assert.ok(Date.parse(since) >= Math.min(faultMs, this.#wellMs) - untoldMsMax && Date.parse(since) <= Date.now(), `since ${since}`);
    assert.ok(Date.parse(next_attempt) >= Date.parse(since));
    assert.ok(attempts >= 1);
    assert.equal(code, expected);
    assert.match(remedy, /\w/);
    const status = await this.rest.assertNotFailed(this.connector);
    assert.deepEqual([status?.connector.state, status?.tasks[0]?.state], ['RUNNING', 'RUNNING']);
  }

  async #shows(what: string, wanted: (task: TaskProgress) => boolean): Promise<TaskProgress> {
    let last: TaskProgress | null = null;
    const shown = async () => {
      await this.rest.assertNotFailed(this.connector);
      const askedMs = Date.now();
      last = await this.progress();
      if (last?.state === 'RUNNING') this.#wellMs = askedMs;
      return last !== null && wanted(last) && last;
    };
    try {
      return await until(shown, { what, timeoutMs: patienceMs, everyMs: 20 });
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${JSON.stringify(last)}\n${this.daemon.log()}`, { cause: error });
    }
  }

  /** Where the topics that there are end now. */
  async ends(): Promise<readonly (readonly [topic: string, end: string])[]> {
    const admin = kafkaClient(this.#direct).admin();
    try {
      await admin.connect();
      const present = (await admin.listTopics()).filter(topic => this.changing.topics.includes(topic)).sort();
      const ends = present.map(async topic => [topic, (await admin.fetchTopicOffsets(topic))[0]!.high] as const);
      return await Promise.all(ends);
    } finally {
      await admin.disconnect();
    }
  }

  /** Waits until the task is FAILED; gives its trace. */
  async fails(timeoutMs = patienceMs): Promise<string> {
    const failed = async () => {
      const [task] = (await this.rest.status(this.connector))?.tasks ?? [];
      return task?.state === 'FAILED' && task.trace;
    };
    return until(failed, { what: 'the task to fail', timeoutMs, everyMs: 50 });
  }

  /**
   * Ends the load, waits until all of it is durable, and follows each row through what Kafka's own consumer finds: every change once, in
   * order per key; the slot at or behind what is durable.
   */
  async assertExact(t: TestContext): Promise<void> {
    const { changing, rest, daemon } = this;
    await changing.rest();
    const check = () => rest.assertNotFailed(this.connector);
    await settled(changing.database, changing.slot, { timeoutMs: patienceMs, check }).catch((error: Error) => {
      throw new Error(`${error.message}\n${daemon.log()}`, { cause: error });
    });
    const [followed] = await Promise.all([
      changing.assertPublished(publishedForConsoleConsumer(this.#direct, changing.topics)),
      assertSlotNotAhead(changing, () => offsetsForConsoleConsumer(this.#direct, this.offsetsTopic, this.connector)),
    ]);
    t.diagnostic(`followed: ${followed}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    await this.changing[Symbol.asyncDispose]();
  }
}
