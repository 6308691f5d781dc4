import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type CrashPoint, crashPointVariable } from '../../../src/contract/index.ts';
import type { PostgresAddress } from '../../services/postgres.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import type { Daemon } from '../../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { randomOf, rowsOf } from '../../support/random-changes.ts';
import { RowHistory } from '../../support/row-history.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { settled } from '../../support/settled.ts';
import { until } from '../../support/until.ts';
import { type LogUnderFault, logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { SlotWatch } from '../slot-watch.ts';

/** Databases, with some crashes each. */
const databases = Math.ceil(faultRounds / 10);
/** Each time, so few parts become durable before the crash: a part is up to 4,096 changes where the log is slower than the database, and all are 14,000. */
const passingsMax = 2;
/** Crashes before everything is left to become durable. */
const crashesMax = 8;
const connector = 'halves';
const copiedRows = 4000;

/** Around the moment at which a part of the transaction becomes durable. */
const points: Record<LogUnderFault['name'], readonly CrashPoint[]> = {
  embedded: ['embedded-offsets-written', 'embedded-committed', 'unit-durable', 'unit-acknowledged'],
  kafka: ['kafka-produced', 'kafka-commit-asked', 'kafka-committed', 'unit-acknowledged'],
};

/** The rows of a COPY share a position in the database's log: many are written in one record of it. */
const transactions = [
  `begin; copy copied (id) from program 'seq 1 ${copiedRows}'; update copied set v = 'changed' where id % 2 = 0;
   delete from copied where id % 3 = 0; insert into copied select n, 'inserted' from generate_series(10001, 11000) n; commit;`,
  `copy copied (id) from program 'seq 20001 ${20_000 + copiedRows}'`,
  `update copied set v = 'again', id = id + 100000 where id % 5 < 2`,
];

function config({ host, port, user, password }: PostgresAddress, name: string): Record<string, string> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': name,
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password || 'x',
    'database.dbname': name,
    'slot.name': name,
    'slot.retry.delay.ms': '100',
    'slot.max.retries': '100',
    'publication.name': 'everything',
    'snapshot.mode': 'no_data',
    // Small parts.
    'max.batch.size': '100',
    'max.queue.size': '200',
    'key.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter': json,
    'value.converter.schemas.enable': 'false',
  };
}

/** What was published, and how many different positions the copied rows have. */
async function* counted(log: LogUnderFault, daemon: Daemon, topic: string, positions: Set<number>) {
  for await (const record of log.published(daemon, [topic])) {
    const { op, after, source } = JSON.parse(record.value ?? 'null') ?? {};
    if (op === 'c' && after.v === 'copied') positions.add(source.lsn);
    yield record;
  }
}

/** Everything before `end` is durable. */
async function drained(database: FreshDatabase, slot: string, end: string): Promise<boolean> {
  const confirmed = 'select from pg_replication_slots where slot_name = $1 and confirmed_flush_lsn >= $2';
  return (await database.client.query(confirmed, [slot, end])).rowCount === 1;
}

async function crashInTheMiddle(t: TestContext, log: LogUnderFault, seed: number): Promise<void> {
  const random = randomOf(seed);
  const server = await sharedPostgres(18);
  await using database = await freshDatabase(server);
  const slot = database.name;
  const topic = `${slot}.public.copied`;
  await database.run(`create table copied (id int primary key, v text default 'copied'); alter table copied replica identity full;
    create publication everything for all tables`);
  await using daemon = await log.newDaemon();
  await daemon.start();
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig(connector, config(server, slot));
  await settled(database, slot, { check: () => rest.assertNotFailed(connector) });
  await daemon.stop('SIGKILL');
  for (const transaction of transactions) await database.run(transaction);
  const { rows } = await database.client.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
  const { lsn: end } = rows[0]!;
  await database.client.query('select pg_current_xact_id()'); // something behind it, so that the server sends all that is before

  const watch = new SlotWatch(log, daemon, { database, slot }, connector);
  let crashes = 0;
  while (!(await drained(database, slot, end))) {
    const point = points[log.name][random(points[log.name].length)]!;
    const armed = crashes++ < crashesMax;
    daemon.environment = armed ? { [crashPointVariable]: `${point}:${1 + random(passingsMax)}` } : {};
    await daemon.launch();
    await until(async () => !daemon.alive || drained(database, slot, end), {
      what: 'a crash, or the end',
      timeoutMs: 120_000,
      everyMs: 5,
    }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error} (${point}). The end of the log:\n${daemon.log()}`);
    });
    await daemon.stop('SIGKILL');
    await watch.look(`after crash ${crashes} at ${daemon.environment[crashPointVariable]}`);
  }
  const positions = new Set<number>();
  const history = new RowHistory();
  for await (const record of counted(log, daemon, topic, positions)) history.applyWritten(record);
  assert.deepEqual(history.faults.slice(0, 5), [], `seed ${seed}: ${history.faults.length} faults`);
  assert.deepEqual(history.rowsOf(topic), await rowsOf(database.client, 'copied', ['id', 'v']), 'the log leads to the rows of the table');
  assert.ok(positions.size < copiedRows / 10, `${positions.size} positions: the copied rows share them, or this test shows nothing`);
  const halves = await watch.assert();
  t.diagnostic(
    `seed ${seed}: ${crashes} crashes, ${halves} with a transaction half durable; ${2 * copiedRows} rows at ${positions.size} positions`,
  );
  assert.ok(halves >= 2, `${halves} crashes left a transaction half durable`);
}

for (const { name, open } of logsUnderFault) {
  test(`a crash in the middle of a COPY and of statements of many rows, ${name} log`, async t => {
    for (let index = 0; index < databases; index++) {
      const seed = faultSeed * 1000 + index;
      // A worker group of its own for each: the connector of the one before would still be there, and its database is not.
      await t.test(`seed ${seed}`, { timeout: 480_000 }, async child => crashInTheMiddle(child, await open(), seed));
    }
  });
}
