import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { Struct, type Value } from '../../src/contract/index.ts';
import { startMysql } from '../services/mysql.ts';
import { connectMysql, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { SourceRun } from '../support/source-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

// A server of its own: binlog_row_metadata is global.
const server = await startMysql();
after(() => server[Symbol.asyncDispose]());

const unavailable = '__debezium_unavailable_value';
const long = 'long '.repeat(100);

/** Of the three changes: what the row image left out of the row before and after. To NOBLOB, JSON is no blob. */
const images = {
  full: [
    'null | 1,a,TEXT,{"k":1,"l":[1,2]}',
    '1,a,TEXT,{"k":1,"l":[1,2]} | 1,b,TEXT,{"k":2,"l":[1,2]}',
    '1,b,TEXT,{"k":2,"l":[1,2]} | null',
  ],
  noblob: [
    'null | 1,a,TEXT,{"k":1,"l":[1,2]}',
    '1,a,GONE,{"k":1,"l":[1,2]} | 1,b,GONE,{"k":2,"l":[1,2]}',
    '1,b,GONE,{"k":2,"l":[1,2]} | null',
  ],
  minimal: ['null | 1,a,TEXT,{"k":1,"l":[1,2]}', '1,GONE,GONE,GONE | 1,b,GONE,{"k":2,"l":[1,2]}', '1,GONE,GONE,GONE | null'],
} as const;

const runs = (['full', 'noblob', 'minimal'] as const).flatMap(image =>
  (['FULL', 'MINIMAL'] as const).flatMap(metadata =>
    [false, true].map(compressed => ({ image, metadata, compressed, partial: compressed && image === 'full' })),
  ),
);

for (const { image, metadata, compressed, partial } of runs) {
  const what = `binlog_row_image=${image}, binlog_row_metadata=${metadata}${compressed ? ', compressed' : ''}${partial ? ', partial JSON' : ''}`;
  test(`${what}: what the binlog has is read, what it leaves out is marked`, { timeout: 180_000 }, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key, v varchar(9), long_text text, doc json)');
    const run = new SourceRun(
      {
        ...mysqlSourceOptions(server, database.name),
        'tombstones.on.delete': 'false',
      },
      mysqlConnector,
    );
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    await using client = await connectMysql(server, { database: database.name });
    await client.query(`set global binlog_row_metadata = ${metadata}`);
    await client.query(
      `set session binlog_row_image = ${image}, binlog_transaction_compression = ${compressed}, binlog_row_value_options = '${partial ? 'PARTIAL_JSON' : ''}'`,
    );
    await client.query(
      `insert into t values (1, 'a', '${long}', '{"k": 1, "l": [1, 2]}'); update t set v = 'b', doc = json_set(doc, '$.k', 2); delete from t`,
    );
    const isDelete = (value: Value) => value instanceof Struct && value.schema.indexOf('op') >= 0 && value.get('op') === 'd';
    await run.run(batch => (batch.records.some(({ value }) => isDelete(value)) ? 'crash after' : 'append'));
    const text = (row: Value | undefined) =>
      row instanceof Struct
        ? row.values
            .map(value => (value === long ? 'TEXT' : value === unavailable ? 'GONE' : String(value)))
            .join()
            .replaceAll('": ', '":')
        : 'null';
    const shown = run.records.flatMap(({ topic, value }) =>
      topic.endsWith('.t') && value instanceof Struct ? [`${text(value.get('before'))} | ${text(value.get('after'))}`] : [],
    );
    assert.deepEqual(shown, images[image]);
  });
}
