import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../../support/fresh-database.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { jdbcUrl } from '../sinks/views/views-target.ts';
import { healsTarget } from './healed-target.ts';
import type { Item } from './item-records.ts';

for (const tracking of ['partition', 'key'])
  test(`a replay heals rows in Postgres, with version.tracking=${tracking}`, { timeout: 240_000 }, async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const { client } = database;
    await client.query('create table items (id int primary key, n int, name text)');
    await healsTarget({
      config: () => ({
        'connector.class': 'jdbc',
        'connection.url': jdbcUrl(database.url),
        'insert.mode': 'upsert',
        'primary.key.mode': 'record_key',
        'delete.enabled': 'true',
        'collection.name.format': 'items',
        'version.tracking': tracking,
        'tasks.max': '2',
      }),
      items: async () => (await client.query<Item>('select id, n, name from items')).rows,
      async damage() {
        await client.query("update items set name = 'wrong' where id in (1, 2)");
        await client.query('delete from items where id = 3');
        await client.query("insert into items values (5, 3, 'back')");
      },
    });
    assert.equal((await client.query('select 1 from items')).rowCount, 32);
  });
