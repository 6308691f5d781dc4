import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SourceOffset } from '../../src/contract/index.ts';
import { crashUnderLoad } from '../support/crashes-under-load.ts';
import { databaseOptions } from '../support/database-options.ts';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { changedTables, changedTablesSetup, randomOf, rowsOf, transact } from '../support/random-changes.ts';
import { RowHistory } from '../support/row-history.ts';
import { sharedPostgres } from '../support/servers.ts';
import { postgresRun } from '../support/source-run.ts';

const seeds = [1, 2, 3, 4];
const server = await sharedPostgres(18);
after(() => server);

/** The snapshot is complete. */
function isStreaming({ offset }: SourceOffset): boolean {
  return offset?.['snapshot_completed'] === true || Boolean(offset?.['lsn'] && !offset['snapshot']);
}

for (const seed of seeds) {
  test(`crashes at any batch of snapshot and stream, under load, lose and double nothing (seed ${seed})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await freshDatabase(server);
    await database.run(changedTablesSetup);
    await using writer = await connectTo(database.url);
    const random = randomOf(seed);
    const run = postgresRun({
      'topic.prefix': 'srv',
      ...databaseOptions(database.url),
      'slot.name': `slot_${database.name}`,
      'publication.name': 'everything',
      'snapshot.fetch.size': '500',
      'max.batch.size': '64',
      'max.queue.size': '1024',
      'snapshot.max.threads': String(1 + (seed % 3)),
    });
    await crashUnderLoad(run, { random, isStreaming, transact: n => transact(writer, random, n) });
    await writer.query(`insert into small values (1000, 'the end')`);
    await run.run(batch =>
      batch.records.some(({ topic, key }) => topic === 'srv.public.small' && JSON.stringify(key).includes('1000'))
        ? 'crash after'
        : 'append',
    );
    const history = new RowHistory();
    for (const record of run.records) history.apply(record);
    assert.deepEqual(history.faults.slice(0, 5), [], `seed ${seed}: ${history.faults.length} faults`);
    for (const [table, columns] of changedTables) {
      const [fromLog, fromDatabase] = [history.rowsOf(`srv.public.${table}`), await rowsOf(database.client, table, columns)];
      assert.equal(fromLog.length, fromDatabase.length, `${table}: as many rows in the log as in the database`);
      assert.ok(
        fromLog.every((content, index) => content === fromDatabase[index]),
        `${table}: the same rows`,
      );
    }
    assert.ok(
      (history.operations.get('u') ?? 0) > 50 && (history.operations.get('r') ?? 0) > 5000,
      `the run had both phases: ${[...history.operations].join(' ')}`,
    );
  });
}
