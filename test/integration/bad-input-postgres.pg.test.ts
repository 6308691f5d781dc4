import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { connect } from '../../connectors/postgres/connection.ts';
import { type PostgresServer, postgresAddress, startPostgres } from '../services/postgres.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import {
  ask,
  type Config,
  changesIn,
  check,
  connectorOf,
  errorMessage,
  failure,
  progressOf,
  retrying,
  untilLogged,
} from './bad-input-fixture.ts';

const orders = 'create table orders (id int primary key, v text); insert into orders values (1), (2)';

describe('a server that cannot be used as it is', { timeout: 240_000 }, () => {
  const resources = new AsyncDisposableStack();
  let server: PostgresServer;
  let daemon: Daemon;
  let valid: Config;

  before(async () => {
    server = resources.use(await startPostgres({ version: 18, auth: 'scram-sha-256', settings: { wal_level: 'replica' } }));
    await using client = await connectTo(server.url);
    await client.query(`${orders}; create user reader password 'right'`);
    valid = { ...connectorOf(server.url), 'snapshot.mode': 'initial' };
    daemon = resources.use(await startDaemon({}));
  });
  after(() => resources.disposeAsync());

  /** The connector is refused by POST and by validate, for the same reason, and is not made. */
  const refusedWith = async (config: Config) => {
    const message = errorMessage(await ask(daemon, 'POST', '/connectors', { name: 'refused', config: { ...valid, ...config } }), 400);
    const found = /\nError while validating connector config: (.*)\n/.exec(message)?.[1];
    assert.ok(found !== undefined, message);
    assert.deepEqual((await ask(daemon, 'GET', '/connectors')).body, []);
    const path = '/connector-plugins/PostgresConnector/config/validate';
    const { body } = await ask(daemon, 'PUT', path, { name: 'refused', ...valid, ...config });
    const { configs } = body as { configs: { value: { name: string; errors: string[] } }[] };
    assert.deepEqual(
      configs.filter(({ value }) => value.errors.length > 0).map(({ value }) => [value.name, value.errors]),
      [['database.hostname', [`Error while validating connector config: ${found}`]]],
    );
    return found;
  };

  test('a login that is refused', async () => {
    const message = await refusedWith({ 'database.password': 'wr0ng-password' });
    assert.match(message, /^Cannot log in to database "postgres" at 127\.0\.0\.1:\d+ as "postgres": password authentication failed/);
    assert.match(message, /Check database\.user, database\.password/);
    assert.doesNotMatch(message, /wr0ng-password/);
  });

  test('a database that does not exist', async () => {
    const message = await refusedWith({ 'database.dbname': 'nowhere' });
    assert.match(message, /database "nowhere" does not exist\. Check database\.dbname/);
  });

  test('wal_level replica', async () => {
    const message = await refusedWith({});
    assert.match(message, /^wal_level is replica, .*Set wal_level = logical in postgresql\.conf and restart the server/);
  });

  test('wal_level replica is enough for a snapshot alone', async () => {
    assert.equal(
      (await ask(daemon, 'POST', '/connectors', { name: 'once', config: { ...valid, 'snapshot.mode': 'initial_only' } })).status,
      201,
    );
    await untilLogged(daemon, 'srv.public.orders', ['r1', 'r2']);
    assert.equal((await ask(daemon, 'DELETE', '/connectors/once')).status, 204);
  });

  test('a user who may not replicate, at once with the rest', async () => {
    const config = { ...valid, 'database.user': 'reader', 'database.password': 'right' };
    const message = errorMessage(await ask(daemon, 'PUT', '/connectors/right/config', config), 400);
    assert.match(message, /following 2 error\(s\)/);
    assert.match(message, /"reader" may not use replication connections\. Run: ALTER ROLE "reader" WITH REPLICATION/);
  });

  test('a server that is not there yet is waited for', async () => {
    assert.equal((await ask(daemon, 'POST', '/connectors', { name: 'early', config: { ...valid, 'database.port': '1' } })).status, 201);
    assert.equal((await retrying(daemon, 'early')).code, 'DATABASE_UNAVAILABLE');
    assert.equal((await ask(daemon, 'DELETE', '/connectors/early')).status, 204);
  });

  test('a connector of a file runs into it: its task has failed and says why', async () => {
    using scratch = new ScratchFolder('file-connectors');
    for (const [name, config] of Object.entries<Config>({
      login: { 'database.password': 'wr0ng-password' },
      level: {},
      right: { 'database.user': 'reader', 'database.password': 'right' },
    }))
      await writeFile(scratch.file(`${name}.json`), JSON.stringify({ name, config: { ...valid, 'topic.prefix': name, ...config } }));
    await using other = await startDaemon({ connectors: scratch.file('*.json') });
    const login = await failure(other, 'login');
    assert.match(login, /^LOGIN_REFUSED: Cannot log in to database "postgres" at .* as "postgres": password authentication failed/);
    assert.doesNotMatch(login, /wr0ng-password/);
    assert.match(await failure(other, 'level'), /^WAL_LEVEL: .*wal_level.*\nSet wal_level = logical/);
    assert.match(await failure(other, 'right'), /^PRIVILEGE_MISSING: .*\nRun: ALTER ROLE "reader" WITH REPLICATION/);
    await using client = await connectTo(server.url);
    assert.equal((await client.query('select 1 from pg_publication')).rowCount, 0, 'nothing was made in the database');
  });

  test('check lists all of it at once, each with its remedy', async () => {
    const { code, output } = await check({
      ...valid,
      'database.user': 'reader',
      'database.password': 'right',
      'publication.name': 'new',
    });
    assert.equal(code, 1);
    assert.match(output, /fault +line 1, database\.hostname, wal_level: wal_level is replica/);
    assert.match(
      output,
      /fault +line 1, database\.hostname, replication right: "reader" may not use replication connections\n +Run: ALTER ROLE "reader" WITH REPLICATION/,
    );
    assert.match(
      output,
      /fault +line 1, publication\.name, publication "new": It does not exist, and only a superuser can create one for all tables/,
    );
    assert.match(
      output,
      /fault +table\.include\.list, table public\.orders: It may not be read by this user\n +Run: GRANT SELECT ON public\.orders/,
    );
    assert.match(output, /4 faults/);
  });
});

describe('slots, publications and tables', { timeout: 180_000 }, () => {
  const resources = new AsyncDisposableStack();
  let daemon: Daemon;
  let database: FreshDatabase;
  let valid: Config;

  before(async () => {
    const server = await sharedPostgres(18);
    database = resources.use(await freshDatabase(server));
    await database.run(orders);
    valid = connectorOf(database.url);
    daemon = resources.use(await startDaemon({}));
  });
  after(() => resources.disposeAsync());

  /** A connector with slot, publication and topics of its own. */
  const own = (name: string, config: Config = {}): Config => ({
    ...valid,
    'topic.prefix': name,
    'slot.name': slotOf(name),
    'publication.name': slotOf(name),
    ...config,
  });
  const slotOf = (name: string) => `${name}_${database.name}`;
  const make = async (name: string, config: Config = {}) =>
    assert.equal((await ask(daemon, 'POST', '/connectors', { name, config: own(name, config) })).status, 201);
  const end = async (name: string) => assert.equal((await ask(daemon, 'DELETE', `/connectors/${name}`)).status, 204);
  const active = async (slot: string) =>
    (await database.client.query('select 1 from pg_replication_slots where slot_name = $1 and active', [slot])).rowCount === 1;

  test('a publication that is missing, with autocreate disabled', async () => {
    await make('unpublished', { 'publication.autocreate.mode': 'disabled' });
    const trace = await failure(daemon, 'unpublished');
    assert.match(
      trace,
      /^PUBLICATION_MISSING: The publication "unpublished_\w+" does not exist, and publication\.autocreate\.mode=disabled/,
    );
    assert.match(trace, /Create the publication, or let publication\.autocreate\.mode create it/);
    assert.match(
      (await check(own('unpublished', { 'publication.autocreate.mode': 'disabled' }))).output,
      /fault +line 1, publication\.name, publication "unpublished_\w+": It does not exist/,
    );
    // Mended, a restart goes on, with everything.
    await database.run(`create publication ${slotOf('unpublished')} for all tables`);
    assert.equal((await ask(daemon, 'POST', '/connectors/unpublished/tasks/0/restart')).status, 204);
    await untilLogged(daemon, 'unpublished.public.orders', ['r1', 'r2']);
    await end('unpublished');
  });

  test('a slot and a publication that are missing are made', async () => {
    await make('made');
    await untilLogged(daemon, 'made.public.orders', ['r1', 'r2']);
    const { rows } = await database.client.query('select plugin, slot_type from pg_replication_slots where slot_name = $1', [
      slotOf('made'),
    ]);
    assert.deepEqual(rows, [{ plugin: 'pgoutput', slot_type: 'logical' }]);
    await end('made');
  });

  for (const { what, make: statement, message } of [
    {
      what: 'a slot of another plugin',
      make: `pg_create_logical_replication_slot($1, 'test_decoding')`,
      message: /is for the plugin test_decoding, not a logical one for pgoutput/,
    },
    {
      what: 'a physical slot',
      make: 'pg_create_physical_replication_slot($1)',
      message: /is a physical one, not a logical one for pgoutput/,
    },
  ]) {
    test(what, async () => {
      await database.client.query(`select ${statement}`, [slotOf('foreign')]);
      await make('foreign');
      const trace = await failure(daemon, 'foreign');
      assert.match(trace, /^SLOT_INVALID: The replication slot "\w+" /);
      assert.match(trace, message);
      assert.match(trace, /Give slot\.name a slot of this database with the right plugin, or a new name/);
      assert.match((await check(own('foreign'))).output, message);
      await end('foreign');
      await database.client.query('select pg_drop_replication_slot($1)', [slotOf('foreign')]);
    });
  }

  test('a slot of another database', async () => {
    await using other = await freshDatabase(await sharedPostgres(18));
    await other.client.query(`select pg_create_logical_replication_slot('${slotOf('elsewhere')}', 'pgoutput')`);
    await make('elsewhere');
    assert.match(
      await failure(daemon, 'elsewhere'),
      /^SLOT_INVALID: The replication slot "\w+" belongs to the database "test_\w+", not to "test_\w+"/,
    );
    await other.client.query(`select pg_drop_replication_slot('${slotOf('elsewhere')}')`);
    await end('elsewhere');
  });

  test('a slot in use is waited for, and said; nothing is lost once it is free', async () => {
    const slot = slotOf('waiting');
    await database.client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    await database.run(`create publication ${slot} for all tables`);
    const { host, port, user, password } = postgresAddress(database.url);
    const settings = {
      hostname: host,
      port,
      user,
      password,
      database: database.name,
      sslMode: 'disable',
      sslRootCertificateFile: null,
      sslCertificateFile: null,
      sslKeyFile: null,
      sslKeyPassword: null,
      tcpKeepAlive: true,
      initialStatements: [],
    } as const;
    const reader = await connect(settings, true);
    const streaming = reader
      .query(`START_REPLICATION SLOT ${slot} LOGICAL 0/0 (proto_version '1', publication_names '${slot}')`)
      .catch(() => undefined);
    await until(() => active(slot), { what: 'the other reader' });
    await make('waiting', { 'slot.max.retries': '1', 'slot.retry.delay.ms': '200', 'snapshot.mode': 'no_data' });
    const first = await retrying(daemon, 'waiting');
    assert.equal(first.code, 'SLOT_IN_USE');
    assert.match(first.reason, /The replication slot "\w+" is in use by another connection \(process \d+\)/);
    assert.match(first.remedy, /Stop the other reader of the slot, or give this connector its own slot\.name/);
    assert.ok(Date.parse(first.next_attempt) >= Date.parse(first.since));
    const { body } = await ask(daemon, 'GET', '/connectors/waiting/status');
    assert.equal((body as { tasks: { state: string }[] }).tasks[0]?.state, 'RUNNING', 'Connect has no state for it');
    // Past slot.max.retries it is the task that is tried again.
    await until(async () => /The task is tried again in \d+ ms: The replication slot/.test(await readFile(daemon.logFile, 'utf8')), {
      what: 'the log to say so',
    });
    await database.run(`insert into orders values (3)`);
    reader.end().catch(() => undefined);
    await streaming;
    await untilLogged(daemon, 'waiting.public.orders', ['c3']);
    await until(async () => (await progressOf(daemon, 'waiting'))?.state === 'RUNNING', { what: 'the task to be well' });
    await database.run('delete from orders where id = 3');
    await end('waiting');
  });

  test('patterns that match nothing are said: in check, in the log and on /sluice', async () => {
    const lists = {
      'table.include.list': 'public.order,public.orders,nothing',
      'column.include.list': 'public.orders.id,public.orders.vv',
    };
    const { code, output } = await check(own('misspelt', lists));
    assert.equal(code, 0, output);
    assert.match(
      output,
      /warning +line 1, table\.include\.list: 'public\.order' in table\.include\.list matches no table; did you mean 'public\.orders'\?/,
    );
    assert.match(output, /'nothing' in table\.include\.list matches no table; a table is named with its schema/);
    assert.match(output, /'public\.orders\.vv' in column\.include\.list matches no column; did you mean 'public\.orders\.v'\?/);
    await make('misspelt', lists);
    await untilLogged(daemon, 'misspelt.public.orders', ['r1', 'r2']);
    const warnings = (await progressOf(daemon, 'misspelt'))?.warnings.join('\n') ?? '';
    assert.match(warnings, /'public\.order' in table\.include\.list matches no table/);
    assert.match(await readFile(daemon.logFile, 'utf8'), /'nothing' in table\.include\.list matches no table/);
    await end('misspelt');
  });

  test('a list that matches no table at all stops a connector that makes its publication of it', async () => {
    const lists = { 'table.include.list': 'public.nothing', 'publication.autocreate.mode': 'filtered' };
    assert.match(
      (await check(own('none', lists))).output,
      /fault +line 1, table\.include\.list, tables: No table matches the include and exclude lists/,
    );
    await make('none', lists);
    const trace = await failure(daemon, 'none');
    assert.match(trace, /^NO_TABLES: No table matches the include and exclude lists/);
    assert.match(trace, /Correct the include and exclude lists, or create the tables/);
    await end('none');
  });

  test('heartbeat.action.query runs with each heartbeat; one that fails is a warning', async () => {
    await database.run('create table beats (id int generated always as identity primary key, at timestamptz default now())');
    await make('beating', { 'heartbeat.interval.ms': '100', 'heartbeat.action.query': 'insert into beats default values' });
    await until(async () => (await changesIn(daemon, 'beating.public.beats')).length >= 3, { what: 'three beats in the log' });
    await database.run('drop table beats');
    await until(async () => /heartbeat\.action\.query: relation .*beats.* does not exist/.test(await readFile(daemon.logFile, 'utf8')), {
      what: 'the warning',
    });
    await database.run(`insert into orders values (4)`);
    await untilLogged(daemon, 'beating.public.orders', ['r1', 'r2', 'c4']);
    await database.run('delete from orders where id = 4');
    await end('beating');
  });

  test('skipped.operations narrows the publication; one that lacks what is captured is warned of', async () => {
    const operations = async () =>
      (
        await database.client.query('select pubinsert, pubupdate, pubdelete, pubtruncate from pg_publication where pubname = $1', [
          slotOf('narrow'),
        ])
      ).rows[0];
    await make('narrow', { 'skipped.operations': 'u,t', 'publication.autocreate.mode': 'filtered' });
    await untilLogged(daemon, 'narrow.public.orders', ['r1', 'r2']);
    assert.deepEqual(await operations(), { pubinsert: true, pubupdate: false, pubdelete: true, pubtruncate: false });
    const put = async (config: Config) =>
      assert.equal((await ask(daemon, 'PUT', '/connectors/narrow/config', own('narrow', config))).status, 200);
    await put({ 'skipped.operations': 't', 'publication.autocreate.mode': 'filtered' });
    await until(async () => (await operations()).pubupdate, { what: 'the publication to follow' });
    await put({ 'skipped.operations': 'none' });
    await until(async () => /does not publish the operations truncate/.test((await progressOf(daemon, 'narrow'))?.warnings.join() ?? ''), {
      what: 'the warning',
    });
    await end('narrow');
  });
});
