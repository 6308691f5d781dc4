import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectorProgress, TaskProgress } from '../../../src/engine/supervisor/supervisor-states.ts';
import { startElasticsearch } from '../../services/elasticsearch.ts';
import { startPostgres } from '../../services/postgres.ts';
import { startRedis } from '../../services/redis.ts';
import { ConnectClient, RestError } from '../../support/connect-client.ts';
import type { Daemon } from '../../support/daemon.ts';
import { randomOf } from '../../support/random-changes.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import type { LogUnderFault } from '../logs.ts';
import { roundsUpTo } from '../rounds.ts';
import { assertSlotNotAhead } from '../strangers.ts';
import { Shop } from './shop.ts';
import { type Follower, followers, kill, type TargetServers } from './targets.ts';

const source = 'shop';
/** The longest wait between a moment that can be seen and the kill: many steps of the daemon lie within. */
const strikeMsMax = 40;
/** Most records that are applied between two kills. */
const recordsMax = 400;
const patienceMs = 120_000;
/** In each, the daemon is killed two or three times and a target once; and each makes the log longer that is replayed in the end. */
export const rounds = roundsUpTo(20);

/** What the daemon says of a sink. */
class SinkWatch {
  readonly follower: Follower;
  readonly #rest: ConnectClient;
  readonly #daemon: Daemon;

  constructor(follower: Follower, daemon: Daemon) {
    this.follower = follower;
    this.#daemon = daemon;
    this.#rest = new ConnectClient(daemon.url);
  }

  /** Its tasks; none where nothing is to be learnt now, as from a daemon that does not know it yet. Throws what one has failed with. */
  async tasks(): Promise<readonly TaskProgress[]> {
    const { name } = this.follower;
    try {
      const { tasks } = await this.#rest.call<ConnectorProgress>('GET', `/sluice/connectors/${name}`);
      const failed = tasks.find(({ state }) => state === 'FAILED');
      if (failed) throw new Error(`${name} failed: ${failed.trace}`);
      return tasks;
    } catch (error) {
      if (error instanceof RestError && [404, 429].includes(error.status)) return [];
      throw error;
    }
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const { name } = this.follower;
    await until(condition, { what: `${name} ${what}`, timeoutMs: patienceMs, everyMs: 40 }).catch((error: Error) => {
      throw new Error(`${error.message}. The end of the daemon's log:\n${this.#daemon.log()}`, { cause: error });
    });
  }

  /** Waits until so many records more have been applied than when it was asked, or than its first task had done when it started. */
  async applies(records: number, assertChanging: () => void): Promise<void> {
    let from = 0;
    await this.#until('to run', async () => {
      from = await this.#applied();
      return from > 0;
    });
    await this.#until(`to apply ${records} records`, async () => {
      assertChanging();
      return (await this.#applied()) >= from + records;
    });
  }

  /** How far it is: the sum of its offsets. */
  async #applied(): Promise<number> {
    const tasks = await this.tasks();
    return tasks.reduce((sum, { consuming }) => sum + (consuming?.partitions ?? []).reduce((all, { offset }) => all + offset, 0), 0);
  }

  async retries(): Promise<void> {
    await this.#until('to say that it is RETRYING', async () => (await this.tasks()).some(({ state }) => state === 'RETRYING'));
  }

  /** Waits until all that is in the log has been applied. */
  async caughtUp(): Promise<void> {
    await this.#until('to apply all that is in the log', async () => {
      await this.tasks();
      return this.#rest.call('GET', `/connectors/${this.follower.name}/wait?timeout=5000`).then(
        () => true,
        (error: unknown) => {
          // Its tasks may be about to start, or have more to do; or it was asked too often.
          if (error instanceof RestError && [404, 409, 429, 503].includes(error.status)) return false;
          throw error;
        },
      );
    });
  }

  /** Makes it begin at the log's start, by REST, and waits until it has been through all of it. */
  async replay(): Promise<void> {
    const { name } = this.follower;
    const before = await this.#applied();
    await this.#rest.stop(name);
    await this.#rest.call('DELETE', `/connectors/${name}/offsets`);
    await this.follower.forget?.();
    await this.#rest.resume(name);
    await this.caughtUp();
    const after = await this.#applied();
    assert.ok(after >= before, `${name} has waited for the whole log: ${after} of ${before}`);
  }
}

/**
 * Kills the daemon, and each target, at moments by chance under load; in every second round the daemon is killed while the target is away. Then
 * each target is compared with the source row by row, and again after the whole log has been replayed into it.
 */
export async function killAndCompare(t: TestContext, log: LogUnderFault, seed: number, rounds: number): Promise<void> {
  const random = randomOf(seed);
  using scratch = new ScratchFolder('killed-sinks');
  await using resources = new AsyncDisposableStack();
  const owned = async <S extends AsyncDisposable>(start: Promise<S>) => resources.use(await start);
  const [redis, postgres, elasticsearch, server] = await Promise.all([
    owned(startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })),
    owned(startPostgres({ version: 18, settings: { synchronous_commit: 'on' } })),
    owned(startElasticsearch()),
    sharedPostgres(18),
  ]);
  const servers: TargetServers = { redis, postgres, elasticsearch };
  const shop = resources.use(await Shop.open(server, seed));
  const daemon = resources.use(await log.newDaemon());
  await daemon.start();
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig(source, shop.config);
  const watches = followers(shop, servers, scratch.file('views.db')).map(follower => new SinkWatch(follower, daemon));
  for (const { follower } of watches) await rest.putConfig(follower.name, follower.config);

  const strike = async (what: () => Promise<void>) => {
    const records = 1 + random(recordsMax);
    await Promise.all(watches.map(watch => watch.applies(records, () => shop.assertChanging())));
    await pause(random(strikeMsMax));
    await what();
  };
  const killDaemon = async () => {
    await daemon.stop('SIGKILL');
    await daemon.start();
  };
  const names = ['postgres', 'redis', 'elasticsearch'] as const;
  for (let round = 0; round < rounds; round++) {
    await strike(killDaemon);
    const name = names[round % names.length]!;
    await strike(() => kill(servers, name));
    const away = watches.filter(({ follower }) => follower.on === name);
    await Promise.all(away.map(watch => watch.retries()));
    if (round % 2 === 1) await killDaemon();
    await servers[name].start();
  }
  await strike(killDaemon);

  await shop.rest();
  await settled(shop.database, shop.slot, { check: () => rest.assertNotFailed(source), timeoutMs: patienceMs });
  await assertSlotNotAhead(shop, () => log.offsets(daemon, source));
  await Promise.all(watches.map(watch => watch.caughtUp()));
  const rows = await shop.rows();
  const compare = async (when: string) => {
    for (const { follower } of watches)
      for (const [what, held] of Object.entries(await follower.held()))
        assert.deepEqual(held, rows[what as keyof typeof rows], `${follower.name}: ${what} ${when}`);
  };
  await compare('are those of the source');
  await Promise.all(watches.map(watch => watch.replay()));
  await compare('are the same after a replay of the whole log');
  t.diagnostic(`seed ${seed}: ${shop.transactions} transactions, ${rows.orders.length} orders of ${rows.customers.length} customers`);
}
