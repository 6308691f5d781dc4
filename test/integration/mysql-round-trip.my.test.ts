import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { defaultValueOptions, type ValueOptions } from '../../connectors/mysql/values/value-options.ts';
import { Struct } from '../../src/contract/index.ts';
import { JsonConverter } from '../../src/converters/json/json-converter.ts';
import type { MysqlAddress } from '../services/mysql.ts';
import { type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { MysqlTableDecoder } from './mysql-decoded-tables.ts';
import { mysqlOracles } from './mysql-oracles.ts';

/** Values in one statement, and statements of a type. */
const valuesPerStatement = 60;
const statementsPerType = 2;

const optionsInTurn: readonly Partial<ValueOptions>[] = [
  {},
  { decimalHandlingMode: 'string', timePrecisionMode: 'microseconds', binaryHandlingMode: 'hex', bigintUnsignedHandlingMode: 'precise' },
  { decimalHandlingMode: 'double', timePrecisionMode: 'nanoseconds', binaryHandlingMode: 'base64-url-safe' },
];

const converter = new JsonConverter({ schemasEnable: false, schemasCacheSize: 1, decimalFormat: 'base64', replaceNullWithDefault: true });

/** Structs as plain data, so that two of them compare by what they hold. */
function plain(value: unknown): unknown {
  if (value instanceof Struct) return value.values.map(plain);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

for (const [flavor, shared] of [
  ['mysql', sharedMysql],
  ['mariadb', sharedMariadb],
] as const) {
  describe(`${flavor}: what the binlog says of a value is what a query says of it`, () => {
    let server: MysqlAddress;
    let database: FreshMysqlDatabase;
    before(async () => {
      server = await shared();
      database = await freshMysqlDatabase(server);
      await database.run("set names utf8mb4; set sql_mode = 'ALLOW_INVALID_DATES'");
    });
    after(() => database[Symbol.asyncDispose]());

    for (const [place, { type, literal, only, comparable = (value: unknown) => value }] of mysqlOracles.entries()) {
      if (only !== undefined && only !== flavor) continue;
      test(type.slice(0, 60), async () => {
        const table = `t${place}`;
        await database.run(`create table ${table} (id int primary key auto_increment, v ${type})`);
        const options = { ...defaultValueOptions, ...optionsInTurn[place % optionsInTurn.length] };
        await using decoder = await MysqlTableDecoder.open(flavor, server, database.name, options);
        await decoder.tables();
        const literals = fc.array(literal, { minLength: valuesPerStatement, maxLength: valuesPerStatement });
        await fc.assert(
          fc.asyncProperty(literals, async values => {
            await database.run(`delete from ${table}; insert into ${table}(v) values ${values.map(value => `(${value})`).join()}, (null)`);
            const streamed = (await decoder.changes()).filter(change => change.op === 'c');
            const decoded = (await decoder.tables()).find(({ model }) => model.id.table === table)!;
            const read = await decoder.rows(decoded);
            assert.equal(read.length, values.length + 1);
            const shown = (rows: readonly Struct[]) => rows.map(row => comparable(plain(row.get('v'))));
            assert.deepEqual(shown(streamed.map(({ after }) => after!)), shown(read));
            assert.equal(streamed.at(-1)!.after!.get('v'), null);
            // Unread rows are other ways to the same values, and to the same bytes.
            const unread = await decoder.unreadRows(decoded);
            const written = (rows: readonly Struct[]) =>
              rows.map(row => Buffer.from(converter.serialize('t', row.schema, row)!).toString('latin1'));
            assert.deepEqual(written(unread), written(read));
            assert.deepEqual(unread.map(plain), read.map(plain));
          }),
          { numRuns: statementsPerType, endOnFailure: true },
        );
        await database.run(`drop table ${table}`);
      });
    }
  });
}
