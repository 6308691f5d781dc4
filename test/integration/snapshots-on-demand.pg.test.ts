import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ShownSnapshot } from '../../src/engine/supervisor/supervisor-snapshots.ts';
import { embeddedReader } from '../conformance/embedded-reader.ts';
import { runCommand } from '../support/command-line-run.ts';
import { ConnectClient, RestError } from '../support/connect-client.ts';
import { streaming } from '../support/connector-progress.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { databaseOptions } from '../support/database-options.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';

const connector = 'shop';
const rows = 5_000;
const waitMsMax = 60_000;
const path = `/connectors/${connector}/snapshots`;
/** So that a snapshot is under way for as long as a pause of the machine, or of what looks on, may take. */
const slow = { 'incremental.snapshot.rows.per.second.max': '200' };
/** It is only begun. */
const slowest = { 'incremental.snapshot.rows.per.second.max': '50' };
const json = 'org.apache.kafka.connect.json.JsonConverter';

type Answered = { readonly snapshot: ShownSnapshot | null };

describe('snapshots on demand by REST and by command', { timeout: 180_000 }, () => {
  let daemon: Daemon;
  let rest: ConnectClient;
  let database: FreshDatabase;

  before(async () => {
    const server = await sharedPostgres(18);
    [database, daemon] = await Promise.all([freshDatabase(server), startDaemon({})]);
    rest = new ConnectClient(daemon.url);
    await database.run(`
      create table items(id int primary key, name text);
      insert into items select n, 'item ' || n from generate_series(1, ${rows}) n;
      create table keyless(n int);
      insert into keyless values (1);
      analyze;`);
    await put({});
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const config = (options: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': 'srv',
    ...databaseOptions(database.url),
    'slot.name': `slot_${database.name}`,
    'snapshot.mode': 'no_data',
    'incremental.snapshot.chunk.size': '100',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'key.converter': json,
    'value.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
    ...options,
  });

  async function put(options: Readonly<Record<string, string>>): Promise<void> {
    await rest.apply(connector, config(options));
    await rest.running(connector);
    await streaming(daemon, connector, waitMsMax);
  }

  const look = async () => (await rest.call<Answered>('GET', path)).snapshot;

  async function ended(): Promise<ShownSnapshot> {
    return until(
      async () => {
        const found = await look();
        return found?.state === 'finished' && found;
      },
      { what: 'the end of the snapshot', timeoutMs: waitMsMax },
    );
  }

  /** Ids of the read records of `items` in the log. */
  async function reads(): Promise<readonly number[]> {
    const records = await embeddedReader(daemon.dataFolder).read(['srv.public.items']);
    return records.map(({ value }) => (JSON.parse(Buffer.from(value ?? []).toString()) as { after: { id: number } }).after.id);
  }

  test('by REST, with a condition: progress, and what was asked for in the log', async () => {
    assert.equal(await look(), null);
    const taken = await rest.call<Answered>('POST', path, { tables: ['public\\.it.*'], where: 'id <= 250' });
    assert.deepEqual(
      taken.snapshot?.tables.map(({ name }) => name),
      ['public.items'],
    );
    const snapshot = await ended();
    assert.deepEqual([snapshot.rows, snapshot.chunks], [250, 3]);
    assert.deepEqual(snapshot.tables, [{ name: 'public.items', state: 'done', rows: 250, rows_estimated: rows, reason: null }]);
    await until(async () => (await reads()).length === 250, { what: 'the records', timeoutMs: waitMsMax });
  });

  test('what is wrong with a request is said', async () => {
    for (const [body, message] of [
      [{}, /must be a list of tables/],
      [{ tables: ['a.b'], type: 'initial' }, /incremental or blocking/],
      [{ tables: ['a.b'], type: 'blocking', surrogate_key: 'n' }, /surrogate-key is of incremental snapshots/],
      [{ tables: ['a('] }, /not a regular expression/],
      [{ tables: ['a.b'], colour: 'red' }, /There is no ..colour/],
    ] as const)
      await assert.rejects(rest.call('POST', path, body), (error: Error) => /: 400 /.test(error.message) && message.test(error.message));
    await assert.rejects(rest.call('DELETE', path), /: 400 .*no incremental snapshot is under way/);
    await assert.rejects(rest.call('GET', '/connectors/nobody/snapshots'), /: 404 /);
  });

  test('kill -9 on the way: it goes on behind the last chunk, and the command follows it to its end', async () => {
    const before = (await reads()).length;
    await put(slow);
    await rest.call('POST', path, { tables: ['public.items'] });
    await until(async () => (await reads()).length >= before + 300, { what: 'a few chunks in the log', timeoutMs: waitMsMax });
    await daemon.stop('SIGKILL');
    const written = (await reads()).length - before;
    assert.ok(written >= 300 && written < rows, `${written} rows were in the log`);
    await daemon.start();
    await put({});
    await until(async () => (await reads()).length === before + rows, { what: 'the rest of the table', timeoutMs: waitMsMax });
    await ended();
    const ids = (await reads()).slice(before);
    assert.equal(new Set(ids).size, rows, 'none twice');
    const { code, out } = await runCommand(['snapshot', connector, '-u', daemon.url]);
    assert.equal(code, 0);
    assert.match(out, /^finished, 5000 rows in 50 chunks/);
  });

  test('by command: to its end, paused, stopped', async () => {
    const command = (...args: readonly string[]) => runCommand(['snapshot', connector, ...args, '-u', daemon.url]);
    const done = await command('public.items', 'public.keyless', '--where', 'true');
    assert.equal(done.code, 1, 'a table was left out');
    assert.match(done.out, /public\.items +done {2}5000 rows\n {2}public\.keyless +skipped {2}0 of about 1 rows {2}.*no primary key/);
    const blocking = await command('public.items', 'public.keyless', '--type', 'blocking');
    assert.equal(blocking.code, 0, blocking.err);
    assert.match(blocking.out, /^finished, 5001 rows, .*\n {2}public\.items +done {2}5000 rows\n {2}public\.keyless +done {2}1 rows/);
    assert.match((await command('public.items', '--type', 'other')).err, /incremental or blocking/);
    await put(slowest);
    assert.equal((await command('public.items', '--detach')).code, 0);
    assert.match((await command('--pause')).out, /^paused/);
    assert.match((await command('--resume')).out, /^(?:reading|running)/);
    assert.match((await command('--stop')).out, /public\.items +stopped/);
    const refused = await command('--stop');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /no incremental snapshot is under way/);
  });

  test('one that is asked for right behind a change of the config is taken up by the new task, not lost with the former one', async () => {
    await put({});
    const before = (await reads()).length;
    for (const round of [1, 2, 3]) {
      await rest.putConfig(connector, config({ 'heartbeat.interval.ms': String(10_000 + round) }));
      const ask = () =>
        rest.call('POST', path, { tables: ['public.items'], where: 'id <= 100' }).then(
          () => true,
          (error: unknown) => {
            if (error instanceof RestError && error.status === 409) return false;
            throw error;
          },
        );
      await until(ask, { what: 'the new task to stream', timeoutMs: waitMsMax });
      await ended();
      await until(async () => (await reads()).length === before + round * 100, { what: 'the rows', timeoutMs: waitMsMax });
    }
  });
});
