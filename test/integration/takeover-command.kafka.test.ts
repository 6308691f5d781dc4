import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountsUnderLoad, accountsConnector, followedAccounts, makeAccounts } from '../support/accounts-under-load.ts';
import { runCommand } from '../support/command-line-run.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { workerGroup } from '../support/worker-group.ts';

// The daemon that is taken over from stands for Kafka Connect, whose REST API it answers. With the real one: test/fault/takeover.
const name = 'moving';

async function isComplete(kafka: string, database: FreshDatabase): Promise<void> {
  const done = async () => {
    const found = await followedAccounts(kafka, database, name);
    assert.equal(found.doubled, 0);
    return found.isComplete;
  };
  await until(done, { what: 'every change to be published', timeoutMs: 120_000, everyMs: 500 });
}

test('sluice takeover: looks, shadows, finds what differs, takes over under load and hands back: nothing lost, nothing doubled', {
  timeout: 300_000,
}, async () => {
  const [kafka, server] = await Promise.all([sharedKafka(), sharedPostgres(18)]);
  await using database = await freshDatabase(server);
  await makeAccounts(database, name, 100);
  await using there = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('there') });
  await using here = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('here') });
  const [old, rest] = [new ConnectClient(there.url), new ConnectClient(here.url)];
  await old.putConfig(name, accountsConnector(server, database.name, name));
  await old.running(name);
  const command = (of: Daemon, ...args: string[]) =>
    runCommand(['takeover', there.url, name, '-c', of.workerFile, '--set', `database.password=${server.password || 'x'}`, ...args]);
  const load = AccountsUnderLoad.of(database, name, 10);

  // It only looks.
  const looked = await command(here);
  assert.equal(looked.code, 0, looked.err);
  assert.match(looked.out, /accepts all of it.*Nothing was changed/s);
  assert.equal((await old.assertNotFailed(name))?.connector.state, 'RUNNING');

  // All faults at once, each with the nearest name.
  const faulty = await command(here, '--unset', 'database.user', '--set', 'snapshot.mode=intial,table.includ.list=x');
  assert.equal(faulty.code, 1);
  assert.match(faulty.out, /fault.*database\.user/);
  assert.match(faulty.out, /did you mean "initial"/);
  assert.match(faulty.out, /warning.*did you mean 'table\.include\.list'/);

  // A shadow that publishes otherwise.
  const otherwise = ['--set', `database.password=${server.password || 'x'},provide.transaction.metadata=true`];
  const differing = await command(here, '--shadow', '--shadow-for', '2s', '--yes', ...otherwise);
  assert.equal(differing.code, 1, differing.err);
  assert.match(differing.out, /differences in .*value\.transaction/s);
  assert.doesNotMatch(differing.out, /"version"/);
  assert.deepEqual(await rest.call('GET', '/connectors'), []);

  // One that publishes the same; then over.
  const taken = await command(here, '--shadow', '--shadow-for', '5s', '--yes');
  assert.equal(taken.code, 0, taken.out + taken.err);
  assert.match(taken.out, /The same: \d+ records of 100 keys on 1 topic/);
  assert.match(taken.out, /Taken over/);
  assert.equal((await old.status(name))?.connector.state, 'STOPPED');
  await rest.running(name);
  const slots = await database.client.query('select slot_name from pg_replication_slots where database = $1', [database.name]);
  assert.deepEqual(
    slots.rows.map(({ slot_name }) => slot_name),
    [`${database.name}_${name}`],
    'the shadow’s slot is gone',
  );
  const { out: topics } = await runCommand(['log', '-c', here.workerFile]);
  const shadows = new Set(
    [...topics.matchAll(new RegExp(`sluice-shadow\\.${name}\\.(\\w+)\\.${database.name}`, 'g'))].map(match => match[1]),
  );
  assert.equal(shadows.size, 1, 'of the run with differences the topics stay, of the other one they are gone');
  const { transactions } = load;
  await until(() => load.transactions > transactions + 50, { what: 'load at its new place', timeoutMs: 60_000 });

  // There again: it is there already.
  const again = await command(here, '--yes');
  assert.equal(again.code, 1);
  assert.match(again.err, /is there already, and RUNNING/);

  // And back.
  const back = await command(here, '--return', '--yes');
  assert.equal(back.code, 0, back.out + back.err);
  assert.match(back.out, /Handed back/);
  await old.running(name);
  await load.stop();
  await isComplete(kafka, database);
});
