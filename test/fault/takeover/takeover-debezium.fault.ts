import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnect } from '../../services/connect.ts';
import { AccountsUnderLoad, accountsConnector, followedAccounts, makeAccounts, plainJson } from '../../support/accounts-under-load.ts';
import { runCommand } from '../../support/command-line-run.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { startDaemon } from '../../support/daemon.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { sharedKafka, sharedPostgres } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { roundsUpTo } from '../rounds.ts';

const name = 'moving';
/** There and back so often, under load all the while. */
const rounds = roundsUpTo(5);

/** Rows of a transaction of the load: a tenth of the accounts. */
const rowsOfTransaction = 20;

test('a connector goes from the real Debezium to the daemon and back under load: nothing lost, nothing doubled', {
  timeout: 900_000,
}, async t => {
  const [kafka, server] = await Promise.all([sharedKafka(), sharedPostgres(18)]);
  await using database = await freshDatabase(server);
  await makeAccounts(database, name, 200);
  await using connect = await startConnect(kafka, { ...workerGroup('there'), ...plainJson });
  await using daemon = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('here') });
  const [there, here] = [new ConnectClient(connect.url), new ConnectClient(daemon.url)];
  await there.putConfig(name, accountsConnector(server, database.name, name));
  await there.running(name, 120_000);
  const load = AccountsUnderLoad.of(database, name);
  // Debezium stores offsets once it has published something.
  const stored = async () =>
    (await there.call<{ offsets: { offset: { snapshot?: unknown } }[] }>('GET', `/connectors/${name}/offsets`)).offsets;
  await until(async () => (await stored()).some(({ offset }) => offset.snapshot === undefined), {
    what: 'Debezium to have streamed',
    timeoutMs: 120_000,
    everyMs: 500,
  });
  const moved = async () => {
    const { transactions } = load;
    await until(() => load.transactions > transactions + 300, { what: 'load at its new place', timeoutMs: 60_000 });
  };
  const command = async (...args: string[]) => {
    const ran = await runCommand(['takeover', connect.url, name, '-c', daemon.workerFile, ...args]);
    assert.equal(ran.code, 0, ran.out + ran.err);
    t.diagnostic(ran.out.trim().split('\n').slice(0, 8).join(' | '));
    return ran.out;
  };
  let doubled = 0;
  const taken = async () => {
    assert.match(await command('--yes'), /Taken over/);
    await here.running(name);
    await moved();
    const found = await followedAccounts(kafka, database, name);
    t.diagnostic(`taken over: ${found.records} records, ${found.doubled} of them twice`);
    assert.equal(found.doubled, doubled);
  };
  assert.match(await command('--shadow', '--shadow-for', '10s'), /The same: \d+ records/);
  for (let round = 1; round <= rounds; round++) {
    await taken();
    assert.match(await command('--return', '--yes'), /Handed back/);
    await there.running(name, 120_000);
    await moved();
    // A transaction of which a part was published comes whole again.
    const found = await followedAccounts(kafka, database, name);
    assert.ok(found.doubled - doubled < rowsOfTransaction, `${found.doubled} after ${doubled}`);
    doubled = found.doubled;
  }
  await taken();
  await load.stop();
  const isComplete = async () => (await followedAccounts(kafka, database, name)).isComplete;
  await until(isComplete, { what: 'every change to be published', timeoutMs: 120_000, everyMs: 1_000 });
});
