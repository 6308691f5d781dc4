import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { mysqlEngine } from '../../conformance/engines.ts';
import { type MysqlFlavor, type MysqlServer, startMariadb, startMysql } from '../../services/mysql.ts';
import { ChangingMysqlDatabase } from '../../support/changing-mysql-database.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { randomOf } from '../../support/random-changes.ts';
import { until } from '../../support/until.ts';
import { taskOf } from '../captured-task.ts';
import { type LogUnderFault, logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';

const connector = 'killed';
/** The longest wait between a moment that can be seen and the strike. */
const strikeMsMax = 40;
/** What is committed survives the server's own death, in the binlog and in the tables alike. */
const durable = { settings: { 'sync-binlog': '1', 'innodb-flush-log-at-trx-commit': '1' } };
const starts = { mysql: startMysql, mariadb: startMariadb } as const;

/** Who dies: the daemon, or the server (the task is then tried again by itself). */
type Victim = 'the daemon' | 'the server';

/** Kills the victim at moments by chance under load, starts it again, and follows each row through what was published. */
async function killAndFollow(t: TestContext, log: LogUnderFault, flavor: MysqlFlavor, server: MysqlServer, victim: Victim): Promise<void> {
  const seed = faultSeed * 1000 + (victim === 'the daemon' ? 1 : 2);
  const random = randomOf(seed);
  await using changing = await ChangingMysqlDatabase.start(flavor, server, seed);
  await using daemon = await log.newDaemon();
  await daemon.start();
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig(connector, changing.config(70_000 + seed));
  const task = async () => {
    await rest.assertNotFailed(connector);
    return taskOf(rest, connector);
  };
  const waits = { timeoutMs: 90_000, everyMs: 5 };
  const struck: string[] = [];
  // A daemon counts from its start on, so what a server's death finds is told from the death before.
  let before = 0;
  try {
    for (let round = 0; round < faultRounds; round++) {
      const inSnapshot = round * 2 < faultRounds;
      const enough = before + (inSnapshot ? random(1_500) : 1 + random(300));
      const found = await until(
        async () => {
          const now = await task();
          return now && (inSnapshot || now.phase === 'streaming') && now.records >= enough && now;
        },
        { what: `${enough} records`, ...waits },
      );
      await pause(random(strikeMsMax));
      struck.push(`${found.phase} (${found.records})`);
      if (victim === 'the daemon') {
        await daemon.stop('SIGKILL');
        await daemon.start();
        continue;
      }
      before = found.records;
      await server.stopImmediately();
      const retrying = await until(async () => (await task())?.retrying, { what: 'the task to be tried again', ...waits });
      assert.equal(retrying.code, 'DATABASE_UNAVAILABLE');
      await server.start();
      await until(async () => (await task())?.state === 'RUNNING', { what: 'the task to go on by itself', ...waits });
    }
    await changing.rest();
    await mysqlEngine(server).settled({ client: rest, connector, engine: mysqlEngine(server) });
  } catch (error) {
    // What follows needs it, and the reason would be lost behind its own.
    await server.start();
    throw new Error(`${(error as Error).message}\n${daemon.log()}`, { cause: error });
  }
  const followed = await changing.assertPublished(log.published(daemon, changing.topics));
  t.diagnostic(`seed ${seed}: ${victim} killed in ${struck.join(', ')}; ${followed}`);
}

/** A kill, the new start, and what is published until the next kill: seconds, on a machine that has other things to do too. */
const roundMsMax = 30_000;
const timeout = 120_000 + faultRounds * roundMsMax;

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`kill -9 of the daemon and of ${flavor} under load`, { timeout: 4 * timeout }, async t => {
    await using server = await starts[flavor](durable);
    // What differs between the databases has nothing to do with the log.
    for (const { name, open } of flavor === 'mysql' ? logsUnderFault : logsUnderFault.slice(0, 1)) {
      for (const victim of ['the daemon', 'the server'] as const) {
        const what = `${faultRounds} kills of ${victim} lose and double nothing, ${name} log`;
        await t.test(what, { timeout }, async child => killAndFollow(child, await open(), flavor, server, victim));
      }
    }
  });
}
