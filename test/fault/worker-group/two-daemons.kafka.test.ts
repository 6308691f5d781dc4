import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startKafka } from '../../services/kafka.ts';
import { ChangingDatabase } from '../../support/changing-database.ts';
import { DaemonGroup, type GroupDaemon } from '../../support/group-daemons.ts';
import { publishedInKafka } from '../../support/published.ts';
import { sharedKafka, sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { taskOf } from '../captured-task.ts';
import { faultSeed } from '../rounds.ts';

const name = 'shared';
/** Longer than this machine keeps a process waiting: who is taken for dead is. */
const sessionMs = 12_000;

/** Two daemons, one connector under load: the one that owns it, and the other. */
class Pair implements AsyncDisposable {
  readonly changing: ChangingDatabase;
  readonly group: DaemonGroup;
  readonly #kafka: string;
  #workers: readonly GroupDaemon[] = [];

  private constructor(kafka: string, changing: ChangingDatabase) {
    this.#kafka = kafka;
    this.changing = changing;
    this.group = new DaemonGroup(kafka, { 'session.timeout.ms': String(sessionMs) });
  }

  static async start(kafka: string, seed: number): Promise<Pair> {
    const pair = new Pair(kafka, await ChangingDatabase.start(await sharedPostgres(18), seed));
    try {
      pair.#workers = [await pair.group.add(), await pair.group.add()];
      await pair.#workers[0]!.rest.putConfig(name, pair.changing.config);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The owner, when it publishes, and the other one. */
  async owner(): Promise<readonly [GroupDaemon, GroupDaemon]> {
    const [first, second] = this.#workers as [GroupDaemon, GroupDaemon];
    const shares = await this.group.settled([first, second], [name]);
    const pair = shares.get(first.id)!.includes(name) ? ([first, second] as const) : ([second, first] as const);
    await this.publishes(pair[0], 1000);
    return pair;
  }

  /** Waits until this worker, which owns the connector, has published so many records more. */
  async publishes({ rest, id }: GroupDaemon, more: number): Promise<void> {
    const records = async () => {
      const status = await rest.assertNotFailed(name);
      if (status?.tasks[0]?.worker_id !== id) return 0;
      return (await taskOf(rest, name))?.records ?? 0;
    };
    const before = await records();
    await until(async () => (await records()) >= before + more, { what: `${more} more records of ${id}`, timeoutMs: 90_000, everyMs: 50 });
  }

  /** Ends the load; what was published must be what was committed, each change once. */
  async assertPublished(t: TestContext, { rest }: GroupDaemon): Promise<void> {
    await this.changing.rest();
    await settled(this.changing.database, this.changing.slot, { check: () => rest.assertNotFailed(name), timeoutMs: 90_000 });
    t.diagnostic(`followed: ${await this.changing.assertPublished(publishedInKafka(this.#kafka, this.changing.topics))}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.group[Symbol.asyncDispose]();
    await this.changing[Symbol.asyncDispose]();
  }
}

test('of two daemons one owns the connector; the other says so, and takes over when the first is killed', { timeout: 240_000 }, async t => {
  await using pair = await Pair.start(await sharedKafka(), faultSeed + 11);
  const [owner, other] = await pair.owner();
  const isTold = async () => (await other.rest.status(name))?.connector.worker_id === owner.id;
  await until(isTold, { what: 'the other one to name the owner' });
  await owner.daemon.stop('SIGKILL');
  await pair.publishes(other, 1000);

  // The one that was killed comes back, and leaves the connector where it is.
  await owner.daemon.start();
  const shares = await pair.group.settled([owner, other], [name]);
  assert.deepEqual(shares.get(other.id), [name]);
  await pair.publishes(other, 500);
  await pair.assertPublished(t, other);
});

test('a daemon that is alone and is killed goes on at once, in its own place', { timeout: 240_000 }, async t => {
  await using pair = await Pair.start(await sharedKafka(), faultSeed + 12);
  const [owner, other] = await pair.owner();
  await other.daemon.stop();
  await pair.group.settled([owner], [name]);
  const killedMs = performance.now();
  await owner.daemon.stop('SIGKILL');
  await owner.daemon.start();
  await pair.publishes(owner, 1);
  t.diagnostic(`published ${Math.round(performance.now() - killedMs)} ms after it was killed; a session lasts ${sessionMs} ms`);
  await pair.group.settled([owner], [name]);
  await pair.assertPublished(t, owner);
});

test('a daemon that stands still loses its connector; awake again it is fenced, publishes nothing, and joins', {
  timeout: 240_000,
}, async t => {
  await using pair = await Pair.start(await sharedKafka(), faultSeed + 13);
  const [owner, other] = await pair.owner();
  process.kill(owner.daemon.pid, 'SIGSTOP');
  try {
    await pair.publishes(other, 1000);
  } finally {
    process.kill(owner.daemon.pid, 'SIGCONT');
  }
  const shares = await pair.group.settled([owner, other], [name]);
  assert.deepEqual(shares.get(other.id), [name], 'who has it keeps it');
  const told = async () => {
    const status = await owner.rest.status(name);
    return status?.tasks[0]?.state === 'RUNNING' && status.tasks[0].worker_id === other.id && status.connector.worker_id === other.id;
  };
  await until(told, { what: 'the one that stood still to name the owner' });
  await pair.publishes(other, 500);
  await pair.assertPublished(t, other);
});

test('while the broker is away the owner keeps the connector, and goes on when it is back', { timeout: 300_000 }, async t => {
  await using kafka = await startKafka();
  await using pair = await Pair.start(kafka.bootstrapServers, faultSeed + 14);
  const [owner, other] = await pair.owner();
  await kafka.stopImmediately();
  const unreachable = async (worker: GroupDaemon) => (await worker.group()).state === 'UNREACHABLE';
  await until(async () => (await unreachable(owner)) && (await unreachable(other)), { what: 'both to notice', timeoutMs: 60_000 });
  assert.match((await owner.group()).reason ?? '', /^Cannot be a member of group /);
  const away = await owner.rest.call<{ tasks: { state: string }[] }>('GET', `/sluice/connectors/${name}`);
  assert.notEqual(away.tasks[0]?.state, 'FAILED');
  await kafka.start();
  const [again] = await pair.owner();
  await pair.assertPublished(t, again);
});
