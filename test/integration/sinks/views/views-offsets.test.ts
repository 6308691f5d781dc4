import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ConnectClient, type RestError } from '../../../support/connect-client.ts';
import { newDaemon } from '../../../support/daemon.ts';
import { until } from '../../../support/until.ts';
import { seedEmbedded } from '../../sink-runtime/seeded.ts';

const views = `tables:
  counted: { topic: counted, key: id, columns: { id: bigint, n: integer } }
views:
  latest:
    key: id
    from: { counted: id }
    select: select id, n from counted
`;

test('offsets set by REST count, although the target keeps its own', { timeout: 180_000 }, async () => {
  await using daemon = await newDaemon({});
  await seedEmbedded(daemon, { topic: 'counted', partitions: 2, keys: 10, perKey: 3 });
  await daemon.start();
  const file = join(daemon.dataFolder, 'views.db');
  const rest = new ConnectClient(daemon.url);
  await rest.putConfig('views', {
    'connector.class': 'views',
    topics: 'counted',
    'connection.url': `jdbc:sqlite:${file}`,
    views,
    'key.converter': 'json',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'json',
    'value.converter.schemas.enable': 'false',
  });
  const applied = () =>
    until(
      () =>
        rest.call('GET', '/connectors/views/wait?timeout=20000').then(
          () => true,
          (error: RestError) => {
            if (error.status === 503) return false;
            throw error;
          },
        ),
      { what: `all to be applied\n${daemon.log()}`, timeoutMs: 60_000 },
    );
  const ask = (sql: string) => {
    using database = new DatabaseSync(file, { timeout: 20_000 });
    return database.prepare(sql).all() as readonly Record<string, unknown>[];
  };
  const ids = () => ask('select id from latest order by id').map(({ id }) => id);
  await applied();
  assert.deepEqual(ids(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

  // What somebody has lost there comes back where the log is read again: the even keys are in partition 0.
  await rest.stop('views');
  ask('delete from _rows_counted');
  ask('delete from latest');
  const partition = { kafka_topic: 'counted', kafka_partition: 0 };
  await rest.call('PATCH', '/connectors/views/offsets', { offsets: [{ partition, offset: { kafka_offset: 0 } }] });
  await rest.resume('views');
  await applied();
  assert.deepEqual(ids(), [0, 2, 4, 6, 8]);

  await rest.stop('views');
  await rest.call('DELETE', '/connectors/views/offsets');
  await rest.resume('views');
  await applied();
  assert.deepEqual(ids(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
