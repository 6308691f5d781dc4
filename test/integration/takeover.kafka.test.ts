import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnect } from '../services/connect.ts';
import { AccountsUnderLoad, accountsConnector, followedAccounts, makeAccounts, plainJson } from '../support/accounts-under-load.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { workerGroup } from '../support/worker-group.ts';

const accounts = 200;

type Offset = { readonly partition: Record<string, string>; readonly offset: Record<string, unknown> };

async function offsetOf(rest: ConnectClient, name: string): Promise<Offset | undefined> {
  const { offsets } = await rest.call<{ offsets: Offset[] }>('GET', `/connectors/${name}/offsets`);
  return offsets.find(({ partition }) => Object.keys(partition).length === 1);
}

/** Waits until the connector's stored offset is behind everything committed so far in the table. Debezium confirms no idle slot, so that is no sign. */
async function stored(rest: ConnectClient, database: FreshDatabase, name: string): Promise<void> {
  const { rows } = await database.client.query(`select (pg_current_wal_insert_lsn() - '0/0')::float8 as lsn`);
  await database.run(`update ${name} set version = version + 1 where id = 1`);
  const behind = async () => {
    await rest.assertNotFailed(name);
    return Number((await offsetOf(rest, name))?.offset['lsn']) >= rows[0].lsn;
  };
  await until(behind, { what: `the offset of ${name} to be behind ${rows[0].lsn}`, timeoutMs: 120_000, everyMs: 200 });
}

const names = ['moving', 'ours'] as const;

test('the daemon takes a connector over from Kafka Connect and Debezium, and they take it back', { timeout: 400_000 }, async t => {
  const [kafka, server] = await Promise.all([sharedKafka(), sharedPostgres(18)]);
  await using database = await freshDatabase(server);
  for (const table of names) await makeAccounts(database, table, accounts);
  const settings = { ...workerGroup('takeover'), ...plainJson };
  const config = (name: string) => accountsConnector(server, database.name, name);
  const changed = () => names.map(table => AccountsUnderLoad.of(database, table));
  const tell = async (when: string) => {
    for (const name of names) {
      const { records, doubled, isComplete } = await followedAccounts(kafka, database, name);
      assert.ok(isComplete, `the last version of each account of ${name}`);
      t.diagnostic(`${when}: ${name} has ${records} records, ${doubled} of them twice`);
    }
  };

  const first = changed();
  {
    // Kafka Connect makes the connector, and stops while it streams.
    await using connect = await startConnect(kafka, settings);
    const rest = new ConnectClient(connect.url);
    await rest.putConfig('moving', config('moving'));
    await rest.running('moving', 120_000);
    await stored(rest, database, 'moving');
  }
  {
    // The daemon with the same group and topics finds it, and goes on on the same slot.
    await using daemon = await startDaemon({ 'bootstrap.servers': kafka, ...settings });
    const rest = new ConnectClient(daemon.url);
    await rest.running('moving');
    const shown = await rest.call<Record<string, string>>('GET', '/connectors/moving/config');
    const { 'database.password': _, ...open } = config('moving');
    assert.deepEqual({ ...shown, 'database.password': undefined }, { ...open, name: 'moving', 'database.password': undefined });
    await stored(rest, database, 'moving');
    await rest.putConfig('ours', config('ours'));
    await rest.running('ours');
    await stored(rest, database, 'ours');
    for (const load of first) await load.stop();
    for (const name of names) await stored(rest, database, name);
    await tell('taken over');

    // One is left as a stopped connector, the other one streaming.
    await rest.call('PUT', '/connectors/ours/stop');
    await until(async () => (await rest.status('ours'))?.tasks.length === 0, { what: 'the connector to stop' });
    const left = await offsetOf(rest, 'ours');
    assert.ok(left);
    const second = changed();
    await stored(rest, database, 'moving');
    await daemon.stop();

    // Kafka Connect finds both, reads the daemon's offsets, and goes on from them.
    await using connect = await startConnect(kafka, settings);
    const again = new ConnectClient(connect.url);
    // A worker answers before it has been given its connectors.
    await until(async () => (await Promise.all(names.map(name => again.status(name).catch(() => null)))).every(status => status !== null), {
      what: 'Kafka Connect to have both connectors',
      timeoutMs: 60_000,
    });
    assert.deepEqual((await again.call<string[]>('GET', '/connectors')).sort(), names);
    assert.deepEqual(await again.call('GET', '/connectors/ours/config'), { ...config('ours'), name: 'ours' });
    assert.deepEqual(await offsetOf(again, 'ours'), left);
    await until(async () => (await again.status('ours'))?.connector.state === 'STOPPED', {
      what: 'the stopped connector to be shown as such',
    });
    await again.change('PUT', '/connectors/ours/resume');
    for (const name of names) await again.running(name, 120_000);
    for (const load of second) await load.stop();
    for (const name of names) await stored(again, database, name);
    await tell('taken back');
  }
});
