import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MysqlFlavor } from '../services/mysql.ts';
import { runCommand } from '../support/command-line-run.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { MysqlAccounts } from '../support/mysql-accounts.ts';
import { sharedKafka, sharedMariadb, sharedMysql } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { workerGroup } from '../support/worker-group.ts';
import { aName, openLog, readAll, workerOptions } from './kafka-log-fixture.ts';

// The daemon that is taken over from stands for Kafka Connect, whose REST API it answers. With the real one: test/fault/takeover.
const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };

/** A record stands right before the end of the topic, as Debezium waits for one. */
async function endsWithRecord(bootstrapServers: string, topic: string): Promise<boolean> {
  await using log = await openLog(workerOptions(bootstrapServers, aName('history')));
  const [described] = await log.describeTopics([topic]);
  const last = (await readAll(log, topic)).at(-1);
  return last !== undefined && described !== undefined && last.offset + 1n === described.partitions[0]!.end;
}

/** A connector under load goes there and back, its table altered at each place. */
async function moves(flavor: MysqlFlavor, serverId: number, kafka: string, there: Daemon, here: Daemon): Promise<void> {
  const name = `moving_${flavor}`;
  const server = servers[flavor];
  await using database = await freshMysqlDatabase(server);
  const accounts = new MysqlAccounts(flavor, server, database, name);
  await accounts.make(100);
  const [old, rest] = [new ConnectClient(there.url), new ConnectClient(here.url)];
  await old.putConfig(name, accounts.connector(kafka, serverId));
  await old.running(name);
  const published = async () => (await old.call<Record<string, { topics: string[] }>>('GET', `/connectors/${name}/topics`))[name]?.topics;
  await until(async () => (await published())?.includes(accounts.topic), { what: 'the accounts’ topic', timeoutMs: 60_000 });
  const load = accounts.load(20);
  const secret = `database.password=${server.password}`;
  const command = (...args: string[]) => runCommand(['takeover', there.url, name, '-c', here.workerFile, '--set', secret, ...args]);
  const altered = async (column: string) => {
    await accounts.alter(`add column ${column} int`);
    const isPublished = async () => (await accounts.followed(kafka)).columns.has(column);
    await until(isPublished, { what: `records with the column ${column}`, timeoutMs: 60_000, everyMs: 500 });
  };
  await altered('c_there');

  const taken = await command('--shadow', '--shadow-for', '5s', '--yes');
  assert.equal(taken.code, 0, taken.out + taken.err);
  assert.match(taken.out, /warning\s+schema\.history\.internal\.kafka\.bootstrap\.servers: .*is not used/);
  assert.match(taken.out, /streams beside it, as the replica \d+.*The same: \d+ records of 100 keys on 1 topic.*Taken over/s);
  assert.equal((await old.status(name))?.connector.state, 'STOPPED');
  await rest.running(name);
  const { out: topics } = await runCommand(['log', '-c', here.workerFile]);
  assert.doesNotMatch(topics, new RegExp(`sluice-shadow\\.${name}\\.\\w+\\.(?:${database.name}|__schema-history)`));
  await altered('c_here');
  const ends = () => endsWithRecord(kafka, accounts.history);
  await until(ends, { what: 'a record at the end of the schema history, as Debezium waits for one', timeoutMs: 60_000, everyMs: 500 });

  const back = await command('--return', '--yes');
  assert.equal(back.code, 0, back.out + back.err);
  await old.running(name);
  await altered('c_back');
  await load.stop();
  const isComplete = async () => {
    const found = await accounts.followed(kafka);
    assert.equal(found.doubled, 0);
    return found.isComplete;
  };
  await until(isComplete, { what: 'every change to be published', timeoutMs: 120_000, everyMs: 500 });
}

test('sluice takeover of MySQL and MariaDB: shadows, takes over under load, hands back: nothing lost, nothing doubled', {
  timeout: 300_000,
}, async () => {
  const kafka = await sharedKafka();
  await using there = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('there') });
  await using here = await startDaemon({ 'bootstrap.servers': kafka, ...workerGroup('here') });
  const moving = await Promise.allSettled([moves('mysql', 72_001, kafka, there, here), moves('mariadb', 72_002, kafka, there, here)]);
  for (const { status, reason } of moving.map(settled => ({ reason: null, ...settled }))) if (status === 'rejected') throw reason;
});
