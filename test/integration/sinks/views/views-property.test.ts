import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sourceTables, tableNames } from './random-shop.ts';
import { shopSelects, shopViews } from './shop-views.ts';
import { viewsEqualSelects } from './views-equal-selects.ts';
import { viewsSinkOf } from './views-target.ts';

export const viewKeys = { customer_orders: ['customer_id'], status_totals: ['region', 'status'], big_orders: ['order_id'] };

for (const seed of [1, 2, 3, 4])
  test(`SQLite: after random changes every view equals its select (seed ${seed})`, async () => {
    using scratch = new ScratchFolder('views-property');
    const file = scratch.file('views.db');
    assert.deepEqual(Object.keys(shopSelects), Object.keys(viewKeys));
    await viewsEqualSelects(
      {
        make: () => viewsSinkOf({ 'connection.url': `jdbc:sqlite:${file}`, views: shopViews }),
        async view(name) {
          using database = new DatabaseSync(file, { readOnly: true });
          return database.prepare(`select * from ${name}`).all();
        },
        async oracle(select, rows) {
          using database = new DatabaseSync(':memory:');
          for (const table of tableNames) {
            const columns = Object.keys(sourceTables[table].columns);
            database.exec(`create table ${table} (${columns.join(', ')})`);
            const insert = database.prepare(`insert into ${table} values (${columns.map(() => '?').join(', ')})`);
            for (const row of rows.get(table)!.values()) insert.run(...columns.map(column => row[column] ?? null));
          }
          return database.prepare(select).all();
        },
      },
      shopSelects,
      viewKeys,
      seed,
    );
  });
