import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMysql } from '../support/servers.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

test('a plan lists the tables that a connector would capture, with their topics', async () => {
  const server = await sharedMysql();
  await using database = await freshMysqlDatabase(server);
  await database.run(
    'create table orders (id int primary key); create table items (id int primary key); create view seen as select * from orders',
  );
  const captured = async (options: Record<string, string>) => {
    const { config, faults } = mysqlConnector.spec.parse({ ...mysqlSourceOptions(server, database.name), ...options });
    assert.ok(config, JSON.stringify(faults));
    return [...(await mysqlConnector.captured!(config, new AbortController().signal))].sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  const table = (name: string, readWhenAdded = true) => ({
    name: `${database.name}.${name}`,
    topic: `srv.${database.name}.${name}`,
    readWhenAdded,
  });
  assert.deepEqual(await captured({}), [table('items'), table('orders')]);
  assert.deepEqual(await captured({ 'table.include.list': `${database.name}.orders` }), [table('orders')]);
  assert.deepEqual(
    await captured({ 'signal.data.collection': `${database.name}.items`, 'table.include.list': `${database.name}.orders` }),
    [table('items', false), table('orders')],
  );
  await assert.rejects(captured({ 'database.password': 'wrong', 'database.user': 'nobody' }), { code: 'LOGIN_REFUSED' });
});
