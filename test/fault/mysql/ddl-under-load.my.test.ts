import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectMysql } from '../../support/fresh-mysql-database.ts';
import { randomOf } from '../../support/random-changes.ts';
import { embeddedLog } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { MysqlCapture, starts } from './capture.ts';

/** Of the tables under load, without another shape: what rebuilds them, and what the binlog has other table maps behind. */
const rebuilding = [
  'alter table small modify v varchar(500)',
  'alter table numbered add index by_v (v(10))',
  'alter table keyed engine = innodb',
  'alter table named comment = ?',
  'alter table numbered drop index by_v, add index by_pad (pad(5))',
  'alter table small modify v text',
  'alter table numbered drop index by_pad',
];

/** Each row is inserted behind a statement that gave its table a column more, or took one. */
const shapes = 12;

for (const flavor of ['mysql', 'mariadb'] as const) {
  for (const killed of [false, true]) {
    const what = `DDL in the middle of the load of ${flavor}${killed ? ', the daemon killed meanwhile' : ''}: rows read as they were written`;
    test(what, { timeout: 240_000 }, async t => {
      await using server = await starts[flavor]();
      const random = randomOf(faultSeed);
      await using capture = await MysqlCapture.start(server, embeddedLog, faultSeed);
      const { database, prefix } = capture.changing;
      await using client = await connectMysql(server, { database: database.name });
      await capture.streaming();
      await client.query('create table growing (id int primary key, a varchar(10))');
      const expected: string[] = [];
      const columns = ['id', 'a'];
      for (let n = 0; n < shapes; n++) {
        await client.query(rebuilding[n % rebuilding.length]!.replace('?', `'${n}'`));
        if (n % 3 === 2) {
          const dropped = columns.splice(1 + random(columns.length - 1), 1)[0]!;
          await client.query(`alter table growing drop column ${dropped}`);
        } else {
          const place = 1 + random(columns.length);
          await client.query(`alter table growing add column c${n} int default ${n} after ${columns[place - 1]}`);
          columns.splice(place, 0, `c${n}`);
        }
        if (killed && n % 4 === 1) {
          await capture.daemon.stop('SIGKILL');
          await capture.daemon.start();
        }
        await client.query('insert into growing (id) values (?)', [n]);
        expected.push(`${n}: ${columns.join()}`);
      }
      t.diagnostic(`followed: ${await capture.assertExactlyOnce(server)}`);
      const found: string[] = [];
      for await (const { key, value } of embeddedLog.published(capture.daemon, [`${prefix}.${database.name}.growing`])) {
        const { op, after } = JSON.parse(value!);
        // A daemon that was killed before it came to the table's making takes it for one that was added, and reads it, too.
        if (op !== 'r') found.push(`${JSON.parse(key!).id}: ${Object.keys(after).join()}`);
      }
      assert.deepEqual(found, expected);
    });
  }
}
