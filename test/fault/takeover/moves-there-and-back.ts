import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startConnect } from '../../services/connect.ts';
import type { MysqlFlavor } from '../../services/mysql.ts';
import { plainJson } from '../../support/accounts-under-load.ts';
import { runCommand } from '../../support/command-line-run.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { startDaemon } from '../../support/daemon.ts';
import { freshMysqlDatabase } from '../../support/fresh-mysql-database.ts';
import { MysqlAccounts } from '../../support/mysql-accounts.ts';
import { sharedKafka, sharedMariadb, sharedMysql } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { roundsUpTo } from '../rounds.ts';

const name = 'moving';
/** There and back so often, under load all the while. */
const rounds = roundsUpTo(5);
const accountsCount = 200;
/** Rows of a transaction of the load: a tenth of the accounts. The one that was published last, or in part, comes whole again from the other. */
const rowsOfTransaction = accountsCount / 10;

/** A connector goes from the real Debezium to the daemon and back under load, its table altered at both: nothing is lost. */
export async function movesThereAndBack(flavor: MysqlFlavor, serverId: number, t: TestContext): Promise<void> {
  const [kafka, server] = await Promise.all([sharedKafka(), flavor === 'mysql' ? sharedMysql() : sharedMariadb()]);
  await using database = await freshMysqlDatabase(server);
  const accounts = new MysqlAccounts(flavor, server, database, name);
  await accounts.make(accountsCount);
  await using connect = await startConnect(kafka, { ...workerGroup('there'), ...plainJson }, undefined, flavor);
  await using daemon = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('here') });
  const [there, here] = [new ConnectClient(connect.url), new ConnectClient(daemon.url)];
  await there.putConfig(name, accounts.connector(kafka, serverId));
  await there.running(name, 120_000);
  const load = accounts.load(40);
  // Debezium stores offsets once it has published something.
  const stored = async () =>
    (await there.call<{ offsets: { offset: { snapshot?: unknown } }[] }>('GET', `/connectors/${name}/offsets`)).offsets;
  await until(async () => (await stored()).some(({ offset }) => offset.snapshot === undefined), {
    what: 'Debezium to have streamed',
    timeoutMs: 120_000,
    everyMs: 500,
  });
  let columns = 0;
  const moved = async () => {
    const { transactions } = load;
    await accounts.alter(`add column c${++columns} int`);
    await until(() => load.transactions > transactions + 100, { what: 'load at its new place', timeoutMs: 60_000 });
    // What is in the schema history by now is read by the other one.
    const followed = async () => {
      await Promise.all([there, here].map(rest => rest.assertNotFailed(name)));
      return (await accounts.followed(kafka)).columns.has(`c${columns}`);
    };
    await until(followed, { what: `records with the column c${columns}`, timeoutMs: 60_000, everyMs: 500 });
  };
  const command = async (...args: string[]) => {
    const ran = await runCommand(['takeover', connect.url, name, '-c', daemon.workerFile, ...args]);
    assert.equal(ran.code, 0, ran.out + ran.err);
    t.diagnostic(ran.out.trim().split('\n').slice(0, 8).join(' | '));
    return ran.out;
  };
  let doubled = 0;
  const tell = async (how: string) => {
    const found = await accounts.followed(kafka);
    t.diagnostic(`${how}: ${found.records} records, ${found.doubled - doubled} of them twice`);
    assert.ok(found.doubled - doubled <= rowsOfTransaction, `${found.doubled} after ${doubled}`);
    doubled = found.doubled;
  };
  const taken = async () => {
    assert.match(await command('--yes'), /Taken over/);
    await here.running(name);
    await moved();
    await tell('taken over');
  };
  assert.match(await command('--shadow', '--shadow-for', '10s'), /The same: \d+ records/);
  for (let round = 1; round <= rounds; round++) {
    await taken();
    assert.match(await command('--return', '--yes'), /Handed back/);
    await there.running(name, 120_000);
    await moved();
    await tell('handed back');
  }
  await taken();
  await load.stop();
  const isComplete = async () => (await accounts.followed(kafka)).isComplete;
  await until(isComplete, { what: 'every change to be published', timeoutMs: 120_000, everyMs: 1_000 });
}
