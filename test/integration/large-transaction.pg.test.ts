import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { PostgresAddress } from '../services/postgres.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { settled } from '../support/settled.ts';
import { silentLogger } from '../support/silent-logger.ts';

const rowCount = 1_000_000;
/** The transaction is half a gigabyte of rows; what the daemon has in memory at its peak is to be much less. */
const residentMbMax = 450;

/** The most memory a process ever had resident, in MB (proc(5), VmHWM). */
function peakResidentMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

type Run = { readonly daemon: Daemon; readonly database: FreshDatabase; readonly rest: ConnectClient; readonly slot: string };

/** A daemon on its embedded log that captures the table `large` of a database of its own. */
async function capturing(resources: AsyncDisposableStack, server: PostgresAddress, setup: string): Promise<Run> {
  const database = resources.use(await freshDatabase(server));
  await database.run(setup);
  const daemon = resources.use(await startDaemon({}));
  const rest = new ConnectClient(daemon.url);
  const slot = `slot_${database.name}`;
  await rest.putConfig('large', {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': 'srv',
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password || 'x',
    'database.dbname': database.name,
    'slot.name': slot,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.large',
    'status.update.interval.ms': '100',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  });
  await rest.running('large');
  return { daemon, database, rest, slot };
}

/** The rows' ids in the order of the log. */
async function* idsInLog({ dataFolder: dataDir }: Daemon): AsyncGenerator<number> {
  await using log = await openEmbeddedLog({ dataDir, readOnly: true, logger: silentLogger });
  const range = { topics: ['srv.public.large'], from: 'start', follow: false } as const;
  for await (const batch of log.read(range, new AbortController().signal)) {
    for (const { key } of batch) yield (JSON.parse(Buffer.from(key!).toString()) as { id: number }).id;
  }
}

async function assertEachOnce(daemon: Daemon, rows: number): Promise<void> {
  let next = 1;
  for await (const id of idsInLog(daemon)) assert.equal(id, next++, 'each row once, in the order in which it was written');
  assert.equal(next, rows + 1);
}

test(`a transaction of ${rowCount} rows passes without being held in memory`, { timeout: 300_000 }, async t => {
  await using resources = new AsyncDisposableStack();
  const server = await sharedPostgres(18);
  const run = await capturing(resources, server, 'create table large (id int primary key, content text)');
  const { daemon, database, rest, slot } = run;
  await settled(server, slot);
  const before = peakResidentMb(daemon.pid);
  const startedAt = performance.now();
  await database.run(`insert into large select n, repeat(md5(n::text), 16) from generate_series(1, ${rowCount}) n`);
  const committedAt = performance.now();
  await settled(server, slot, { timeoutMs: 240_000, check: () => rest.assertNotFailed('large') });
  const [writing, reading] = [committedAt - startedAt, performance.now() - committedAt];
  const after = peakResidentMb(daemon.pid);
  t.diagnostic(
    `${rowCount} rows written in ${Math.round(writing)} ms, in the log ${Math.round(reading)} ms after their commit; ` +
      `resident at most ${Math.round(after)} MB, ${Math.round(before)} MB before`,
  );
  await assertEachOnce(daemon, rowCount);
  assert.ok(after < residentMbMax, `${Math.round(after)} MB resident; at most ${residentMbMax} were meant`);
});

test('rows of a megabyte each pass without being held in memory, in snapshot and stream', { timeout: 300_000 }, async t => {
  const rows = 300;
  await using resources = new AsyncDisposableStack();
  const server = await sharedPostgres(18);
  const insert = (from: number, to: number) =>
    `insert into large select n, repeat(md5(n::text), 32768) from generate_series(${from}, ${to}) n;`;
  const setup = `create table large (id int primary key, content text); alter table large alter content set storage external; ${insert(1, rows)}`;
  const { daemon, database, rest, slot } = await capturing(resources, server, setup);
  await settled(server, slot, { check: () => rest.assertNotFailed('large') });
  const snapshot = peakResidentMb(daemon.pid);
  await database.run(insert(rows + 1, 2 * rows));
  await settled(server, slot, { check: () => rest.assertNotFailed('large') });
  const after = peakResidentMb(daemon.pid);
  t.diagnostic(
    `${rows} MB of rows in the snapshot and as many in the stream: resident at most ${Math.round(snapshot)} and ${Math.round(after)} MB`,
  );
  await assertEachOnce(daemon, 2 * rows);
  assert.ok(after < residentMbMax, `${Math.round(after)} MB resident; at most ${residentMbMax} were meant`);
});
