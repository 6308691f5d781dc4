import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import type { SourceOffset } from '../../src/contract/index.ts';
import type { MysqlFlavor } from '../services/mysql.ts';
import { crashUnderLoad } from '../support/crashes-under-load.ts';
import { connectMysql, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { changedTables, randomOf } from '../support/random-changes.ts';
import { changedMysqlTablesSetup, mysqlRowsOf, transactMysql } from '../support/random-mysql-changes.ts';
import { RowHistory } from '../support/row-history.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
after(() => servers);

const runs: readonly (readonly [MysqlFlavor, seed: number])[] = [
  ['mysql', 1],
  ['mysql', 2],
  ['mysql', 3],
  ['mariadb', 4],
  ['mariadb', 5],
];

/** The snapshot is complete. */
function isStreaming({ offset }: SourceOffset): boolean {
  return offset?.['snapshot_completed'] === true || Boolean(offset?.['file'] && !offset['snapshot']);
}

for (const [flavor, seed] of runs) {
  test(`crashes at any batch of snapshot and stream, under load, lose and double nothing (${flavor}, seed ${seed})`, {
    timeout: 180_000,
  }, async () => {
    const server = servers[flavor];
    await using database = await freshMysqlDatabase(server);
    await database.run(changedMysqlTablesSetup(flavor));
    await using writer = await connectMysql(server, { database: database.name });
    const random = randomOf(seed);
    const run = new SourceRun(
      {
        ...mysqlSourceOptions(server, database.name),
        'snapshot.fetch.size': '500',
        'max.batch.size': '64',
        'max.queue.size': '1024',
        'snapshot.max.threads': String(1 + (seed % 3)),
        'gtid.ignore.on.recovery': String(seed % 2 === 0),
      },
      connectors[flavor],
    );
    await crashUnderLoad(run, { random, isStreaming, transact: n => transactMysql(writer, random, n) });
    await writer.query("insert into small values (1000, 'the end')");
    const smallTopic = `srv.${database.name}.small`;
    await run.run(batch =>
      batch.records.some(({ topic, key }) => topic === smallTopic && JSON.stringify(key).includes('1000')) ? 'crash after' : 'append',
    );
    const history = new RowHistory(topic => topic.startsWith(`srv.${database.name}.`));
    for (const record of run.records) history.apply(record);
    assert.deepEqual(history.faults.slice(0, 5), [], `seed ${seed}: ${history.faults.length} faults`);
    for (const [table, columns] of changedTables) {
      const fromLog = history.rowsOf(`srv.${database.name}.${table}`);
      const fromDatabase = await mysqlRowsOf(writer, table, columns);
      assert.equal(fromLog.length, fromDatabase.length, `${table}: as many rows in the log as in the database`);
      assert.ok(
        fromLog.every((content, index) => content === fromDatabase[index]),
        `${table}: the same rows`,
      );
    }
    const count = (operation: string) => history.operations.get(operation) ?? 0;
    assert.ok(count('u') > 50 && count('r') > 5000, `the run had both phases: ${[...history.operations].join(' ')}`);
  });
}
