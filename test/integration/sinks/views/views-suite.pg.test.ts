import { after, before } from 'node:test';
import { type SuiteRow, sinkSuite } from '../../../conformance/sink-suite/index.ts';
import { type PostgresServer, startPostgres } from '../../../services/postgres.ts';
import { connectTo } from '../../../support/fresh-database.ts';
import { rowsView } from './rows-view.ts';
import { jdbcUrl, viewsSinkOf } from './views-target.ts';

let server: PostgresServer;

before(async () => {
  server = await startPostgres({ version: 18 });
});
after(() => server?.[Symbol.asyncDispose]());

sinkSuite('views in Postgres', {
  async make(topic) {
    return viewsSinkOf({ 'connection.url': jdbcUrl(server.url), views: rowsView(topic), 'rows.schema': `rows_${topic}` });
  },
  async state(topic) {
    await using client = await connectTo(server.url);
    const { rows } = await client.query<SuiteRow>(`select id, name, amount::int as amount from view_of_${topic}`);
    return new Map(rows.map(row => [row.id, row]));
  },
  refused: id => ({ id, name: 'no number', amount: 666 }),
  away: { begin: () => server.stop(), end: () => server.start() },
});
