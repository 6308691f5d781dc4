import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { healsTarget } from './healed-target.ts';
import type { Item } from './item-records.ts';

// Each leaves another record of a delete to the sink: the latest that reaches it counts, and not the latest in the log.
for (const mode of ['tombstone', 'rewrite', 'delete-to-tombstone'])
  test(`a replay goes through the connector's transforms: deletes that are unwrapped with ${mode}`, { timeout: 240_000 }, async () => {
    using scratch = new ScratchFolder('replay-transforms');
    using database = new DatabaseSync(scratch.file('copy.db'), { timeout: 10_000 });
    database.exec('create table items (id integer primary key, n integer, name text, __deleted text)');
    await healsTarget({
      config: () => ({
        'connector.class': 'jdbc',
        'connection.url': `jdbc:sqlite:${scratch.file('copy.db')}`,
        'insert.mode': 'upsert',
        'primary.key.mode': 'record_key',
        'delete.enabled': 'true',
        'collection.name.format': 'items',
        transforms: 'unwrap',
        'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
        'transforms.unwrap.delete.tombstone.handling.mode': mode,
      }),
      items: async () =>
        database
          .prepare('select id, n, name from items')
          .all()
          .map(row => ({ ...row }) as Item),
      async damage() {
        database.exec("update items set name = 'wrong' where id in (1, 2); delete from items where id = 3");
        database.exec("insert into items (id, n, name) values (5, 3, 'back')");
      },
    });
  });
