import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfigText } from '../../../../src/config/document.ts';
import { schemas } from '../../../../src/contract/index.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../../support/elasticsearch.ts';
import { sharedElasticsearch } from '../../../support/servers.ts';
import { live, never, Rows } from './rows.ts';

const page = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'sinks', 'elasticsearch.md');

test('the example of docs/sinks/elasticsearch.md does what it says', async () => {
  const { url } = await sharedElasticsearch();
  const reader = new ElasticsearchReader(url);
  const yaml = /```yaml\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
  const [document] = parseConfigText('search.yaml', yaml);
  const options = Object.fromEntries([...document!.entries].map(([name, value]) => [name.replace(/^config\./, ''), value]));
  assert.equal(options['connector.class'], 'elasticsearch');
  const { name: _, 'connector.class': __, topics, ...own } = options;
  // Names of this test's own, on a server that it shares.
  const alias = `${own['index.name']}-${process.pid}`;
  await using sink = elasticsearchTask({ ...own, 'read.timeout.ms': '60000', 'connection.url': url, 'index.name': alias, topics: topics! });
  assert.deepEqual(
    (await sink.check(never)).filter(({ status }) => status === 'fault'),
    [],
  );
  const rows = new Rows(
    [
      ['email', schemas.optionalString],
      ['name', schemas.optionalString],
    ],
    topics,
  );
  await sink.assign!({ group: 'connect-search', generation: 1, partitions: [{ topic: topics!, partition: 0, era: 1 }] }, never);
  await sink.write(live(rows.upsert(1, ['ada@example.com', 'Ada']), rows.upsert(2, ['bob@example.com', 'Bob']), rows.delete(2)), never);
  assert.deepEqual(
    (await reader.documents(alias)).map(({ _source }) => _source),
    [{ id: 1, email: 'ada@example.com', name: 'Ada' }],
  );
  const properties = await reader.properties(`${alias}-v1`);
  assert.deepEqual([properties['email']?.['type'], properties['name']?.['type']], ['keyword', 'text']);
});
