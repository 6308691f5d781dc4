import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import type { CheckResult, RawConfig } from '../../src/contract/index.ts';
import { type MysqlAddress, type MysqlServer, startMariadb } from '../services/mysql.ts';
import { connectMysql, type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector } as const;
const shared = { mysql: sharedMysql, mariadb: sharedMariadb } as const;
const others = { mysql: 'mariadb', mariadb: 'mysql' } as const;
const classes = { mysql: 'MySqlConnector', mariadb: 'MariaDbConnector' } as const;

/** What a connector of that class says of a server before it is made. */
async function check(flavor: keyof typeof connectors, options: RawConfig): Promise<readonly CheckResult[]> {
  const { spec, create } = connectors[flavor];
  const { config, faults } = spec.parse(options);
  assert.ok(config, faults.map(({ message }) => message).join('\n'));
  const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };
  await using made = create(config, { connector: 'checked', task: 0, logger: silentLogger, clock });
  return made.check(new AbortController().signal);
}

const of = (results: readonly CheckResult[], status: CheckResult['status']) => results.filter(result => result.status === status);
const codes = (results: readonly CheckResult[]) => of(results, 'fault').map(({ subject, code }) => `${subject}: ${code}`);

for (const flavor of ['mysql', 'mariadb'] as const) {
  describe(`a ${flavor} that cannot be used as it is`, { timeout: 180_000 }, () => {
    const resources = new AsyncDisposableStack();
    let server: MysqlAddress;
    let database: FreshMysqlDatabase;

    before(async () => {
      server = await shared[flavor]();
      database = resources.use(await freshMysqlDatabase(server));
      await database.run('create table orders (id int primary key); create table secrets (id int primary key)');
    });
    after(() => resources.disposeAsync());

    const checked = (options: RawConfig = {}, at = server) => check(flavor, { ...mysqlSourceOptions(at, database.name), ...options });

    test('nothing is said of one that can', async () => {
      const results = await checked();
      assert.deepEqual([...of(results, 'fault'), ...of(results, 'warning')], []);
      const subjects = results.map(({ subject }) => subject);
      for (const table of ['orders', 'secrets']) assert.ok(subjects.includes(`table ${database.name}.${table}`), subjects.join());
    });

    test('a wrong password, which is not shown', async () => {
      const results = await checked({ 'database.password': 'wr0ng-password' });
      assert.deepEqual(codes(results), ['login: LOGIN_REFUSED']);
      assert.doesNotMatch(JSON.stringify(results), /wr0ng-password/);
    });

    test('a server of the other kind, with the class to use', async () => {
      const results = await checked({}, await shared[others[flavor]]());
      const [found] = of(results, 'fault');
      assert.equal(found?.code, 'DATABASE_FAILED');
      assert.match(found?.message ?? '', /^The server is no (?:MySQL|MariaDB): it says that its version is \d+\./);
      assert.equal(found?.remedy, `Use the connector class ${classes[others[flavor]]}.`);
    });

    test('a user with too few rights: all that is missing at once, each with its remedy', async () => {
      const [user, password] = [database.name, 'few'];
      await using admin = await connectMysql(server);
      await admin.query(`create user ${user} identified by '${password}'`);
      try {
        await admin.query(`grant select on ${user}.orders to ${user}; grant insert on ${user}.secrets to ${user}`);
        const tables = ['orders', 'secrets', 'ordres'].map(table => `${user}.${table}`).join();
        const results = await checked({ 'database.user': user, 'database.password': password, 'table.include.list': tables });
        assert.deepEqual(codes(results), [`table ${user}.secrets: TABLE_UNREADABLE`]);
        assert.equal(of(results, 'fault')[0]?.remedy, `Run: GRANT SELECT ON \`${user}\`.\`secrets\` TO the user.`);
        const [rights, pattern, ...more] = of(results, 'warning');
        assert.deepEqual(more, []);
        assert.match(rights?.message ?? '', /do not name REPLICATION SLAVE, REPLICATION CLIENT, RELOAD \(or LOCK TABLES/);
        assert.equal(rights?.remedy, 'Run: GRANT REPLICATION SLAVE, REPLICATION CLIENT, RELOAD ON *.* TO the user.');
        assert.equal(pattern?.option, 'table.include.list');
        assert.match(pattern?.message ?? '', /ordres/);
      } finally {
        await admin.query(`drop user ${user}`);
      }
    });

    test('lists that no table fits', async () => {
      const results = await checked({ 'table.include.list': `${database.name}.nothing` });
      assert.deepEqual(codes(results), ['tables: NO_TABLES']);
    });
  });
}

describe('a server without a binlog of rows', { timeout: 180_000 }, () => {
  let server: MysqlServer;

  before(async () => {
    const settings = { 'skip-log-bin': '1', 'binlog-format': 'MIXED', 'binlog-row-image': 'MINIMAL', 'binlog-row-metadata': 'MINIMAL' };
    server = await startMariadb({ settings });
    await using admin = await connectMysql(server);
    await admin.query('create database shop; create table shop.orders (id int primary key)');
  });
  after(() => server?.[Symbol.asyncDispose]());

  test('each setting with its remedy, all at once', async () => {
    const results = await check('mariadb', mysqlSourceOptions(server, 'shop'));
    assert.deepEqual(codes(results), ['log_bin: DATABASE_FAILED', 'binlog_format: DATABASE_FAILED']);
    assert.deepEqual(
      of(results, 'fault').map(({ remedy }) => remedy),
      ['Start the server with log_bin.', 'Set binlog_format=ROW on the server.'],
    );
    assert.deepEqual(
      of(results, 'warning').map(({ subject, remedy }) => [subject, remedy]),
      [
        ['binlog_row_image', 'Set binlog_row_image=FULL on the server.'],
        ['binlog_row_metadata', 'Set binlog_row_metadata=FULL on the server.'],
      ],
    );
  });

  test('a snapshot alone needs a place in the binlog, whatever is in it', async () => {
    const results = await check('mariadb', { ...mysqlSourceOptions(server, 'shop'), 'snapshot.mode': 'initial_only' });
    assert.deepEqual([codes(results), of(results, 'warning')], [['log_bin: DATABASE_FAILED'], []]);
  });
});
