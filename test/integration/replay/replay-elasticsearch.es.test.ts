import { before, test } from 'node:test';
import { ElasticsearchReader } from '../../support/elasticsearch.ts';
import { sharedElasticsearch } from '../../support/servers.ts';
import { healsTarget } from './healed-target.ts';
import type { Item } from './item-records.ts';

let reader: ElasticsearchReader;

before(async () => {
  reader = new ElasticsearchReader((await sharedElasticsearch()).url);
});

test('a replay heals documents that somebody else has written, whose versions that has raised', { timeout: 240_000 }, () =>
  healsTarget({
    config: () => ({
      'connector.class': 'elasticsearch',
      'connection.url': reader.url,
      'behavior.on.null.values': 'delete',
      'schema.ignore': 'true',
      'connection.timeout.ms': '60000',
      'read.timeout.ms': '60000',
      'index.settings': '{"number_of_replicas": 0}',
    }),
    items: async topic => (await reader.documents(topic)).map(({ _source }) => _source as Item),
    async damage(topic) {
      await reader.succeed('POST', `/${topic}/_update/1`, { doc: { name: 'wrong' } });
      // More than once: its version is beyond the log's next records.
      for (let n = 0; n < 60; n++) await reader.succeed('PUT', `/${topic}/_doc/2`, { id: 2, n, name: 'wrong' });
      await reader.succeed('DELETE', `/${topic}/_doc/3`);
      await reader.succeed('PUT', `/${topic}/_doc/5`, { id: 5, n: 3, name: 'back' });
    },
  }),
);
