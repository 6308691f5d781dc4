import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { ColumnReader } from '../../connectors/postgres/column.ts';
import { createColumnReader } from '../../connectors/postgres/values/column-reader.ts';
import { loadTypeCatalog, type TypeCatalog } from '../../connectors/postgres/values/type-catalog.ts';
import { defaultValueOptions } from '../../connectors/postgres/values/value-options.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { type Oracle, oracles } from './postgres-oracles.ts';

const asText = { getTypeParser: () => (text: string) => text };
/** Values in one query. */
const valuesPerQuery = 200;
const queriesPerType = 5;

describe('values read from the server’s text are what the server says they are', () => {
  let database: FreshDatabase;
  let types: TypeCatalog;
  before(async () => {
    database = await freshDatabase(await sharedPostgres(18));
    await database.run(`create extension if not exists hstore;
      set datestyle to iso; set intervalstyle to postgres; set timezone to utc; set extra_float_digits to 3; set lc_monetary to 'C'`);
    types = await loadTypeCatalog(async sql => (await database.client.query(sql)).rows);
  });
  after(() => database[Symbol.asyncDispose]());

  /** A reader as the catalog's own column of the type gives it. */
  async function readerOf({ type, options = {} }: Oracle): Promise<ColumnReader> {
    await database.run(`drop table if exists oracle; create table oracle(v ${type})`);
    const { rows } = await database.client.query(
      `select atttypid::int8::float8 as "typeOid", atttypmod as "typeModifier" from pg_attribute where attrelid = 'oracle'::regclass and attnum = 1`,
    );
    const column = { name: 'v', ...rows[0], notNull: false, defaultExpression: null, generated: false };
    const reader = createColumnReader(column, types, { ...defaultValueOptions, ...options });
    assert.ok(reader, `a reader of ${type}`);
    return reader;
  }

  for (const oracle of oracles)
    test(oracle.type, async () => {
      const reader = await readerOf(oracle);
      const literals = fc.array(oracle.literal, { minLength: valuesPerQuery, maxLength: valuesPerQuery });
      await fc.assert(
        fc.asyncProperty(literals, async values => {
          await database.client.query(`truncate oracle; insert into oracle values ${values.map(value => `(${value})`).join()}`);
          const { rows } = await database.client.query<[string, string]>({
            text: `select v, ${oracle.sql} from oracle`,
            rowMode: 'array',
            types: asText,
          });
          for (const [text, expected] of rows) {
            const bytes = Buffer.from(`<${text}>`, 'utf8');
            const shown = oracle.shown(reader.read(bytes, 1, bytes.length - 1));
            if (oracle.tolerance === undefined) assert.equal(shown, expected, `the text ${text}`);
            else assert.ok(Math.abs(Number(shown) - Number(expected)) <= oracle.tolerance, `the text ${text}: ${shown}, not ${expected}`);
          }
          assert.equal(rows.length, values.length);
        }),
        { numRuns: queriesPerType, endOnFailure: true },
      );
    });
});
