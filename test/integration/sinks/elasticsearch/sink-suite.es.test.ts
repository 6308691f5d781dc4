import { after, before } from 'node:test';
import { type SuiteRow, sinkSuite } from '../../../conformance/sink-suite/index.ts';
import { type ElasticsearchServer, startElasticsearch } from '../../../services/elasticsearch.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../../support/elasticsearch.ts';

let server: ElasticsearchServer;
let reader: ElasticsearchReader;

before(async () => {
  server = await startElasticsearch();
  reader = new ElasticsearchReader(server.url);
});
after(() => server[Symbol.asyncDispose]());

sinkSuite('elasticsearch', {
  make: async () =>
    elasticsearchTask({
      'connection.url': server.url,
      'behavior.on.null.values': 'delete',
      'truncate.enabled': 'true',
      'index.settings': '{"number_of_replicas": 0}',
      // A row whose amount cannot be indexed is refused: see `refused`.
      'index.mappings': '{"properties": {"amount": {"type": "long"}, "name": {"type": "keyword", "ignore_above": 100000}}}',
      'max.retries': '1',
      'read.timeout.ms': '30000',
    }),
  async state(topic) {
    const rows = (await reader.documents(topic)).map(({ _source }) => _source as SuiteRow);
    return new Map(rows.map(row => [row.id, row]));
  },
  away: { begin: () => server.stopImmediately(), end: () => server.start() },
  // Lucene takes no term of more than 32,766 bytes.
  refused: id => ({ id, name: 'x'.repeat(40_000), amount: 1 }),
  truncates: true,
  forget: () => reader.forgetDeletes('suite*'),
});
