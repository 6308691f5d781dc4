import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnect } from '../../services/connect.ts';
import { plainJson } from '../../support/accounts-under-load.ts';
import { runCommand } from '../../support/command-line-run.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { startDaemon } from '../../support/daemon.ts';
import { freshMongoDatabase } from '../../support/fresh-mongo-database.ts';
import { MongoAccounts } from '../../support/mongo-accounts.ts';
import { sharedKafka, sharedMongodb } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { roundsUpTo } from '../rounds.ts';

const name = 'moving';
/** There and back so often, under load all the while. */
const rounds = roundsUpTo(5);

test('a MongoDB connector goes from the real Debezium to the daemon and back under load: nothing lost, nothing doubled', {
  timeout: 900_000,
}, async t => {
  const [kafka, server] = await Promise.all([sharedKafka(), sharedMongodb()]);
  await using database = await freshMongoDatabase(server);
  const accounts = new MongoAccounts(server, database, name);
  await accounts.make(200);
  await using connect = await startConnect(kafka, { ...workerGroup('there'), ...plainJson }, undefined, 'mongodb');
  await using daemon = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('here') });
  const [there, here] = [new ConnectClient(connect.url), new ConnectClient(daemon.url)];
  await there.putConfig(name, accounts.connector());
  await there.running(name, 120_000);
  // Until something was published there is no topic to be read.
  const published = async () => (await there.call<Record<string, { topics: string[] }>>('GET', `/connectors/${name}/topics`))[name]?.topics;
  await until(async () => (await published())?.includes(accounts.topic), { what: 'the accounts’ topic', timeoutMs: 120_000, everyMs: 500 });
  const load = accounts.load(100);
  const followed = () => accounts.followed(kafka);
  const moved = async () => {
    const { transactions } = load;
    const { records } = await followed();
    await until(() => load.transactions > transactions + 30, { what: 'load at its new place', timeoutMs: 60_000 });
    const more = async () => {
      await Promise.all([there, here].map(rest => rest.assertNotFailed(name)));
      return (await followed()).records > records + 200;
    };
    await until(more, { what: 'records from its new place', timeoutMs: 120_000, everyMs: 500 });
  };
  await moved();
  const command = async (...args: string[]) => {
    const ran = await runCommand(['takeover', connect.url, name, '-c', daemon.workerFile, ...args]);
    assert.equal(ran.code, 0, ran.out + ran.err);
    t.diagnostic(ran.out.trim().split('\n').slice(0, 8).join(' | '));
    return ran.out;
  };
  const tell = async (how: string) => {
    const found = await followed();
    t.diagnostic(`${how}: ${found.records} records, ${found.doubled} of them twice`);
    assert.equal(found.doubled, 0);
  };
  assert.match(await command('--shadow', '--shadow-for', '10s'), /The same: \d+ records/);
  for (let round = 1; round <= rounds; round++) {
    assert.match(await command('--yes'), /Taken over/);
    await here.running(name);
    await moved();
    await tell('taken over');
    assert.match(await command('--return', '--yes'), /Handed back/);
    await there.running(name, 120_000);
    await moved();
    await tell('handed back');
  }
  assert.match(await command('--yes'), /Taken over/);
  await load.stop();
  await until(async () => (await followed()).isComplete, { what: 'every change to be published', timeoutMs: 120_000, everyMs: 1_000 });
  await tell('at the end');
});
