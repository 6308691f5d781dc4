import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RowDataPacket } from 'mysql2/promise';
import { charsetDecoder } from '../../connectors/mysql/values/charsets.ts';
import { type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMysql } from '../support/servers.ts';

/** Letters of Unicode's lower planes, that every character set has some of. */
const codePoints = Array.from({ length: 0xd7ff - 0x20 }, (_, index) => index + 0x20);
const pointsPerQuery = 4_000;

describe('characters of every character set are the ones that MySQL takes them for', () => {
  let database: FreshMysqlDatabase;
  before(async () => {
    database = await freshMysqlDatabase(await sharedMysql());
  });
  after(() => database[Symbol.asyncDispose]());

  test('all that convert there and back', async () => {
    const [charsets] = await database.connection.query<RowDataPacket[]>(
      "select character_set_name n from information_schema.character_sets where character_set_name <> 'binary' order by 1",
    );
    assert.ok(charsets.length > 35);
    await database.run('create table points (p int primary key, c varchar(1) character set utf8mb4 collate utf8mb4_bin)');
    for (let from = 0; from < codePoints.length; from += pointsPerQuery) {
      const values = codePoints
        .slice(from, from + pointsPerQuery)
        .map(point => `(${point}, convert(x'${Buffer.from(String.fromCodePoint(point)).toString('hex')}' using utf8mb4))`);
      await database.run(`insert into points values ${values.join()}`);
    }
    const wrong: string[] = [];
    for (const row of charsets) {
      const charset = String(row['n']);
      const [rows] = await database.connection.query<RowDataPacket[]>(
        `select p, cast(convert(c using ${charset}) as binary) b from points
         where convert(convert(c using ${charset}) using utf8mb4) = c collate utf8mb4_bin and (p = 63 or c <> '?')`,
      );
      assert.ok(rows.length > 90, `${charset} holds more than ${rows.length} characters`);
      const decode = charsetDecoder(charset);
      const failed = rows.filter(({ p, b }) => decode(b as Buffer, 0, (b as Buffer).length) !== String.fromCodePoint(Number(p)));
      if (failed.length > 0)
        wrong.push(
          `${charset}: ${failed.length} of ${rows.length}, ${failed
            .slice(0, 12)
            .map(
              ({ p, b }) =>
                `U+${Number(p).toString(16)} ${(b as Buffer).toString('hex')} ${decode(b as Buffer, 0, (b as Buffer).length)
                  .codePointAt(0)
                  ?.toString(16)}`,
            )
            .join(', ')}`,
        );
    }
    assert.deepEqual(wrong, []);
  });
});
