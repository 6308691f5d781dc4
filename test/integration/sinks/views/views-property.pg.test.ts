import { test } from 'node:test';
import pg from 'pg';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { sourceTables, tableNames } from './random-shop.ts';
import { shopSelects, shopViews } from './shop-views.ts';
import { viewsEqualSelects } from './views-equal-selects.ts';
import { jdbcUrl, viewsSinkOf } from './views-target.ts';

const viewKeys = { customer_orders: ['customer_id'], status_totals: ['region', 'status'], big_orders: ['order_id'] };
const types = { int64: 'bigint', int32: 'integer', string: 'text' } as Readonly<Record<string, string>>;

for (const seed of [11, 12, 13])
  test(`Postgres: after random changes every view equals its select (seed ${seed})`, async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const { client } = database;
    await viewsEqualSelects(
      {
        make: () => viewsSinkOf({ 'connection.url': jdbcUrl(database.url), views: shopViews }),
        view: async name => (await client.query(`select * from public.${name}`)).rows,
        async oracle(select, rows) {
          await client.query('begin; create schema source; set local search_path to source');
          for (const table of tableNames) {
            const columns = Object.entries(sourceTables[table].columns);
            await client.query(`create table ${table} (${columns.map(([name, { type }]) => `${name} ${types[type]}`).join(', ')})`);
            for (const row of rows.get(table)!.values()) {
              const values = columns.map(([name]) => (row[name] === null ? 'null' : pg.escapeLiteral(String(row[name]))));
              await client.query(`insert into ${table} values (${values.join(', ')})`);
            }
          }
          const { rows: found } = await client.query(select);
          await client.query('rollback');
          return found;
        },
      },
      shopSelects,
      viewKeys,
      seed,
    );
  });
