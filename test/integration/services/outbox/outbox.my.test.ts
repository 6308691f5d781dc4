import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExactIntegers } from '../../../../src/contract/index.ts';
import { defineEvent } from '../../../../src/services/outbox/define-event.ts';
import { outboxRouting } from '../../../../src/services/outbox/outbox-routing.ts';
import { outboxSql } from '../../../../src/services/outbox/outbox-table.ts';
import { createPublisher } from '../../../../src/services/outbox/publisher.ts';
import { ConnectClient } from '../../../support/connect-client.ts';
import { startDaemon } from '../../../support/daemon.ts';
import { freshMysqlDatabase } from '../../../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';
import { mysqlSourceOptions } from '../../mysql-source-options.ts';
import { recordsOf } from '../published-events.ts';

type OrderPlaced = { readonly orderId: string; readonly totalCents: number; readonly iban: bigint };

const orderPlaced = defineEvent('OrderPlaced', {
  schemaVersion: 2,
  check: ({ totalCents }: OrderPlaced) => (totalCents > 0 ? null : 'totalCents is not above 0'),
});
const timestampMs = 1_700_000_000_123;
const dataOf = (orderId: string): OrderPlaced => ({ orderId, totalCents: 100, iban: 18_446_744_073_709_551_615n });

const servers = {
  MySQL: { server: sharedMysql, connector: 'io.debezium.connector.mysql.MySqlConnector' },
  MariaDB: { server: sharedMariadb, connector: 'io.debezium.connector.mariadb.MariaDbConnector' },
};

for (const [name, { server, connector }] of Object.entries(servers))
  test(`${name}: events of a service that is not event-sourced go out once, with the transaction that stored them`, {
    timeout: 240_000,
  }, async () => {
    await using resources = new AsyncDisposableStack();
    const address = await server();
    const database = resources.use(await freshMysqlDatabase(address));
    const { connection } = database;
    const table = `${database.name}.outbox`;
    await database.run('create table orders (id varchar(20) primary key)');
    await database.run(outboxSql({ table, dialect: 'mysql' }));
    await database.run(outboxSql({ table, dialect: 'mysql' }));
    const publisher = createPublisher({ table, dialect: 'mysql' });
    const place = async (orderId: string, end: 'commit' | 'rollback') => {
      await connection.query('begin');
      await connection.query('insert into orders values (?)', [orderId]);
      const aggregate = { type: 'order', id: orderId };
      const event = orderPlaced(dataOf(orderId), { aggregate, metadata: { correlationId: `request-${orderId}` }, timestampMs });
      const id = await publisher.publish(connection, event);
      await connection.query(end);
      return id;
    };
    const ids = [await place('before', 'commit')];
    const daemon = resources.use(await startDaemon({}));
    const rest = new ConnectClient(daemon.url);
    await rest.putConfig('outbox', {
      'connector.class': connector,
      ...mysqlSourceOptions(address, database.name),
      'table.include.list': `${database.name}\\.outbox`,
      ...outboxRouting({ topic: 'events.$1' }),
    });
    const published = (count: number) =>
      until(
        async () => {
          await rest.assertNotFailed('outbox');
          const records = await recordsOf(daemon.dataFolder, ['events.order']);
          return records.length >= count && records;
        },
        { what: `${count} events. The end of the log:\n${daemon.log()}\n`, timeoutMs: 60_000, everyMs: 100 },
      );
    await published(1);
    await place('lost', 'rollback');
    ids.push(await place('after', 'commit'));
    await published(2);
    await daemon.stop('SIGKILL');
    ids.push(await place('while it was away', 'commit'));
    await publisher.purge(connection, timestampMs + 1);
    await daemon.start();
    ids.push(await place('purged by then', 'commit'));
    const found = await published(4);
    assert.deepEqual(
      found.map(({ key, value, timestampMs, headers }) => [key, parseExactIntegers(value), timestampMs, headers]),
      ['before', 'after', 'while it was away', 'purged by then'].map((orderId, index) => [
        orderId,
        dataOf(orderId),
        timestampMs,
        {
          id: ids[index],
          type: 'OrderPlaced',
          schemaVersion: '2',
          correlationId: `request-${orderId}`,
          causationId: null,
          userId: null,
        },
      ]),
    );
    const [rows] = await connection.query(`select aggregateid from ${table}`);
    assert.deepEqual(rows, [{ aggregateid: 'purged by then' }]);
    const beyond = orderPlaced({ ...dataOf('x'), iban: 2n ** 64n }, { aggregate: { type: 'order', id: 'x' } });
    await assert.rejects(publisher.publish(connection, beyond), { code: 'EVENT_INVALID', message: /data\.iban is a bigint beyond/ });
  });
